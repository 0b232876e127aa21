//go:build linux

package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Room is people who are in one.
type Room []*Person

// EnterEach lets somebody enter near each of the POPs, one after the other, and
// waits until all have all media.
func (f *Fleet) EnterEach(ctx context.Context, room string, pops ...string) (Room, error) {
	var r Room
	for i, pop := range pops {
		p, err := f.Enter(ctx, fmt.Sprintf("person-%d", i+1), pop, room)
		if err != nil {
			r.Leave()
			return nil, err
		}
		r = append(r, p)
	}
	return r, r.Flows(ctx)
}

// At are those who are attached to a POP.
func (r Room) At(pop string) (out Room) {
	for _, p := range r {
		if at, _ := p.At(); at == pop {
			out = append(out, p)
		}
	}
	return out
}

// Without are all but those.
func (r Room) Without(others Room) Room {
	return slices.DeleteFunc(slices.Clone(r), func(p *Person) bool { return slices.Contains(others, p) })
}

// Leave lets all leave.
func (r Room) Leave() {
	for _, p := range r {
		p.Leave()
	}
}

// Mark begins a measurement for all.
func (r Room) Mark() {
	for _, p := range r {
		p.Mark()
	}
}

// flowing is how new a packet must be for its track to flow.
const flowing = 300 * time.Millisecond

// Flows waits until everybody gets the media of all others.
func (r Room) Flows(ctx context.Context) error {
	return Until(ctx, "all media flow", func() error {
		for _, p := range r {
			for _, q := range r {
				if p == q {
					continue
				}
				for k := range kinds {
					if since, ok := p.Since(k, q.Peer); !ok || since > flowing {
						return fmt.Errorf("%s gets no %s of %s", p.Name, sources[k], q.Name)
					}
				}
			}
		}
		return nil
	})
}

// Agree waits until all list the same people, these, as present at the POPs where
// they are.
func (r Room) Agree(ctx context.Context) error {
	return Until(ctx, "all have one roster", func() error {
		want := map[string]string{}
		for _, p := range r {
			pop, _ := p.At()
			want[p.Peer] = "present at " + pop
		}
		for _, p := range r {
			have := map[string]string{}
			for peer, q := range p.Client().State().People {
				have[peer] = q.State + " at " + q.POP
			}
			if !maps.Equal(have, want) {
				return fmt.Errorf("%s lists %v, want %v (trouble: %v)", p.Name, have, want, p.Trouble())
			}
		}
		return nil
	})
}

// Home is the POP that led the room when the last of these joined.
func (r Room) Home() string {
	home, _, _ := strings.Cut(r[len(r)-1].Client().Joined.Room.Home, "-")
	return home
}

// Standstill is the longest of a kind between any two since Mark.
func (r Room) Standstill(k Kind) time.Duration { return r.Between(r, k) }

// Between is the longest standstill of a kind between any of these and any of
// others since Mark, either way.
func (r Room) Between(others Room, k Kind) (longest time.Duration) {
	for _, p := range r {
		for _, q := range others {
			if p == q {
				continue
			}
			here, _ := p.Standstill(k, q.Peer)
			there, _ := q.Standstill(k, p.Peer)
			longest = max(longest, here, there)
		}
	}
	return longest
}

// OneHome waits until exactly one POP leads a room, and returns it.
func (f *Fleet) OneHome(ctx context.Context) (home string, err error) {
	err = Until(ctx, "the room has one home", func() error {
		homes, err := f.Homes(ctx)
		if err == nil && len(homes) != 1 {
			err = fmt.Errorf("homes %v", homes)
		}
		if err == nil {
			home = homes[0]
		}
		return err
	})
	return home, err
}
