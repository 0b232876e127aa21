package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

// signingKeySize is that of a webhook's signing key, in bytes: Standard Webhooks wants 24 to 64.
const signingKeySize = 32

// newSigningKey makes a webhook's key: sealed for the state, and as its owner is shown it once.
func (a *API) newSigningKey(webhook string) (sealed []byte, shown string) {
	key := make([]byte, signingKeySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return a.seal.Seal(key, string(state.KindWebhook), webhook, "signing"), "whsec_" + base64.StdEncoding.EncodeToString(key)
}

const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 7 * 24 * time.Hour
)

type rotateIn struct {
	WebhookPath
	Body rotateAsk
}

type rotateAsk struct {
	Overlap *int `json:"overlap_seconds,omitempty" minimum:"0" maximum:"604800" default:"86400" doc:"How long calls are also signed with the old key; 0 drops it at once, as for one that leaked."`
}

type webhookOut struct {
	ETag string `header:"ETag" doc:"Version, for If-Match."`
	Body Webhook
}

const exampleSecret = "whsec_5WnPbtAr2Gx4Mu9BJTqcOg8kiLTTB9Kc9Vg5kTBaHXE="

// registerWebhookCare adds what is done to webhooks besides changing their fields.
func (a *API) registerWebhookCare(d Deliveries) {
	shown := Webhook{Webhook: state.Webhook{
		Meta: state.Meta{
			ID: exampleID("webhook"), Company: exampleID("company"), Version: 18,
			CreatedAt: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 11, 21, 9, 40, 0, 0, time.UTC),
		},
		WebhookSpec: state.WebhookSpec{Kind: state.WebhookNative, Method: http.MethodPost, URL: "https://hooks.acme.example/meridian"},
	}}
	rotated := shown
	rotated.Secret = exampleSecret
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/webhooks/{webhook}/secret", id: "rotate-webhook-secret",
		summary: "Give a webhook a new signing key", tag: "webhooks", scope: "webhooks:write", status: http.StatusOK,
		about:   "The new key is shown this once. Until the overlap ends each call has two signatures, the new one first; a rotation in an overlap drops the oldest key.",
		request: rotateAsk{new(int(defaultOverlap / time.Second))}, answer: rotated,
	}, a.rotateSecret)
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/webhooks/{webhook}/enable", id: "enable-webhook",
		summary: "Have a disabled webhook called again", tag: "webhooks", scope: "webhooks:write", status: http.StatusOK,
		about:   "Events that happened while it was disabled are not sent later; those that waited then are dead, and replay_since sends them again.",
		request: enableAsk{}, answer: shown,
	}, func(ctx context.Context, in *enableIn) (*webhookOut, error) { return a.enableWebhook(ctx, d, in) })
}

func (a *API) rotateSecret(ctx context.Context, in *rotateIn) (*webhookOut, error) {
	w, err := nativeWebhook(ctx, in.WebhookPath)
	if err != nil {
		return nil, err
	}
	overlap := defaultOverlap
	if in.Body.Overlap != nil {
		overlap = min(time.Duration(*in.Body.Overlap)*time.Second, maxOverlap)
	}
	sealed, secret := a.newSigningKey(w.ID)
	cmd := &state.RotateWebhook{Company: w.Company, ID: w.ID, Signing: sealed, OverlapEnds: callOf(ctx).at.Add(overlap)}
	w, secret, err = propose[state.Webhook](ctx, a, wish{command: cmd, extra: secret})
	if err != nil {
		return nil, err
	}
	return &webhookOut{etag(w.Version), Webhook{state.Mask(w), secret}}, nil
}

type enableIn struct {
	WebhookPath
	Body enableAsk
}

type enableAsk struct {
	ReplaySince time.Time `json:"replay_since,omitzero" doc:"Also sends what was made at this time or later and is dead."`
}

func (a *API) enableWebhook(ctx context.Context, d Deliveries, in *enableIn) (*webhookOut, error) {
	w, err := nativeWebhook(ctx, in.WebhookPath)
	if err != nil {
		return nil, err
	}
	w, _, err = propose[state.Webhook](ctx, a, wish{command: &state.EnableWebhook{Company: w.Company, ID: w.ID}})
	if err != nil {
		return nil, err
	}
	if !in.Body.ReplaySince.IsZero() {
		if _, err := d.ReplaySince(ctx, w.Company, w.ID, in.Body.ReplaySince, false); err != nil {
			return nil, a.deliveryError(ctx, err)
		}
	}
	return &webhookOut{etag(w.Version), Webhook{state.Mask(w), ""}}, nil
}
