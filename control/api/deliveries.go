package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/state"
)

// Deliveries is the log of what native webhooks were sent, and a way to send it again.
type Deliveries interface {
	// Deliveries lists a company's, the newest first; queue.ErrCursor for a cursor that is none.
	Deliveries(ctx context.Context, f queue.Filter, cursor string, limit int) (page []queue.Entry, next string, err error)
	// Delivery finds one to an endpoint, with its attempts; queue.ErrNone when there is none.
	Delivery(ctx context.Context, company, endpoint, id string) (queue.Entry, []queue.Try, error)
	// Replay sends one again; queue.ErrNone, or queue.ErrSpent when what it said is not kept any more.
	Replay(ctx context.Context, company, endpoint, id string) error
	// ReplaySince sends what died since a time again, or all that was settled, and counts it.
	ReplaySince(ctx context.Context, company, endpoint string, since time.Time, all bool) (int64, error)
	// Test sends an event that tells of nothing, once for each source, and gives the id of its delivery.
	Test(ctx context.Context, company, source string, t event.Test) (delivery string, err error)
}

// Delivery is one event on its way to a webhook.
type Delivery struct {
	ID        string     `json:"id"`
	Event     string     `json:"event" doc:"Id of the event: the webhook-id header of each attempt."`
	Type      string     `json:"type" example:"session.opened"`
	Seq       int64      `json:"seq,omitempty" doc:"Number of the event in its room."`
	CreatedAt time.Time  `json:"created_at"`
	Outcome   string     `json:"outcome" enum:"pending,delivered,dead" doc:"Dead = given up; it can be replayed."`
	Attempts  int        `json:"attempts" doc:"Attempts since it was made or replayed."`
	LastAt    *time.Time `json:"last_at,omitempty" doc:"When the last attempt was made."`
	NextAt    *time.Time `json:"next_at,omitempty" doc:"When the next attempt is due, while it is pending."`
	Status    int        `json:"status,omitempty" doc:"HTTP status of the last answer; absent = there was none."`
	Fault     string     `json:"fault,omitempty" doc:"Why the last attempt failed."`
}

// DeliveryDetail is a delivery with what became of each attempt.
type DeliveryDetail struct {
	Delivery
	Tries []Try `json:"tries" nullable:"false" doc:"Attempts since it was made or replayed, the oldest first."`
}

// Try is one attempt.
type Try struct {
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty" doc:"HTTP status of the answer; absent = there was none."`
	Fault  string    `json:"fault,omitempty" doc:"Why it failed; absent = it was accepted."`
}

// WebhookPath names a webhook; exported since huma passes over other embedded structs.
type WebhookPath struct {
	Company string `path:"company" maxLength:"64" doc:"Id of the company."`
	Webhook string `path:"webhook" maxLength:"64" doc:"Id of the webhook."`
}

type deliveriesIn struct {
	WebhookPath
	PageQuery
	Outcome string    `query:"outcome" enum:"pending,delivered,dead" doc:"Only those of this outcome."`
	From    time.Time `query:"from" doc:"Only those made at this time or later."`
	To      time.Time `query:"to" doc:"Only those made before this time."`
}

type deliveryIn struct {
	WebhookPath
	Delivery string `path:"delivery" maxLength:"64" doc:"Id of the delivery."`
}

type deliveryOut struct{ Body DeliveryDetail }

// outcomes are the words of the API for those of the queue.
var outcomes = map[queue.Outcome]string{queue.Pending: "pending", queue.Delivered: "delivered", queue.Dead: "dead"}

func (a *API) registerDeliveries(d Deliveries) {
	const list = "/companies/{company}/webhooks/{webhook}/deliveries"
	register(a, operation{
		method: http.MethodGet, path: list, id: "list-deliveries", summary: "List deliveries to a native webhook", tag: "deliveries",
		scope: "deliveries:read", status: http.StatusOK, about: "The newest first. How long they are kept is the operator's choice.",
		answer: Page[Delivery]{Items: []Delivery{exampleDelivery.Delivery}},
	}, func(ctx context.Context, in *deliveriesIn) (*pageOut[Delivery], error) {
		return a.listDeliveries(ctx, d, in)
	})
	register(a, operation{
		method: http.MethodGet, path: list + "/{delivery}", id: "get-delivery", summary: "Read a delivery and its attempts", tag: "deliveries",
		scope: "deliveries:read", status: http.StatusOK, answer: exampleDelivery,
	}, func(ctx context.Context, in *deliveryIn) (*deliveryOut, error) {
		w, err := nativeWebhook(ctx, in.WebhookPath)
		if err != nil {
			return nil, err
		}
		e, tries, err := d.Delivery(ctx, w.Company, w.ID, in.Delivery)
		if err != nil {
			return nil, a.deliveryError(ctx, err)
		}
		return &deliveryOut{detail(e, tries)}, nil
	})
	a.registerReplay(d)
	a.registerWebhookTest(d)
}

func (a *API) listDeliveries(ctx context.Context, d Deliveries, in *deliveriesIn) (*pageOut[Delivery], error) {
	w, err := nativeWebhook(ctx, in.WebhookPath)
	if err != nil {
		return nil, err
	}
	f := queue.Filter{Company: w.Company, Endpoint: w.ID, From: in.From, To: in.To}
	for outcome, word := range outcomes {
		if in.Outcome == word {
			f.Outcome = &outcome
		}
	}
	entries, next, err := d.Deliveries(ctx, f, in.Cursor, in.Limit)
	if err != nil {
		return nil, a.deliveryError(ctx, err)
	}
	out := &pageOut[Delivery]{Body: Page[Delivery]{Items: []Delivery{}, NextCursor: next}}
	for _, e := range entries {
		out.Body.Items = append(out.Body.Items, shownDelivery(e))
	}
	return out, nil
}

// nativeWebhook finds the webhook of the path; of other kinds there is no log.
func nativeWebhook(ctx context.Context, in WebhookPath) (state.Webhook, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return state.Webhook{}, err
	}
	w, ok := state.GetOwned[state.Webhook](callOf(ctx).view, of.ID, in.Webhook)
	switch {
	case !ok:
		return w, notFound(ctx)
	case w.Kind != state.WebhookNative:
		return w, problem(ctx, http.StatusConflict, "Only native webhooks are sent events.")
	}
	return w, nil
}

// deliveryError says why the queue gave nothing. What is not the caller's fault is the database's, which comes back.
func (a *API) deliveryError(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errors.Is(err, queue.ErrCursor):
		return invalid(ctx, "cursor", "must be a next_cursor of this list")
	case errors.Is(err, queue.ErrNone):
		return notFound(ctx)
	case errors.Is(err, queue.ErrSpent):
		return problem(ctx, http.StatusConflict, "What was delivered is not kept any more.")
	}
	a.log.Warn("the log of deliveries does not answer", "request_id", requestID(ctx), "err", err)
	p := problem(ctx, http.StatusServiceUnavailable, "The log of deliveries cannot be reached now. Try again.")
	return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {"5"}})
}

func shownDelivery(e queue.Entry) Delivery {
	return Delivery{
		ID: e.ID, Event: e.Notice, Type: e.Type, Seq: e.Seq, CreatedAt: e.Created, Outcome: outcomes[e.Outcome], Attempts: e.Attempts,
		LastAt: unlessZero(e.Tried), NextAt: unlessZero(e.Due), Status: e.Status, Fault: e.Fault,
	}
}

func detail(e queue.Entry, tries []queue.Try) DeliveryDetail {
	out := DeliveryDetail{shownDelivery(e), []Try{}}
	for _, t := range tries {
		out.Tries = append(out.Tries, Try(t))
	}
	return out
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

var exampleDelivery = func() DeliveryDetail {
	made := time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	last := made.Add(5 * time.Second)
	return DeliveryDetail{
		Delivery{
			ID: exampleID("delivery"), Event: "evt_f1d2d2f924e986ac86fdf7b36c94bcdf", Type: "session.opened", Seq: 12, CreatedAt: made,
			Outcome: "delivered", Attempts: 2, LastAt: &last, Status: http.StatusNoContent,
		},
		[]Try{{At: made, Status: http.StatusBadGateway, Fault: "Bad Gateway"}, {At: last, Status: http.StatusNoContent}},
	}
}()
