package scenario

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestARoomsPasswordAndPIN: a room asks at every POP for its password, and its PIN
// makes a moderator, while control is away as well. Who is sent by a token of the
// company as its moderator is not asked, nor is who returns by ticket.
// Covers F-055.
func TestARoomsPasswordAndPIN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 43)
		r.tenant("iad", "POST", "/rooms", object{"public_id": "hall", "name": "Secret plans", "kind": "webinar", "open": true, "password": "tulip", "moderator_pin": "470815"}, nil)
		moderator := r.mint(object{"name": "Mara", "role": "moderator"})
		guest := r.mint(object{"name": "Gus"})
		r.known()
		r.asks()
		r.tenant("iad", "PATCH", "/rooms/hall", object{"name": "Secret"}, nil)
		r.known()
		r.Silence(controlIP)
		time.Sleep(10 * time.Second)

		for _, pop := range POPs {
			r.refused(pop, client.Options{Name: "nothing"}, "wrong_password")
			r.refused(pop, client.Options{Name: "a wrong one", Password: "lily"}, "wrong_password")
			r.refused(pop, client.Options{Name: "the PIN alone", PIN: "470815"}, "wrong_password")
			r.refused(pop, client.Options{Name: "a guest with a token", Token: guest.Token}, "wrong_password")
			r.refused(pop, client.Options{Name: "as an attribute", Attributes: map[string]string{"password": "tulip", "pin": "470815"}}, "wrong_password")
			ann := r.Join(pop, pop, client.Options{Room: "hall", Name: "Ann", Password: "tulip"})
			if self := ann.Joined.Self; self.Role != "regular" || self.Mode != "viewer" || !ann.Joined.Entry.PIN {
				t.Errorf("came in at %s as %+v, %+v", pop, self, ann.Joined.Entry)
			}
			ann.Leave()
		}
		mod := r.Join("iad", "iad", client.Options{Room: "hall", Name: "Mia", Password: "tulip", PIN: "470815"})
		if mod.Joined.Self.Role != "moderator" || mod.Joined.Self.Owner || mod.Joined.Entry.PIN {
			t.Errorf("with the PIN came %+v", mod.Joined.Self)
		}
		r.must(mod.Act(t.Context(), "a1", "lock", "", true))
		r.Join("fra", "fra", client.Options{Room: "hall", Token: moderator.Token})
		back := r.Join("syd", "syd", client.Options{Room: "hall", Resume: mod.Joined.Resume})
		if back.Joined.Peer != mod.Joined.Peer || back.Joined.Self.Role != "moderator" {
			t.Errorf("returned as %+v", back.Joined.Self)
		}
	})
}

// asks looks ahead: a page learns that a password is wanted and what else it needs
// for that, and not what the room is called.
func (r *room) asks() {
	r.t.Helper()
	a, text := r.lookAhead("syd", signal.EntryRequest{Room: "hall"})
	switch {
	case a.Refusal == nil || a.Refusal.Code != "wrong_password" || !a.Refusal.Ask || a.Entry == nil:
		r.t.Errorf("told %s", text)
	case a.Mode != "viewer" || a.Page != "setup" || !a.PIN || strings.Contains(text, "Secret"):
		r.t.Errorf("told %s", text)
	}
}

// TestGuessesPause: after five wrong ones from an address nobody there comes in by
// a secret for a minute, and others do.
// Covers F-055.
func TestGuessesPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 44)
		r.tenant("iad", "POST", "/rooms", object{"public_id": "hall", "open": true, "password": "tulip", "moderator_pin": "470815"}, nil)
		r.known()
		one := r.clientHost("fra")
		try := func(o client.Options) *client.Refusal {
			t.Helper()
			o.Room = "hall"
			c, err := r.by(one, "fra", o, patience)
			refusal, refused := errors.AsType[*client.Refusal](err)
			if err != nil && !refused {
				t.Fatal(err)
			}
			if c != nil {
				c.Leave()
			}
			return refusal
		}
		for i := range 5 {
			if no := try(client.Options{Password: signal.Secret(fmt.Sprint("guess", i))}); no == nil || no.Code != "wrong_password" || no.RetryAfter != 0 || no.Ask {
				t.Fatalf("try %d: %+v", i, no)
			}
		}
		for _, o := range []client.Options{{Password: "tulip"}, {Password: "tulip", PIN: "470815"}} {
			if no := try(o); no == nil || no.Code != "wrong_password" || no.RetryAfter < 50 || no.RetryAfter > 60 {
				t.Errorf("in the pause: %+v", no)
			}
		}
		if no := try(client.Options{}); no == nil || !no.Ask || no.RetryAfter != 0 {
			t.Errorf("who types nothing in the pause: %+v", no)
		}
		r.Join("fra", "fra", client.Options{Room: "hall", Password: "tulip"})
		time.Sleep(time.Minute)
		if no := try(client.Options{Password: "tulip"}); no != nil {
			t.Errorf("after the pause: %+v", no)
		}
	})
}
