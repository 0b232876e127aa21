package notify

import (
	"context"
	"errors"
	"slices"

	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/notify/webhook"
)

// ErrNoEndpoint is returned by a Directory when a company has no such endpoint, or not any more.
var ErrNoEndpoint = errors.New("there is no such endpoint")

// Endpoint is where a company wants to be told.
type Endpoint struct {
	ID            string
	URL           string
	Events        []event.Type // which it wants; none is all
	Keys          []webhook.Key
	Authorization string // header; "" is none
	Disabled      string // why it is not called; "" is called
}

func (e Endpoint) wants(t event.Type) bool {
	return e.Disabled == "" && (len(e.Events) == 0 || slices.Contains(e.Events, t))
}

// Directory knows the endpoints of companies.
type Directory interface {
	// Endpoints lists a company's. Keys and Authorization may be left out.
	Endpoints(company string) ([]Endpoint, error)
	// Endpoint finds one. ErrNoEndpoint gives up all that waits for it; after other errors it is asked again.
	Endpoint(company, id string) (Endpoint, error)
	// Disable notes that an endpoint said it is gone.
	Disable(ctx context.Context, company, id, reason string) error
}

// Webhooks makes attempts to deliver events.
type Webhooks struct {
	Directory Directory
	Sender    *webhook.Sender
}

// Carry implements Carrier.
func (w *Webhooks) Carry(ctx context.Context, d queue.Delivery, at Attempt) Answer {
	to, err := w.Directory.Endpoint(d.Company, d.Endpoint)
	switch {
	case errors.Is(err, ErrNoEndpoint):
		return Answer{Verdict: Closed, Fault: "the endpoint was deleted"}
	case err != nil:
		return Answer{Verdict: Again, Fault: "the endpoint is not known now"}
	case to.Disabled != "":
		return Answer{Verdict: Closed, Fault: "the endpoint is disabled: " + to.Disabled}
	}
	e, err := event.Parse(d.Payload)
	if err != nil {
		return Answer{Verdict: Refused, Fault: err.Error()}
	}
	body, err := e.Body(d.Seq)
	if err != nil {
		return Answer{Verdict: Refused, Fault: err.Error()}
	}
	a := w.Sender.Send(ctx, webhook.Request{
		URL: to.URL, Authorization: to.Authorization, Keys: to.Keys, ID: e.ID, At: at.At, Body: body,
	})
	return w.answer(ctx, d, a)
}

var verdicts = map[webhook.Verdict]Verdict{webhook.Accepted: Accepted, webhook.Again: Again, webhook.Refused: Refused, webhook.Gone: Closed}

func (w *Webhooks) answer(ctx context.Context, d queue.Delivery, a webhook.Answer) Answer {
	if a.Verdict == webhook.Gone {
		if err := w.Directory.Disable(ctx, d.Company, d.Endpoint, "it answered 410 Gone"); err != nil {
			return Answer{Verdict: Again, Status: a.Status, Fault: "the endpoint is gone, but could not be disabled"}
		}
	}
	return Answer{Verdict: verdicts[a.Verdict], Status: a.Status, After: a.After, Fault: a.Fault}
}
