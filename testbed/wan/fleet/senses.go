//go:build linux

package fleet

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

// places is how many others a person sees and hears.
const places = 4

// Kind is what is seen or heard.
type Kind int

// The kinds.
const (
	Audio Kind = iota
	Video
	kinds
)

// words of the kinds in a person's tracks.
var sources = [kinds]string{"mic", "camera"}

// senses measure, for each other person, the longest time without a packet, over
// moves of either.
type senses struct {
	slot  func(Kind, int) *client.Slot // of the attachment
	slots [kinds][]place
	gaps  [kinds]map[string]*standstill // by peer id
	seen  map[string]bool               // who was listed
	left  []string                      // who was, and is no more
}

// place is a slot and whom it shows.
type place struct {
	track, peer string
	since       int64 // LastAt when it began to: what came before is somebody else's
}

// standstill is the times between packets of one person.
type standstill struct {
	last    time.Time
	longest time.Duration
}

func (s *standstill) hear(at time.Time) {
	s.longest = max(s.longest, at.Sub(s.last))
	s.last = at
}

func newSenses() senses {
	s := senses{seen: map[string]bool{}}
	for k := range s.gaps {
		s.gaps[k] = map[string]*standstill{}
	}
	return s
}

// attach begins with the empty slots of a new attachment.
func (s *senses) attach(slot func(Kind, int) *client.Slot) {
	s.slot = slot
	for k := range s.slots {
		s.slots[k] = make([]place, places)
	}
}

// slotsOf are a client's.
func slotsOf(c *client.Client) func(Kind, int) *client.Slot {
	return func(k Kind, i int) *client.Slot {
		if k == Audio {
			return c.AudioSlot(i)
		}
		return c.VideoSlot(i)
	}
}

// assign gives tracks, by peer id, their places: one that has a place keeps it.
func (s *senses) assign(k Kind, tracks map[string]string) (changed bool) {
	slots := s.slots[k]
	for i, p := range slots {
		if p.track != "" && tracks[p.peer] != p.track {
			slots[i], changed = place{}, true
		}
	}
	for _, peer := range slices.Sorted(maps.Keys(tracks)) {
		free := slices.IndexFunc(slots, func(p place) bool { return p.track == "" })
		if free < 0 || slices.ContainsFunc(slots, func(p place) bool { return p.track == tracks[peer] }) {
			continue
		}
		slots[free], changed = place{tracks[peer], peer, s.slot(k, free).LastAt.Load()}, true
	}
	return changed
}

func (s *senses) chosen(k Kind) []string {
	out := make([]string, places)
	for i, p := range s.slots[k] {
		out[i] = p.track
	}
	return out
}

// listen looks at what has arrived.
func (s *senses) listen() {
	for k := range kinds {
		for i, p := range s.slots[k] {
			if at := s.slot(k, i).LastAt.Load(); p.peer != "" && at > p.since {
				g := s.gaps[k][p.peer]
				if g == nil {
					g = &standstill{last: time.Unix(0, at)}
					s.gaps[k][p.peer] = g
				}
				g.hear(time.Unix(0, max(at, g.last.UnixNano())))
			}
		}
	}
}

// note remembers who is listed, and who was and is not.
func (s *senses) note(self string, people []string) {
	for peer := range s.seen {
		if s.seen[peer] && !slices.Contains(people, peer) && peer != self {
			s.left = append(s.left, peer)
			s.seen[peer] = false
		}
	}
	for _, peer := range people {
		s.seen[peer] = true
	}
}

// sampling is how often a person looks for packets: a standstill is as much
// longer than it was, at most.
const sampling = 5 * time.Millisecond

// listen measures until the attachment is over.
func (p *Person) listen(ctx context.Context) {
	tick := time.NewTicker(sampling)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.mu.Lock()
			p.senses.listen()
			p.mu.Unlock()
		}
	}
}

// watch keeps the tracks of all others in the slots, as the page does.
func (p *Person) watch(ctx context.Context, c *client.Client) {
	_ = c.Until(ctx, "it is over", func(s client.State) bool {
		var tracks [kinds]map[string]string
		for k := range tracks {
			tracks[k] = map[string]string{}
			for peer, person := range s.People {
				if track := person.Tracks[sources[k]]; track != "" && peer != p.Peer {
					tracks[k][peer] = track
				}
			}
		}
		p.mu.Lock()
		p.senses.note(p.Peer, slices.Collect(maps.Keys(s.People)))
		a, v := p.senses.assign(Audio, tracks[Audio]), p.senses.assign(Video, tracks[Video])
		audio, video := p.senses.chosen(Audio), p.senses.chosen(Video)
		p.mu.Unlock()
		if a || v {
			_ = c.Subscribe(video, audio) // a socket that is gone is noticed elsewhere
		}
		return false
	})
}

// Mark begins a measurement: standstills and departures count from now on.
func (p *Person) Mark() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.senses.left = nil
	for k := range p.senses.gaps {
		for _, g := range p.senses.gaps[k] {
			g.longest = 0
		}
	}
}

// Standstill is the longest time without a packet of a kind from somebody since
// Mark, one that has not ended included; false where none ever came.
func (p *Person) Standstill(k Kind, peer string) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.senses.gaps[k][peer]
	if g == nil {
		return 0, false
	}
	return max(g.longest, time.Since(g.last)), true
}

// Since is how long ago the last packet of a kind came from somebody; false where
// none ever did.
func (p *Person) Since(k Kind, peer string) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.senses.gaps[k][peer]
	if g == nil {
		return 0, false
	}
	return time.Since(g.last), true
}

// SawLeave lists who was listed and then was not, since Mark.
func (p *Person) SawLeave() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.senses.left)
}
