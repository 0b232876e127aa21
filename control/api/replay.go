package api

import (
	"context"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/notify/event"
)

type replayIn struct {
	WebhookPath
	Body replayAsk
}

type replayAsk struct {
	Delivery string    `json:"delivery,omitempty" maxLength:"64" doc:"Id of the one to send again, whatever became of it. Either this or since."`
	Since    time.Time `json:"since,omitzero" doc:"All that were made at this time or later and are dead."`
	All      bool      `json:"all,omitempty" doc:"With since: also those that were delivered."`
}

// Replayed says how much is sent again.
type Replayed struct {
	Replayed int64 `json:"replayed"`
}

type replayOut struct{ Body Replayed }

// registerReplay adds what has deliveries sent again, under their ids.
func (a *API) registerReplay(d Deliveries) {
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/webhooks/{webhook}/replay", id: "replay-deliveries",
		summary: "Send deliveries again", tag: "deliveries", scope: "deliveries:write", status: http.StatusAccepted,
		about:   "With the same ids, so that a receiver that remembers them accepts each once; a repetition of this call does no harm. What is pending already stays as it is.",
		request: replayAsk{Since: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}, answer: Replayed{3},
	}, func(ctx context.Context, in *replayIn) (*replayOut, error) { return a.replay(ctx, d, in) })
}

func (a *API) replay(ctx context.Context, d Deliveries, in *replayIn) (*replayOut, error) {
	w, err := nativeWebhook(ctx, in.WebhookPath)
	if err != nil {
		return nil, err
	}
	ask := in.Body
	switch {
	case w.Disabled != "":
		return nil, problem(ctx, http.StatusConflict, "The webhook is disabled; enable it first.")
	case (ask.Delivery == "") == ask.Since.IsZero():
		return nil, invalid(ctx, "delivery", "either this or since must be given")
	case ask.Delivery != "" && ask.All:
		return nil, invalid(ctx, "all", "goes with since")
	case ask.Delivery != "":
		if err := d.Replay(ctx, w.Company, w.ID, ask.Delivery); err != nil {
			return nil, a.deliveryError(ctx, err)
		}
		return &replayOut{Replayed{1}}, nil
	}
	n, err := d.ReplaySince(ctx, w.Company, w.ID, ask.Since, ask.All)
	return &replayOut{Replayed{n}}, a.deliveryError(ctx, err)
}

type testIn struct {
	WebhookPath
	Body testAsk
}

type testAsk struct {
	Note string `json:"note,omitempty" maxLength:"200" doc:"Stands in the event."`
}

// Tested names the delivery of a test event.
type Tested struct {
	Delivery string `json:"delivery" doc:"Id of the delivery, which can be watched."`
}

type testOut struct{ Body Tested }

// registerWebhookTest adds what sends a webhook an event that tells of nothing.
func (a *API) registerWebhookTest(d Deliveries) {
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/webhooks/{webhook}/test", id: "test-webhook",
		summary: "Send a webhook a test event", tag: "webhooks", scope: "webhooks:write", status: http.StatusAccepted,
		about:   "An event webhook.test, signed and repeated as all are, whichever events the webhook wants.",
		request: testAsk{Note: "Hello"}, answer: Tested{exampleID("delivery")},
	}, func(ctx context.Context, in *testIn) (*testOut, error) {
		w, err := nativeWebhook(ctx, in.WebhookPath)
		if err != nil {
			return nil, err
		}
		if w.Disabled != "" {
			return nil, problem(ctx, http.StatusConflict, "The webhook is disabled; enable it first.")
		}
		c := callOf(ctx)
		source := NewID(c.at)
		if c.once != nil { // the same key is the same event
			source = sumOf(c.once.Scope, c.once.Key, c.once.Sum)
		}
		id, err := d.Test(ctx, w.Company, source, event.Test{Webhook: w.ID, Actor: c.by, Note: in.Body.Note})
		return &testOut{Tested{id}}, a.deliveryError(ctx, err)
	})
}
