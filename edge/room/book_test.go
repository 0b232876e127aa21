package room

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

// books is the Recorder of every node of a test's network, and what a store
// makes of all their records together.
type books struct {
	t     *testing.T
	delay time.Duration // until a record is on disk

	mu     sync.Mutex
	broken bool // disks never answer
	by     map[geo.NodeID][]record.Record
	placed []string
}

func newBooks(t *testing.T) *books {
	return &books{t: t, delay: 5 * time.Millisecond, by: map[geo.NodeID][]record.Record{}}
}

// book is one node's part.
type book struct {
	*books
	node geo.NodeID
}

func (b book) Record(done func(error), records ...record.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range records {
		if err := record.Check(r); err != nil {
			b.t.Errorf("%s: %v", b.node, err)
		}
	}
	b.by[b.node] = append(b.by[b.node], records...)
	if done != nil && !b.broken {
		time.AfterFunc(b.delay, func() { done(nil) })
	}
}

func (b book) Placed(p Placement) { b.note("placed", p) }
func (b book) Over(p Placement)   { b.note("over", p) }

func (b book) note(what string, p Placement) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Session == "" || p.Company != "acme" || p.Node != b.node || p.Epoch.Node != b.node {
		b.t.Errorf("%s %s %+v", b.node, what, p)
	}
	b.placed = append(b.placed, fmt.Sprintf("%s %s@%d", what, p.Node, p.Epoch.Provisional))
}

func (b *books) setBroken(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = on
}

func (b *books) placements() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.placed, ", ")
}

// all is the records of all nodes but some whose disks are gone.
func (b *books) all(without ...geo.NodeID) []record.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []record.Record
	for _, node := range slices.Sorted(maps.Keys(b.by)) {
		if !slices.Contains(without, node) {
			out = append(out, b.by[node]...)
		}
	}
	return out
}

// stay is a presence as records in any order give it.
type stay struct {
	peer        string
	joined, end time.Time
	reason      record.Reason
	tick        time.Time
}

// sessionRecords is what records say of one session.
type sessionRecords struct {
	opened, closed time.Time
	stays          map[string]*stay
	chat           map[string]string
}

// fold follows the rules of the record package.
func fold(records []record.Record) map[string]*sessionRecords {
	out := map[string]*sessionRecords{}
	at := func(l record.Live) *sessionRecords {
		s := out[l.Session]
		if s == nil {
			s = &sessionRecords{stays: map[string]*stay{}, chat: map[string]string{}}
			out[l.Session] = s
		}
		return s
	}
	of := func(l record.Live, presence, peer string) *stay {
		s := at(l).stays[presence]
		if s == nil {
			s = &stay{peer: peer}
			at(l).stays[presence] = s
		}
		return s
	}
	for _, r := range records {
		switch r := r.(type) {
		case *record.Opened:
			s := at(r.Live)
			if s.opened.IsZero() || r.At.Before(s.opened) {
				s.opened = r.At
			}
		case *record.Closed:
			s := at(r.Live)
			if r.At.After(s.closed) {
				s.closed = r.At
			}
		case *record.Joined:
			s := of(r.Live, r.Presence, r.Peer)
			if s.joined.IsZero() || r.At.Before(s.joined) {
				s.joined = r.At
			}
		case *record.Left:
			s := of(r.Live, r.Presence, r.Peer)
			if more := r.Reason.Rank() - s.reason.Rank(); more > 0 || more == 0 && r.At.Before(s.end) {
				s.end, s.reason = r.At, r.Reason
			}
		case *record.Tick:
			s := of(r.Live, r.Presence, r.Peer)
			if r.At.After(s.tick) {
				s.tick = r.At
			}
		case *record.Chat:
			at(r.Live).chat[r.Message] = r.Text
		}
	}
	return out
}

// complete fails unless every session is opened and closed, every presence in
// them has a beginning and one end, and every message is in one session.
func complete(t *testing.T, records []record.Record) {
	t.Helper()
	messages := map[string]string{}
	for id, s := range fold(records) {
		if s.opened.IsZero() || s.closed.Before(s.opened) {
			t.Errorf("session %s opened %v, closed %v", id, s.opened, s.closed)
		}
		for presence, p := range s.stays {
			if p.joined.IsZero() || p.reason == "" || p.end.Before(p.joined) {
				t.Errorf("presence %s in session %s: %+v", presence, id, *p)
			}
		}
		for m := range s.chat {
			if other, ok := messages[m]; ok {
				t.Errorf("message %s is in sessions %s and %s", m, id, other)
			}
			messages[m] = id
		}
	}
}

// orderly fails where somebody is there twice at a time, in whatever session:
// only a partition can do that.
func orderly(t *testing.T, records []record.Record) {
	t.Helper()
	peers := map[string][]*stay{}
	for _, s := range fold(records) {
		for _, p := range s.stays {
			peers[p.peer] = append(peers[p.peer], p)
		}
	}
	for peer, stays := range peers {
		slices.SortFunc(stays, func(a, b *stay) int { return a.joined.Compare(b.joined) })
		for i := range stays[1:] {
			if stays[i+1].joined.Before(stays[i].end) || stays[i].tick.After(stays[i].end) {
				t.Errorf("%s is there twice: %+v and %+v", peer, *stays[i], *stays[i+1])
			}
		}
	}
}

// ends lists who was there and how it ended, by joining.
func ends(records []record.Record) string {
	var all []*stay
	for _, s := range fold(records) {
		all = slices.AppendSeq(all, maps.Values(s.stays))
	}
	slices.SortFunc(all, func(a, b *stay) int {
		if c := a.joined.Compare(b.joined); c != 0 {
			return c
		}
		return strings.Compare(a.peer, b.peer)
	})
	var out []string
	for _, s := range all {
		reason := string(s.reason)
		if reason == "" {
			reason = "there"
		}
		out = append(out, s.peer+":"+reason)
	}
	return strings.Join(out, " ")
}
