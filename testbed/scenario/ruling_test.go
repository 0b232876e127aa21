package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// ruling is a moderator of a room in trouble, with somebody in the lobby.
type ruling struct {
	*room
	mod     *client.Client
	guest   chan error
	bitrate int // set last and acknowledged
	unsure  bool
	acts    int
}

func (r *room) rule() *ruling {
	r.t.Helper()
	x := &ruling{room: r, guest: make(chan error, 1)}
	x.mod = r.Join("fra", "fra", client.Options{Room: "hall", Name: "Mod", Token: r.moderator(), Video: 3, Audio: 3})
	eve := r.Join("iad", "iad", client.Options{Room: "hall", Name: "Eve", Peer: "eve", Video: 3, Audio: 3})
	x.act("block", "eve", nil)
	x.act("lobby", "", true)
	eve.Close()
	waits := make(chan struct{})
	go func() {
		_, err := r.knock("fra", "fra", client.Options{Room: "hall", Name: "Gus", Peer: "gus", Video: 3, Audio: 3, Waiting: func() { close(waits) }}, time.Hour)
		x.guest <- err
	}()
	<-waits
	return x
}

func (x *ruling) try(verb, peer string, value any) error {
	x.acts++
	ctx, cancel := context.WithTimeout(x.t.Context(), 3*time.Second)
	defer cancel()
	return x.mod.Act(ctx, fmt.Sprint("r", x.acts), verb, peer, value)
}

func (x *ruling) act(verb, peer string, value any) {
	x.t.Helper()
	x.Wait(verb+" is done", func() error { return x.try(verb, peer, value) })
}

// set sets a rule again and again, also while it is out of reach.
func (x *ruling) set(over <-chan struct{}) {
	for to := 1_000_000; ; to += 1000 {
		select {
		case <-over:
			return
		case <-time.After(2 * time.Second):
		}
		if err := x.try("bitrate", "", to); err == nil {
			x.bitrate, x.unsure = to, false
		} else {
			x.unsure = true
		}
	}
}

// holds checks, in a network at peace, what was decided.
func (x *ruling) holds() {
	x.t.Helper()
	x.Wait("all know the rules, and the moderator the lobby", func() error {
		want := x.mod.State().Rules
		for _, pop := range POPs {
			if got := x.people[pop].State().Rules; got != want || !got.Lobby {
				return fmt.Errorf("%s knows %+v, the moderator %+v", pop, got, want)
			}
		}
		if waits := x.mod.State().Lobby; len(waits) != 1 || waits[0].Peer != "gus" {
			return fmt.Errorf("%v wait", waits)
		}
		if !x.unsure && want.Bitrate != x.bitrate {
			return fmt.Errorf("%d bit/s, set were %d", want.Bitrate, x.bitrate)
		}
		return nil
	})
	_, err := x.TryJoin("syd", "syd", client.Options{Room: "hall", Name: "Eve", Peer: "eve"})
	if refusal, ok := errors.AsType[*client.Refusal](err); !ok || refusal.Code != signal.Blocked {
		x.t.Errorf("the blocked one: %v", err)
	}
	select {
	case err := <-x.guest:
		x.t.Errorf("the guest is in, or out, by nobody's word: %v", err)
	default:
	}
	x.must(x.try("reject", "gus", nil))
	select {
	case <-x.guest:
	case <-time.After(patience):
		x.t.Error("the rejected guest was not told")
	}
}
