package room

import (
	"context"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Brief is what is said of a live room to who only asks: a few numbers, however
// many people are in it.
type Brief struct {
	Opened time.Time `json:"opened"`         // the first person of the session came
	People int       `json:"people"`         // who is in it, viewers too; who waits is not
	Peer   bool      `json:"peer,omitempty"` // the one asked for is among them
}

// brief counts; nobody in it is no room.
func (s *State) brief(peer string) *Brief {
	if len(s.People) == 0 {
		return nil
	}
	_, in := s.People[peer]
	return &Brief{Opened: s.Opened, People: len(s.People), Peer: in}
}

// Brief says of a room what Find would, in short, and whether somebody of a peer
// id is in it. ErrNotFound means that nobody is in the room, as far as this node
// and those that it can reach know.
func (p *Plane) Brief(ctx context.Context, company, room, peer string) (Brief, error) {
	k := Key{company, room}
	if !k.valid() || !okID(peer) {
		return Brief{}, ErrInvalid
	}
	var out *Brief
	if p.copied(k, func(s *State) { out = s.brief(peer) }) {
		if out == nil {
			return Brief{}, ErrNotFound
		}
		return *out, nil
	}
	_, err := p.seekOut(k, "", func(to geo.NodeID) (bool, geo.NodeID, error) {
		r, err := p.ask(ctx, to, k, &whoMsg{Brief: true, Peer: peer})
		out = r.Brief
		return out != nil, r.Home, err
	})
	switch {
	case ctx.Err() != nil:
		return Brief{}, context.Cause(ctx)
	case out == nil:
		return Brief{}, ErrNotFound
	}
	return *out, err
}

// copied reports whether this node has a copy of the room, and has f read it.
func (p *Plane) copied(k Key, f func(*State)) (ok bool) {
	p.look(k.Company, k.Room, func(s *State) { ok = true; f(s) })
	return ok
}

// maxAsked bounds the nodes of one question.
const maxAsked = 5

// seekOut asks nodes that should know a room, each once, until one has the
// answer: first, if any, then the home that was announced here, the room's
// directory and those after it, and whom they name. The error is the last of
// nodes that did not answer.
func (p *Plane) seekOut(k Key, first geo.NodeID, ask func(geo.NodeID) (done bool, home geo.NodeID, err error)) (done bool, err error) {
	candidates := p.health.rank(k)
	if a, ok := p.homeOf(k); ok {
		candidates = slices.Insert(candidates, 0, a.home)
	}
	if first != "" {
		candidates = slices.Insert(candidates, 0, first)
	}
	asked := map[geo.NodeID]bool{p.cfg.Self: true}
	for len(candidates) > 0 && len(asked) <= maxAsked {
		to := candidates[0]
		candidates = candidates[1:]
		if asked[to] {
			continue
		}
		asked[to] = true
		done, home, failed := ask(to)
		switch {
		case done:
			return true, nil
		case failed != nil:
			err = failed
		case home != "":
			candidates = slices.Insert(candidates, 0, home)
		}
	}
	return false, err
}

// Reachable counts the living edge nodes that this one can reach, itself among
// them.
func (p *Plane) Reachable() int { return len(p.health.reachable()) }
