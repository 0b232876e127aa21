package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// stopsWithin is how long, beyond the way of the word, the packets of somebody who
// may not send any more reach anybody.
const stopsWithin = 200 * time.Millisecond

// stage is a room in which one person sends, and one at each POP looks on.
type stage struct {
	*room
	mod, ann *client.Client
	viewers  map[string]*client.Client // by POP, the moderator among them
	acts     int
}

func newStage(t *testing.T, seed uint64) *stage {
	t.Helper()
	s := &stage{room: newRoom(t, seed), viewers: map[string]*client.Client{}}
	proof := s.moderator()
	look := func(pop string, o client.Options) *client.Client {
		o.Room, o.Video, o.Audio = "hall", 3, 3
		c := s.Join(pop, pop, o)
		s.watch(c)
		s.viewers[pop] = c
		return c
	}
	s.mod = look("fra", client.Options{Token: proof})
	look("iad", client.Options{Name: "Ian"})
	look("syd", client.Options{Name: "Syd"})
	s.sender(client.Options{Name: "Ann", Peer: "ann"})
	s.reaches("everything", 1, 1)
	return s
}

// sender lets Ann in at iad, who sends whatever she is told.
func (s *stage) sender(o client.Options) {
	s.t.Helper()
	o.Room, o.Media, o.Video, o.Audio = "hall", both, 3, 3
	s.ann = s.Join("iad", "iad", o)
	s.Send(s.ann, client.Video{FPS: 15, PacketsPerFrame: 2, PayloadSize: 300})
}

// act has somebody ask the room for something.
func (s *stage) act(c *client.Client, verb, peer string, value any) error {
	s.acts++
	return c.Act(s.t.Context(), fmt.Sprint("a", s.acts), verb, peer, value)
}

func (s *stage) done(verb, peer string, value any) {
	s.t.Helper()
	if err := s.act(s.mod, verb, peer, value); err != nil {
		s.t.Fatalf("%s %s: %v", verb, peer, err)
	}
}

// heard counts the packets of picture and sound that a POP's viewer has got, and
// says when the last came.
func (s *stage) heard(pop string) (packets [2]int64, last [2]time.Time) {
	c := s.viewers[pop]
	for kind, mids := range [2][]string{c.Joined.Slots.Video, c.Joined.Slots.Audio} {
		for _, mid := range mids {
			packets[kind] += c.Slot(mid).Packets.Load()
			if at := time.Unix(0, c.Slot(mid).LastAt.Load()); at.After(last[kind]) {
				last[kind] = at
			}
		}
	}
	return packets, last
}

// reaches waits until picture (0) and sound (1) reach all viewers, or do not for
// seconds in which Ann asks for everything again and again.
func (s *stage) reaches(what string, picture, sound int) {
	s.t.Helper()
	want := [2]bool{picture > 0, sound > 0}
	before := map[string][2]int64{}
	for pop := range s.viewers {
		before[pop], _ = s.heard(pop)
	}
	for range 6 {
		time.Sleep(500 * time.Millisecond)
		if !want[0] || !want[1] {
			_ = s.ann.SetMedia(signal.Media{Mic: true, Camera: true, Share: true, ShareAudio: true})
		}
	}
	for pop := range s.viewers {
		now, _ := s.heard(pop)
		for kind, name := range [2]string{"picture", "sound"} {
			if got := now[kind] - before[pop][kind]; want[kind] != (got > 5) || !want[kind] && got != 0 {
				s.t.Errorf("%s: %d packets of %s at %s", what, got, name, pop)
			}
		}
	}
}

// stops has a moderator revoke something and measures until the last packet at
// every viewer.
func (s *stage) stops(verb, peer string, value any, kinds ...int) {
	s.t.Helper()
	home, began := s.oneHome(), time.Now()
	s.done(verb, peer, value)
	time.Sleep(2 * time.Second)
	for _, pop := range POPs {
		word := access + between("fra", home) + between(home, "iad") // to the node that Ann is at
		way := between("iad", pop) + access                          // what is on its way then
		_, last := s.heard(pop)
		for _, kind := range kinds {
			took := last[kind].Sub(began)
			s.t.Logf("%s %v: the last packet reaches %s after %v, %v of it the way", verb, value, pop, took, word+way)
			if took > word+way+stopsWithin {
				s.t.Errorf("%s: packets reach %s for %v", verb, pop, took)
			}
		}
	}
}

// TestForgedPublisherReachesNobody: somebody sends pictures and sound whatever
// they are told, and says that all of it is on.
// Covers F-088, F-090, F-094.
func TestForgedPublisherReachesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 41)
		s.stops("mute_mode", "", "lecture", 1)
		s.reaches("in a lecture", 1, 0)
		s.done("role", "ann", "moderator")
		s.must(s.ann.SetMedia(both))
		time.Sleep(2 * time.Second)
		s.reaches("as a moderator", 1, 1)
		s.stops("role", "ann", "regular", 1)
		s.reaches("demoted", 1, 0)
		s.done("mute_mode", "", "free")
		s.must(s.ann.SetMedia(both))
		time.Sleep(2 * time.Second)
		s.reaches("freely", 1, 1)

		s.stops("mute", "ann", "camera", 0)
		s.must(s.ann.SetMedia(signal.Media{Mic: true}))
		s.stops("mode", "ann", "viewer", 1)
		s.reaches("as a viewer", 0, 0)
		if m := s.viewers["syd"].State().People["ann"]; m.Media != (signal.Media{}) || len(m.Tracks) != 0 || m.Mode != "viewer" {
			t.Errorf("a viewer is listed as %+v", m)
		}
		s.done("mode", "ann", "speaker")
		s.must(s.ann.SetMedia(both))
		time.Sleep(2 * time.Second)
		s.reaches("again", 1, 1)

		s.stops("kick", "ann", nil, 0, 1)
		s.reaches("kicked", 0, 0)
		s.Wait("the kicked one is told", func() error {
			if e := s.ann.State().Ended; e == nil || e.Code != "kicked" {
				return fmt.Errorf("%+v", e)
			}
			return nil
		})
	})
}

// TestForgedActsDoNothing: whoever is no moderator asks for what only moderators
// may; and asks for what does not exist.
// Covers F-087, F-090.
func TestForgedActsDoNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 42)
		before := s.mod.State()
		for verb, value := range map[string]any{
			"mute": "mic", "ask": "mic", "lower": nil, "kick": nil, "block": nil, "role": "moderator", "mode": "viewer", "admit": nil, "reject": nil,
			"end": nil, "lock": true, "lobby": true, "mute_mode": "lecture", "share": "nobody", "chat": "nobody", "hands": "nobody", "bitrate": 30_000,
			"stage": signal.Stage{On: true}, "player": "https://play.example/",
		} {
			peer := ""
			if slices.Contains([]string{"mute", "ask", "kick", "block", "role", "mode"}, verb) {
				peer = s.mod.Joined.Peer
			}
			if err := s.act(s.ann, verb, peer, value); err == nil || !strings.Contains(err.Error(), string(signal.NotAllowed)) {
				t.Errorf("%s: %v", verb, err)
			}
		}
		if err := s.act(s.mod, "mute", "ann", "nose"); err == nil || !strings.Contains(err.Error(), "bad_message: value: ") {
			t.Error(err)
		}
		if err := s.act(s.mod, "kick", "nobody", nil); err == nil || !strings.Contains(err.Error(), "bad_message: peer_id: ") {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if now := s.mod.State(); now.Rules != before.Rules || !slices.Equal(roster(now), roster(before)) {
			t.Errorf("now %+v %q, before %+v %q", now.Rules, roster(now), before.Rules, roster(before))
		}
		s.must(s.act(s.ann, "hand", "", true))
		s.must(s.act(s.ann, "react", "", "👏"))
		s.done("ask", "ann", "share")
		s.Wait("all see the hand and the applause, and Ann alone is asked", func() error {
			for pop, c := range s.viewers {
				now := c.State()
				if now.People["ann"].Hand == nil || !slices.Equal(now.Reacted, []string{"ann 👏"}) || len(now.Asked) > 0 {
					return fmt.Errorf("%s: %+v", pop, now)
				}
			}
			if asked := s.ann.State().Asked; !slices.Equal(asked, []string{"share"}) {
				return fmt.Errorf("asked %v", asked)
			}
			return nil
		})
	})
}

// TestBlockedIsOutAtEveryPOP: by peer id and by ticket, wherever they try.
// Covers F-089, F-096, F-097.
func TestBlockedIsOutAtEveryPOP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 43)
		ticket := s.ann.Joined.Resume
		s.stops("block", "ann", nil, 0, 1)
		for _, pop := range POPs {
			for _, o := range []client.Options{{Name: "Ann", Peer: "ann"}, {Resume: ticket}} {
				o.Room = "hall"
				_, err := s.TryJoin("iad", pop, o)
				if refusal, ok := errors.AsType[*client.Refusal](err); !ok || refusal.Code != "blocked" && refusal.Code != signal.ResumeInvalid {
					t.Errorf("%+v at %s: %v", o, pop, err)
				}
			}
		}
		s.reaches("blocked", 0, 0)
		s.done("lock", "", true)
		_, err := s.TryJoin("syd", "syd", client.Options{Room: "hall", Name: "Late"})
		if refusal, ok := errors.AsType[*client.Refusal](err); !ok || refusal.Code != "locked" {
			t.Errorf("into a locked room: %v", err)
		}
		began := time.Now()
		_ = s.act(s.mod, "end", "", nil) // whose answer is the end
		s.Wait("all have left", func() error {
			for pop, c := range s.viewers {
				if e := c.State().Ended; e == nil || e.Code != signal.RoomClosed {
					return fmt.Errorf("%s: %+v", pop, e)
				}
			}
			return nil
		})
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the end took %v", took)
		}
	})
}

// asks has somebody ask to come in beside the test.
func (s *stage) asks(pop, name string) (waiting <-chan struct{}, result <-chan error) {
	wait, done := make(chan struct{}), make(chan error, 1)
	go func() {
		got, err := s.TryJoin(pop, pop, client.Options{Room: "hall", Name: name, Peer: name, Media: both, Video: 3, Audio: 3, Waiting: func() { close(wait) }})
		if err == nil {
			s.watch(got)
			s.viewers[name] = got
		}
		done <- err
	}()
	return wait, done
}

// TestLobbyGuestGetsNothing: who waits hears of nobody, is seen by moderators
// alone, and is in as soon as one of them says so.
// Covers F-093.
func TestLobbyGuestGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 44)
		s.done("lobby", "", true)
		waiting, gus := s.asks("syd", "gus")
		_, hal := s.asks("iad", "hal")
		<-waiting
		time.Sleep(30 * time.Second) // answers to pings are all they hear: the client fails on anything else
		s.Wait("the moderator sees both", func() error {
			var names []string
			for _, g := range s.mod.State().Lobby {
				names = append(names, g.Name)
			}
			if slices.Sort(names); !slices.Equal(names, []string{"gus", "hal"}) {
				return fmt.Errorf("%v", names)
			}
			return nil
		})
		for _, c := range []*client.Client{s.ann, s.viewers["syd"]} {
			if now := c.State(); len(now.Lobby) != 0 || len(now.People) != 4 {
				t.Errorf("who is no moderator sees %v and %d people", now.Lobby, len(now.People))
			}
		}
		select {
		case err := <-gus:
			t.Fatalf("in, or out, by nobody's word: %v", err)
		default:
		}
		began := time.Now()
		s.done("admit", "gus", nil)
		if err := <-gus; err != nil {
			t.Fatal(err)
		}
		t.Logf("media is connected %v after being admitted", time.Since(began))
		s.done("reject", "hal", nil)
		err := <-hal
		if refusal, ok := errors.AsType[*client.Refusal](err); !ok || refusal.Code != signal.Denied {
			t.Errorf("rejected: %v", err)
		}
		time.Sleep(2 * time.Second)
		s.reaches("with a guest", 1, 1)
		if waits := s.mod.State().Lobby; len(waits) != 0 {
			t.Errorf("%v still wait", waits)
		}
		s.done("role", "ann", "moderator")
		_, ida := s.asks("syd", "ida")
		s.Wait("a new moderator sees the lobby too", func() error {
			if waits := s.ann.State().Lobby; len(waits) != 1 {
				return fmt.Errorf("%v", waits)
			}
			return nil
		})
		s.must(s.act(s.ann, "admit", "", nil))
		if err := <-ida; err != nil {
			t.Error(err)
		}
	})
}
