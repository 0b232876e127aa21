package scenario

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// devices waits until all pages of a matrix show the same of what somebody has on.
func (m *matrix) devices(peer string, want signal.Media) {
	m.t.Helper()
	m.Wait(fmt.Sprintf("%s has on %+v", peer, want), func() error {
		for who, c := range m.people {
			if got := c.State().People[peer].Media; got != want {
				return fmt.Errorf("%s knows %+v", who, got)
			}
		}
		return nil
	})
}

// switches has somebody switch devices, and waits until all pages show it.
func (m *matrix) switches(peer string, on, want signal.Media) {
	m.t.Helper()
	m.must(m.people[peer].SetMedia(on))
	m.facts("")
	m.devices(peer, want)
}

// TestEverybodysDevicesOff: at both nodes, and not those of who moderates.
// Covers F-091.
func TestEverybodysDevicesOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMatrix(t)
		m.switches("mod", both, both)
		m.done("mute", "", "mic")
		for _, peer := range []string{"reg", "ann", "kim", "bob"} {
			m.devices(peer, signal.Media{Camera: true})
		}
		m.devices("obs", signal.Media{})
		m.devices("mod", both)
		m.switches("ann", both, both) // they may go on
		m.done("mute", "", "camera")
		for _, peer := range []string{"reg", "kim", "bob"} {
			m.devices(peer, signal.Media{})
		}
		m.devices("ann", signal.Media{Mic: true})
		m.devices("mod", both)
		for who, c := range m.people {
			h := c.State().People["reg"].Hushed
			switch knows := h.Mic != nil && h.Mic.By == "mod" && h.Camera != nil && h.Camera.By == "mod"; {
			case (who == "reg" || who == "mod") && !knows:
				t.Errorf("%s does not know who switched off: %+v", who, h)
			case who != "reg" && who != "mod" && h != (signal.Hushed{}):
				t.Errorf("%s, whom it does not concern, is told who switched off: %+v", who, h)
			}
		}
	})
}

// TestConfiguredMuteModes: of the company, and of a room that has its own. Who is
// muted for good is not heard, whatever they send and say.
// Covers F-092.
func TestConfiguredMuteModes(t *testing.T) {
	const quiet, lecture = "q&a", "presentation"
	for _, c := range []struct {
		company, room  string
		begins, speaks bool
	}{
		{"", "", true, true},
		{quiet, "", false, true},
		{lecture, "conversation", true, true},
		{"", lecture, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &stage{room: newRoom(t, 46), viewers: map[string]*client.Client{}}
			if c.company != "" {
				s.tenant("iad", "PATCH", "", object{"settings": object{"mute_mode": c.company}}, nil)
			}
			configured := object{"public_id": "hall", "open": true}
			if c.room != "" {
				configured["settings"] = object{"mute_mode": c.room}
			}
			s.tenant("iad", "POST", "/rooms", configured, nil)
			s.known()
			s.mod = s.Join("fra", "fra", client.Options{Room: "hall", Token: s.moderator(), Media: both, Video: 3, Audio: 3})
			s.viewers["fra"] = s.mod
			s.watch(s.mod)
			s.sender(client.Options{Name: "Ann", Peer: "ann"})
			if got := s.ann.Joined.Self.Media; got.Mic != c.begins || !got.Camera {
				t.Errorf("%+v: begins with %+v", c, got)
			}
			if got := s.mod.Joined.Self.Media; got != both {
				t.Errorf("%+v: the moderator begins with %+v", c, got)
			}
			sound := func(on bool) int {
				if on {
					return 1
				}
				return 0
			}
			if !c.begins && c.speaks { // and not told to unmute
				before, _ := s.heard("fra")
				s.flowsTo(s.mod)
				if now, _ := s.heard("fra"); now[1] != before[1] {
					t.Errorf("%+v: heard before unmuting", c)
				}
				s.must(s.ann.SetMedia(both))
				s.Wait("is unmuted", func() error {
					if p := s.mod.State().People["ann"]; p.Media != both {
						return fmt.Errorf("%+v", p.Media)
					}
					return nil
				})
			}
			s.reaches(fmt.Sprintf("%+v", c), 1, sound(c.speaks))
		})
	}
}

// TestAMeetingsOwnMuteMode: it comes before that of the room, at every node, also
// while the meeting overruns; the next meeting's takes its place, and mutes who is
// there when somebody comes in.
// Covers F-092.
func TestAMeetingsOwnMuteMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 47)
		var hall, user struct{ ID string }
		r.tenant("iad", "POST", "/rooms", object{"public_id": "hall", "open": true, "settings": object{"mute_mode": "q&a"}}, &hall)
		r.tenant("iad", "POST", "/users", object{"name": "Host"}, &user)
		at := func(after time.Duration) string { return time.Now().Add(after).UTC().Format(time.RFC3339) }
		r.tenant("iad", "POST", "/meetings", object{"room": hall.ID, "user": user.ID, "starts_at": at(-50 * time.Second), "duration_minutes": 1, "mute_mode": "conversation"}, nil)
		r.tenant("iad", "POST", "/meetings", object{"room": hall.ID, "user": user.ID, "starts_at": at(40 * time.Second), "mute_mode": "presentation"}, nil)
		r.known()
		comes := func(pop, name string, mic bool) *client.Client {
			t.Helper()
			c := r.Join(pop, pop, client.Options{Room: "hall", Name: name, Peer: name, Media: both})
			if got := c.Joined.Self.Media.Mic; got != mic {
				t.Errorf("%s begins with the microphone on: %t, and the rules %+v", name, got, c.Joined.Rules)
			}
			return c
		}
		ann := comes("fra", "ann", true)
		time.Sleep(20 * time.Second) // the first is over
		comes("syd", "bob", true)
		time.Sleep(25 * time.Second)
		comes("iad", "eve", false)
		r.Wait("the meeting is a lecture for Ann, too", func() error {
			s := ann.State()
			if s.Rules.MuteMode != "lecture" || s.People["ann"].Media.Mic || s.People["bob"].Media.Mic {
				return fmt.Errorf("%+v %+v", s.Rules, s.People)
			}
			return nil
		})
	})
}

// flowsTo waits until some seconds of picture have come.
func (s *stage) flowsTo(c *client.Client) {
	s.t.Helper()
	before := c.VideoSlot(0).Packets.Load()
	s.Wait("pictures flow", func() error {
		if n := c.VideoSlot(0).Packets.Load() - before; n < 60 {
			return fmt.Errorf("%d packets", n)
		}
		return nil
	})
}

// TestAskSwitchesNothingOn: whom a moderator asks is asked alone, and decides;
// hands go down; and who may share is the room's, at once and for forged requests.
// Covers F-099.
func TestAskSwitchesNothingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMatrix(t)
		off, sharing := signal.Media{}, signal.Media{Share: true, ShareAudio: true}
		m.switches("ann", off, off)
		for _, source := range []string{"mic", "camera", "share"} {
			m.done("ask", "ann", source)
		}
		m.facts("")
		for who, c := range m.people {
			want := "[]"
			if who == "ann" {
				want = "[mic camera share]"
			}
			if s := c.State(); fmt.Sprint(s.Asked) != want || s.People["ann"].Media != off {
				t.Errorf("%s was asked for %v, and sees %+v", who, s.Asked, s.People["ann"].Media)
			}
		}
		m.switches("ann", both, both)

		m.must(m.act("reg", "hand", "", true))
		m.done("lower", "ann", nil)
		m.hands("reg")
		m.done("lower", "", nil)
		m.hands()

		m.switches("ann", sharing, sharing)
		m.done("share", "", "moderators")
		m.devices("ann", off)
		m.switches("ann", sharing, off)
		m.switches("mod", sharing, sharing)
		m.done("share", "", "speakers")
		m.facts("")
		m.devices("ann", off) // nor is it on again by itself
		m.switches("ann", sharing, sharing)
	})
}

// hands waits until all pages show the hands of some raised, and of no one else.
func (m *matrix) hands(up ...string) {
	m.t.Helper()
	m.Wait(fmt.Sprintf("hands of %v are up", up), func() error {
		for who, c := range m.people {
			var got []string
			for peer, p := range c.State().People {
				if p.Hand != nil {
					got = append(got, peer)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(up) {
				return fmt.Errorf("%s sees those of %v", who, got)
			}
		}
		return nil
	})
}
