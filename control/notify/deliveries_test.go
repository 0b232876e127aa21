package notify

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/notify/queue"
)

func TestATestGoesToOneEndpointWhateverItWants(t *testing.T) {
	r := newRig(t, Endpoint{ID: "e1", Events: []event.Type{event.TypeSessionOpened}}, Endpoint{ID: "e2"})
	accept := &carrier{answer: func(queue.Delivery, Attempt) Answer { return Answer{Verdict: Accepted, Status: 204} }}
	r.start(t, fast(), map[queue.Kind]Carrier{queue.Webhook: accept})
	id, err := r.Test(t.Context(), "acme", "s1", event.Test{Webhook: "e1", Note: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Test(t.Context(), "acme", "s1", event.Test{Webhook: "e1", Note: "Hello"}); again != id || err != nil {
		t.Errorf("again %s, %v", again, err)
	}
	eventually(t, "it is delivered", func() bool { return r.outcomes(t, "e1")[queue.Delivered] == 1 })
	if n := len(r.log(t, "e2")); n != 0 || len(accept.accepted()) != 1 {
		t.Errorf("%d to the other, accepted %v", n, accept.accepted())
	}
	e, tries, err := r.Delivery(t.Context(), "acme", "e1", id)
	if err != nil || e.Type != string(event.TypeTest) || len(tries) != 1 || tries[0].Status != 204 {
		t.Errorf("%+v, %+v, %v", e, tries, err)
	}
	if _, _, err := r.Delivery(t.Context(), "acme", "e2", id); !errors.Is(err, queue.ErrNone) {
		t.Errorf("found at another endpoint: %v", err)
	}
	if err := r.Replay(t.Context(), "acme", "e2", id); !errors.Is(err, queue.ErrNone) {
		t.Errorf("replayed at another endpoint: %v", err)
	}
	if err := r.Replay(t.Context(), "acme", "e1", id); err != nil {
		t.Error(err)
	}
	eventually(t, "it is delivered again", func() bool { return len(accept.accepted()) == 2 })
	if n, err := r.ReplaySince(t.Context(), "acme", "e1", time.Now().Add(-time.Hour), false); n != 0 || err != nil {
		t.Errorf("%d dead ones, %v", n, err)
	}
	eventually(t, "all that was settled comes again", func() bool {
		n, err := r.ReplaySince(t.Context(), "acme", "e1", time.Now().Add(-time.Hour), true)
		return n == 1 && err == nil
	})
}

func TestOccasionsOfOneSourceAreOne(t *testing.T) {
	r := newRig(t)
	o := letter.Occasion{
		Kind: letter.Invitation, Brand: "Acme", From: "meetings@example.net", To: letter.Person{Email: "eve@else.example"},
		Meeting: letter.Meeting{ID: "m1", Start: time.Now().Add(time.Hour), Duration: time.Hour, Zone: "UTC"},
	}
	mail := func(source string, sequence int) (known bool) {
		o.Source, o.Meeting.Sequence = source, sequence
		known, err := r.Mailed(t.Context(), "acme", o)
		if err == nil {
			err = r.Mail(t.Context(), "acme", o, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	got := []bool{mail("e1", 0), mail("e1", 1), mail("e2", 1), mail("", 1), mail("", 2), mail("", 2)}
	for i, want := range []bool{false, true, false, false, false, true} {
		if got[i] != want {
			t.Errorf("letter %d was known: %v", i, got[i])
		}
	}
	if n := len(r.log(t, MailEndpoint)); n != 4 {
		t.Errorf("%d letters", n)
	}
}

func TestManyLettersShareTransactionsAndABadOneStopsNobody(t *testing.T) {
	r := newRig(t)
	var all []Addressed
	for i := range publishRows + 3 {
		o := letter.Occasion{Kind: letter.Invitation, Brand: "Acme", From: "meetings@example.net", To: letter.Person{Email: fmt.Sprintf("p%d@else.example", i)}}
		o.Meeting = letter.Meeting{ID: "m1", Start: time.Now().Add(time.Hour), Duration: time.Hour, Zone: "UTC"}
		if i == 1 {
			o.Meeting.Zone = "Mars/Olympus"
		}
		all = append(all, Addressed{Occasion: o})
	}
	for range 2 {
		if err := r.MailAll(t.Context(), "acme", all...); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.log(t, MailEndpoint)); n != publishRows+2 {
		t.Errorf("%d letters", n)
	}
}
