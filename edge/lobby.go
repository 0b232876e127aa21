package edge

import (
	"slices"
	"sync"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// lobby is who waits, as one client is told it while it is a moderator's: the
// whole list whenever it changes. Others are told nothing.
type lobby struct {
	tell func([]room.Person)

	mu        sync.Mutex
	begun     bool // the client has the list it begins with
	known     bool // guests is the room's, rather than what came before the snapshot
	moderates bool
	guests    []room.Person
	early     []room.Event
}

// begin takes the snapshot, then what came before it, and returns what the client
// is to begin with.
func (l *lobby) begin(s room.Snapshot) []room.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known { // else a reset, which is newer, came first
		l.guests = slices.Clone(s.Lobby)
	}
	for _, e := range l.early {
		l.apply(e)
	}
	l.begun, l.known, l.early = true, true, nil
	if !l.moderates {
		return nil
	}
	return slices.Clone(l.guests)
}

// list is what a moderator's client should know; nil for others.
func (l *lobby) list() []room.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.moderates {
		return nil
	}
	return slices.Clone(l.guests)
}

// update applies events.
func (l *lobby) update(events []room.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := false
	for _, e := range events {
		if e.Kind != room.EventWait && e.Kind != room.EventWent {
			continue
		}
		changed = true
		if !l.begun {
			l.early = append(l.early, e)
			continue
		}
		l.apply(e)
	}
	if changed {
		l.say()
	}
}

func (l *lobby) apply(e room.Event) {
	peer := e.PeerID
	if e.Person != nil {
		peer = e.Person.PeerID
	}
	l.guests = slices.DeleteFunc(l.guests, func(g room.Person) bool { return g.PeerID == peer })
	if e.Kind == room.EventWait {
		l.guests = append(l.guests, *e.Person)
		slices.SortStableFunc(l.guests, func(a, b room.Person) int { return a.Claim.Compare(b.Claim) })
	}
}

// reset replaces the list.
func (l *lobby) reset(s room.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.guests, l.known, l.early = slices.Clone(s.Lobby), true, nil
	l.say()
}

// moderate says whether the client is a moderator's now.
func (l *lobby) moderate(is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if is != l.moderates {
		l.moderates = is
		l.say()
	}
}

// say tells the list. The caller holds l.mu, so that the last told is the last.
func (l *lobby) say() {
	if l.begun && l.moderates {
		l.tell(l.guests)
	}
}

func (a *attachment) tellLobby(waiting []room.Person) {
	a.out.Send(signal.Lobby{Type: "lobby", Waiting: a.node.guests(waiting)})
}
