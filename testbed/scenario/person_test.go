package scenario

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// presences are those of all sessions of the company.
func (r *room) presences() (all []history.Participant, err error) {
	kept, ctx := r.Control.Node.History(), context.Background()
	sessions, _, err := kept.Sessions(ctx, history.SessionFilter{Company: control.DevCompany}, history.Page{})
	for _, s := range sessions {
		some, _, failed := kept.Participants(ctx, control.DevCompany, s.ID, history.Page{})
		if failed != nil {
			return nil, failed
		}
		all = append(all, some...)
	}
	return all, err
}

// exported is what is kept of a person, as text.
func (r *room) exported(who object) string {
	r.t.Helper()
	key, err := r.Control.Node.EnsureDev(r.t.Context())
	r.must(err)
	status, text := r.send(r.browser("iad"), "iad", "POST", "/companies/"+control.DevCompany+"/people/export", key, who)
	if status != http.StatusOK {
		r.t.Errorf("export of %v: %d", who, status)
	}
	return string(text)
}

// TestAnInvitedPersonIsFoundAndErased: who came by an invitation, under whatever
// peer id, is exported as the customer they are, and erased; what they came in by
// ends with the invitation, at every POP. Who is kicked needs a new invitation.
func TestAnInvitedPersonIsFoundAndErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 27)
		var hall, user, customer, meeting, guest struct{ ID string }
		r.tenant("iad", "POST", "/rooms", object{"public_id": "hall", "home_pop": "fra", "open": true}, &hall)
		r.tenant("iad", "POST", "/users", object{"name": "Host"}, &user)
		r.tenant("iad", "POST", "/customers", object{"email": "eve@customer.example", "name": "Eve"}, &customer)
		r.tenant("iad", "POST", "/meetings", object{"room": hall.ID, "user": user.ID, "starts_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}, &meeting)
		r.tenant("iad", "POST", "/attendees", object{"meeting": meeting.ID, "customer": customer.ID}, &guest)
		link := r.mint(object{"attendee": guest.ID, "name": "Eve", "peer": "eve-1"})
		once := r.mint(object{"attendee": guest.ID, "name": "Eve", "once": true})
		more := r.mint(object{"attendee": guest.ID, "name": "Eve", "once": true})
		host := r.mint(object{"user": user.ID, "name": "Bob", "role": "moderator"})
		r.known()
		secret := rand.Text()
		visit := func(token string) (session string) {
			status, session := r.exchange(r.browser("syd"), "syd", token, secret)
			if status != http.StatusOK {
				t.Fatalf("exchange: %d", status)
			}
			return session
		}
		bob := r.enter("fra", "fra", client.Options{Token: host.Token})
		session := visit(more.Token)
		kicked := r.Join("syd", "syd", client.Options{Room: "hall", Token: session, Browser: secret})
		r.must(bob.Act(t.Context(), "a1", "kick", guest.ID, nil))
		r.ended("who is kicked", kicked, signal.Kicked)
		for _, pop := range POPs {
			r.refused(pop, client.Options{Name: "who was kicked", Token: session, Browser: secret}, signal.Blocked)
		}
		session = visit(once.Token)
		eve := r.enter("iad", "iad", client.Options{Token: link.Token})
		again := r.enter("syd", "syd", client.Options{Token: session, Browser: secret})
		if eve.Joined.Peer != "eve-1" || again.Joined.Peer != guest.ID {
			t.Errorf("peers %q and %q", eve.Joined.Peer, again.Joined.Peer)
		}
		r.say("iad", "a secret")
		r.Wait("history has them", func() error {
			all, err := r.presences()
			found := 0
			for _, p := range all {
				if p.Person == customer.ID {
					found++
				}
			}
			if err != nil || found != 3 || len(all) != 4 {
				return fmt.Errorf("%d of %d presences, %w", found, len(all), err)
			}
			return nil
		})
		r.Wait("all of it is exported", func() error {
			text := r.exported(object{"customer": customer.ID})
			if strings.Count(text, `"participant"`) != 3 || !strings.Contains(text, "eve-1") || !strings.Contains(text, "a secret") {
				return fmt.Errorf("exported %s", text)
			}
			return nil
		})

		r.tenant("fra", "POST", "/people/erasure", object{"customer": customer.ID}, nil)
		r.ended("who came by the link", eve, signal.Kicked)
		r.ended("who came by a session", again, signal.Kicked)
		for _, pop := range POPs {
			r.refused(pop, client.Options{Name: "by the link", Token: link.Token}, "token_revoked")
			r.refused(pop, client.Options{Name: "by the session", Token: session, Browser: secret}, "token_revoked")
		}
		if e := bob.State().Ended; e != nil {
			t.Errorf("who was not invited was told %+v", e)
		}
		all, err := r.presences()
		r.must(err)
		for _, p := range all {
			if p.Person == customer.ID || p.Name == "Eve" || p.Peer == "eve-1" || p.Peer == guest.ID {
				t.Errorf("after the erasure there is %+v", p)
			}
		}
	})
}
