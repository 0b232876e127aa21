package edge

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/geo"
)

// roster is a client's view of who is in the room, as far as everybody is told: a
// snapshot and the events after it, some of which may come before the snapshot does.
type roster struct {
	mu     sync.Mutex
	begun  bool
	early  [][]room.Event
	byPeer map[string]*room.Person // shared with the other rosters of the room here
	heirs  map[string]string       // tracks that took others' places, by those
}

// begin takes the snapshot, then what came before it.
func (r *roster) begin(s room.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byPeer == nil { // else a reset, which is newer, came first
		r.take(s)
	}
	for _, events := range r.early {
		r.apply(events)
	}
	r.early, r.begun = nil, true
}

// update applies events; it says whether the roster has begun.
func (r *roster) update(events []room.Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun {
		r.early = append(r.early, events)
		return false
	}
	r.apply(events)
	return true
}

// reset replaces the roster; it says whether the roster has begun.
func (r *roster) reset(s room.Snapshot) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.early = nil
	r.take(s)
	return r.begun
}

func (r *roster) take(s room.Snapshot) {
	next := make(map[string]*room.Person, len(s.People))
	for i := range s.People {
		r.pass(&s.People[i])
		next[s.People[i].PeerID] = &s.People[i]
	}
	r.byPeer = next
}

// pass notes whose tracks go on as others. The caller holds r.mu.
func (r *roster) pass(p *room.Person) {
	old := r.byPeer[p.PeerID]
	if old == nil || old.Attachment == p.Attachment {
		return
	}
	for kind, id := range old.Tracks {
		if heir, ok := p.Tracks[kind]; ok && heir != id {
			if r.heirs == nil {
				r.heirs = map[string]string{}
			}
			r.heirs[id] = heir
		}
	}
}

// passed is which tracks took others' places since it was asked last.
func (r *roster) passed() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	heirs := r.heirs
	r.heirs = nil
	return heirs
}

func (r *roster) apply(events []room.Event) {
	for _, e := range events {
		switch {
		case e.Kind == room.EventLeave, e.Kind == room.EventCounted:
			delete(r.byPeer, e.PeerID)
		case e.Person != nil:
			r.pass(e.Person)
			r.byPeer[e.Person.PeerID] = e.Person
		}
	}
}

// people lists who is there, in the order in which they joined.
func (r *roster) people() []room.Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(r.all(), func(x, y room.Person) int {
		return cmp.Compare(x.Ordinal, y.Ordinal)
	})
}

// others is people without one attachment's.
func (r *roster) others(attachment string) []room.Person {
	return slices.DeleteFunc(r.people(), func(p room.Person) bool { return p.Attachment == attachment })
}

// live is tracksOf of those who are there.
func (r *roster) live(self string) map[string]geo.NodeID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return tracksOf(r.all(), self)
}

// all is the people in no order. The caller holds r.mu.
func (r *roster) all() iter.Seq[room.Person] {
	return func(yield func(room.Person) bool) {
		for _, p := range r.byPeer {
			if !yield(*p) {
				return
			}
		}
	}
}

// tracksOf says for each published track on which node it is, but for those of
// one attachment.
func tracksOf(people iter.Seq[room.Person], self string) map[string]geo.NodeID {
	out := map[string]geo.NodeID{}
	for p := range people {
		if p.Attachment == self {
			continue
		}
		for _, id := range p.Tracks {
			out[id] = p.Node
		}
	}
	return out
}
