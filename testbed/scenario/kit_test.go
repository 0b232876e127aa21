package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

var both = signal.Media{Mic: true, Camera: true}

// camera is enough to see gaps and order, and cheap to simulate.
var camera = client.Video{FPS: 6, PacketsPerFrame: 2, PayloadSize: 600, Frame: 60 * time.Millisecond}

// room is a network with one participant in each POP.
type room struct {
	*Network
	t      *testing.T
	people map[string]*client.Client // by POP
}

// enter makes somebody near a POP join through a POP and send.
func (r *room) enter(near, pop string, o client.Options) *client.Client {
	r.t.Helper()
	c, err := r.tryEnter(near, pop, o)
	if err != nil {
		r.t.Fatalf("join %s at %s: %v", o.Name, pop, err)
	}
	return c
}

func (r *room) tryEnter(near, pop string, o client.Options) (*client.Client, error) {
	o.Room, o.Media, o.Video, o.Audio = "hall", both, 3, 3
	c, err := r.TryJoin(near, pop, o)
	if err != nil {
		return nil, err
	}
	r.people[near] = c
	r.Send(c, camera)
	r.watch(c)
	return c, nil
}

// watch keeps the tracks of all others in a client's slots, as the page does: a
// track keeps its slot for as long as it is there.
func (r *room) watch(c *client.Client) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	r.t.Cleanup(func() { cancel(); wg.Wait() })
	video, audio := make([]string, len(c.Joined.Slots.Video)), make([]string, len(c.Joined.Slots.Audio))
	wg.Go(func() {
		_ = c.Until(ctx, "it is over", func(s client.State) bool {
			var cameras, mics []string
			for _, p := range s.People {
				if p.Peer != c.Joined.Peer && p.Tracks["camera"] != "" {
					cameras = append(cameras, p.Tracks["camera"])
				}
				if p.Peer != c.Joined.Peer && p.Tracks["mic"] != "" {
					mics = append(mics, p.Tracks["mic"])
				}
			}
			changedVideo, changedAudio := place(video, cameras), place(audio, mics)
			return (changedVideo || changedAudio) && c.Subscribe(video, audio) != nil
		})
	})
}

// place puts tracks into slots and says whether that changed anything.
func place(slots, tracks []string) (changed bool) {
	for i, track := range slots {
		if track != "" && !slices.Contains(tracks, track) {
			slots[i], changed = "", true
		}
	}
	for _, track := range tracks {
		if free := slices.Index(slots, ""); free >= 0 && !slices.Contains(slots, track) {
			slots[free], changed = track, true
		}
	}
	return changed
}

func newRoom(t *testing.T, seed uint64) *room {
	return &room{Start(t, seed), t, map[string]*client.Client{}}
}

// fullRoom makes a room in which everybody sends and gets everybody.
func fullRoom(t *testing.T, seed uint64) *room {
	t.Helper()
	r := newRoom(t, seed)
	for _, pop := range POPs {
		r.enter(pop, pop, client.Options{Name: pop})
	}
	for _, pop := range POPs {
		r.flows(pop, 2, 20)
	}
	return r
}

// others are the POPs but one.
func others(pop string) []string {
	return slices.DeleteFunc(slices.Clone(POPs), func(p string) bool { return p == pop })
}

// flows waits until at least so many video and audio slots of a client have each
// got so many packets more than now.
func (r *room) flows(pop string, slots int, packets int64) time.Duration {
	r.t.Helper()
	c := r.people[pop]
	count := func(mids []string) []int64 {
		var out []int64
		for _, mid := range mids {
			out = append(out, c.Slot(mid).Packets.Load())
		}
		return out
	}
	video, audio := count(c.Joined.Slots.Video), count(c.Joined.Slots.Audio)
	grown := func(before, now []int64) (n int) {
		for i := range now {
			if now[i] >= before[i]+packets {
				n++
			}
		}
		return n
	}
	return r.Wait(pop+" gets the media of the others", func() error {
		v, a := count(c.Joined.Slots.Video), count(c.Joined.Slots.Audio)
		if grown(video, v) < slots || grown(audio, a) < slots {
			return fmt.Errorf("video %v, was %v; audio %v, was %v", v, video, a, audio)
		}
		return nil
	})
}

// say writes into the chat of a client and waits until it is acknowledged.
func (r *room) say(pop, text string) {
	r.t.Helper()
	if err := r.trySay(pop, text); err != nil {
		r.t.Fatal(err)
	}
}

// trySay tries until the message is taken.
func (r *room) trySay(pop, text string) error {
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for try := 0; ; try++ {
		_, err := r.people[pop].Chat(ctx, fmt.Sprintf("%s/%d", text, try), text)
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// chat is what a client has heard, with the places of the messages.
func chat(s client.State) []string {
	var out []string
	for _, m := range s.Chat {
		out = append(out, fmt.Sprintf("%d %s %s", m.Seq, m.Name, m.Text))
	}
	return out
}

// roster is whom a client lists and in what state.
func roster(s client.State) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(s.People)) {
		p := s.People[id]
		out = append(out, fmt.Sprintf("%s %s@%s %s %v", id, p.Name, p.POP, p.State, slices.Sorted(maps.Values(p.Tracks))))
	}
	return out
}

// agree waits until the clients of all given POPs list the same people, n of
// them and all present, and the same chat with so many messages.
func (r *room) agree(pops []string, n, messages int) time.Duration {
	r.t.Helper()
	return r.Wait("all agree", func() error {
		first := r.people[pops[0]].State()
		for _, p := range first.People {
			if p.State != "present" {
				return fmt.Errorf("%s is %s", p.Name, p.State)
			}
		}
		if len(first.People) != n || len(first.Chat) != messages {
			return fmt.Errorf("%s knows %q and %q", pops[0], roster(first), chat(first))
		}
		for _, pop := range pops[1:] {
			s := r.people[pop].State()
			if !slices.Equal(roster(s), roster(first)) || !slices.Equal(chat(s), chat(first)) {
				return fmt.Errorf("%s knows %q and %q;\n%s knows %q and %q", pops[0], roster(first), chat(first), pop, roster(s), chat(s))
			}
		}
		return nil
	})
}

// gaps counts the breaks in the sequence numbers of all slots of a client, and
// the packets.
func (r *room) gaps(pop string) (gaps, packets int64) {
	c := r.people[pop]
	for _, mid := range slices.Concat(c.Joined.Slots.Video, c.Joined.Slots.Audio) {
		gaps += c.Slot(mid).Gaps.Load()
		packets += c.Slot(mid).Packets.Load()
	}
	return gaps, packets
}

// homes lists the POPs that lead a room.
func (r *room) homes() []string {
	r.t.Helper()
	var out []string
	for _, pop := range POPs {
		families, err := r.Edges[pop].Registry.Gather()
		if err != nil {
			r.t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "meridian_edge_room_rooms" && m.GetLabel()[0].GetValue() == "home" && m.GetGauge().GetValue() > 0 {
					out = append(out, pop)
				}
			}
		}
	}
	return out
}

// oneHome waits until exactly one POP leads the room.
func (r *room) oneHome() string {
	r.t.Helper()
	home := ""
	r.Wait("the room has one home", func() error {
		homes := r.homes()
		if len(homes) != 1 {
			return fmt.Errorf("homes %v", homes)
		}
		home = homes[0]
		return nil
	})
	return home
}
