package scenario

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// moderator makes a token that makes its bearer one in the hall.
func (n *Network) moderator() string {
	n.t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	n.must(err)
	_, err = n.Control.Node.Propose(n.t.Context(), &state.PutSigningKey{KID: "scenario", PublicKey: public, Node: "control-1"})
	n.must(err)
	text, err := token.NewSigner("scenario", private).Mint(token.Claims{
		Company: control.DevCompany, Room: "hall", Name: "Mod", Role: "moderator", Expires: time.Now().Add(time.Hour),
	})
	n.must(err)
	time.Sleep(time.Second) // until every POP knows the key
	return text
}

// told waits until clients were told of a cap last, 0 if of none.
func (r *room) told(want int) {
	r.t.Helper()
	r.Wait(fmt.Sprintf("everybody is told of %d bit/s", want), func() error {
		for who, c := range r.people {
			if caps := c.State().Caps; len(caps) == 0 && want != 0 || len(caps) > 0 && caps[len(caps)-1] != want {
				return fmt.Errorf("%s was told %v", who, caps)
			}
		}
		return nil
	})
}

// TestRoomsBitrateIsCapped: a moderator bounds what everybody sends. All are told,
// also who comes late; a camera of one layer that goes on above the bound is
// forwarded on no POP, one within it is; sound goes on; and without the bound all
// is as before.
func TestRoomsBitrateIsCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 31)
		proof := r.moderator()
		loud := client.Video{FPS: 15, PacketsPerFrame: 3, PayloadSize: 900}   // 324 kbit/s, whatever it is told
		modest := client.Video{FPS: 10, PacketsPerFrame: 1, PayloadSize: 600} // 48 kbit/s
		enter := func(who, pop string, v client.Video, o client.Options) *client.Client {
			o.Room, o.Media, o.Video, o.Audio = "hall", both, 3, 3
			c := r.Join(pop, pop, o)
			r.people[who] = c
			r.Send(c, v)
			r.watch(c)
			return c
		}
		mod := enter("mod", "fra", modest, client.Options{Token: proof})
		ann := enter("ann", "iad", loud, client.Options{Name: "Ann"})
		bob := enter("bob", "iad", modest, client.Options{Name: "Bob"})
		time.Sleep(5 * time.Second)

		if err := ann.SetBitrate(t.Context(), "b1", 100_000); err == nil || !strings.Contains(err.Error(), string(signal.NotAllowed)) {
			t.Errorf("who is no moderator: %v", err)
		}
		if err := mod.SetBitrate(t.Context(), "b2", 20_000); err == nil || !strings.Contains(err.Error(), "bad_message: value: ") {
			t.Errorf("too little: %v", err)
		}
		r.told(0)
		began := time.Now()
		r.must(mod.SetBitrate(t.Context(), "b3", 100_000))
		t.Logf("acknowledged after %v", time.Since(began))
		r.told(100_000)
		t.Logf("everybody knows after %v", time.Since(began))
		late := enter("late", "syd", modest, client.Options{Name: "Late"})
		if caps := late.State().Caps; !slices.Equal(caps, []int{100_000}) {
			t.Errorf("who comes late is told %v", caps)
		}

		for who, viewer := range map[string]*client.Client{"mod": mod, "bob": bob, "late": late} {
			shown := func() (paused, live int) {
				for _, l := range viewer.State().Layers {
					switch {
					case l != nil && l.State == signal.SlotPaused && l.Reason == signal.PausedByCap:
						paused++
					case l != nil && l.State == signal.SlotLive:
						live++
					}
				}
				return paused, live
			}
			r.Wait(who+" gets nothing of the camera above the bound", func() error {
				if paused, live := shown(); paused != 1 || live != 2 {
					return fmt.Errorf("%d are paused, %d live", paused, live)
				}
				return nil
			})
			t.Logf("%s: held back %v after the bound", who, time.Since(began))
		}
		before := r.received("mod", "bob", "late")
		time.Sleep(10 * time.Second)
		for who, got := range r.received("mod", "bob", "late") {
			video, audio := float64(got[0]-before[who][0])*8/10, got[1]-before[who][1]
			if video > 2*60_000 {
				t.Errorf("%s gets %.0f bit/s of video from the two modest ones", who, video)
			}
			if audio < 3*10*40*80 {
				t.Errorf("%s got %d bytes of sound in 10 s", who, audio)
			}
			if q := lately(r.people[who]); q.Up.Cause != signal.CauseNone {
				t.Errorf("%s is told %+v", who, q.Up)
			}
		}

		mod.Leave() // the bound is the room's
		delete(r.people, "mod")
		again := enter("again", "syd", modest, client.Options{Token: proof})
		r.told(100_000)
		began = time.Now()
		r.must(again.SetBitrate(t.Context(), "b4", 0))
		r.told(0)
		r.Wait("the camera is back", func() error {
			for _, l := range bob.State().Layers {
				if l != nil && l.State != signal.SlotLive {
					return fmt.Errorf("%+v", *l)
				}
			}
			return nil
		})
		t.Logf("back after %v", time.Since(began))
		before = r.received("bob")
		time.Sleep(5 * time.Second)
		if video := (r.received("bob")["bob"][0] - before["bob"][0]) * 8 / 5; video < 300_000 {
			t.Errorf("bob gets %d bit/s of video afterwards", video)
		}
	})
}

// received is the bytes of video and sound that came to clients.
func (r *room) received(who ...string) map[string][2]int64 {
	out := map[string][2]int64{}
	for _, w := range who {
		c := r.people[w]
		var n [2]int64
		for kind, mids := range [][]string{c.Joined.Slots.Video, c.Joined.Slots.Audio} {
			for _, mid := range mids {
				n[kind] += c.Slot(mid).Bytes.Load()
			}
		}
		out[w] = n
	}
	return out
}
