package api

import (
	"context"
	"encoding/json"

	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// APIKey is an API key as it is shown.
type APIKey struct {
	state.APIKey
	Key string `json:"key,omitempty" doc:"The key itself. It is shown this once: in the answer that creates it."`
}

// Webhook is a webhook as it is shown.
type Webhook struct {
	state.Webhook
	Secret string `json:"secret,omitempty" doc:"Key of the signatures of a native webhook (Standard Webhooks). It is shown once: in the answer that creates it, and in that which replaces it." example:"whsec_5WnPbtAr2Gx4Mu9BJTqcOg8kiLTTB9Kc9Vg5kTBaHXE="`
}

type newWebhook struct {
	state.WebhookSpec
	Authorization string `json:"authorization,omitempty" minLength:"1" maxLength:"4096" doc:"Authorization header of the calls. It is not shown again."`
}

func (a *API) credentialResources() {
	add(a, resource[state.TenantKey, state.TenantKeySpec]{
		kind: state.KindTenantKey, place: ofCompany, path: "keys", one: "key", many: "public keys by which a company signs tokens", verbs: canAll,
		create: `{"name":"server","pem":` + examplePEM + `}`, change: `{"active":false}`, extra: `{"algorithm":"RS256"}`,
		prepare: func(_ *API, ctx context.Context, d *draft[state.TenantKey]) error {
			if d.old != nil {
				return nil
			}
			if _, err := token.ParsePublicKey([]byte(d.set.text("pem"))); err != nil {
				return invalid(ctx, "pem", err.Error())
			}
			return nil
		},
		remove: func(company, id string) state.Command { return &state.RevokeTenantKey{Company: company, ID: id} },
	})
	for _, r := range []resource[state.APIKey, state.APIKeySpec]{
		{place: ofCompany, many: "API keys of a company"},
		{place: ofReseller, whose: "reseller", many: "API keys of a reseller", readers: reachReseller},
		{place: ofPlatform, whose: "platform", many: "API keys of the platform", readers: reachPlatform, writers: reachPlatform},
	} {
		r.kind, r.path, r.one, r.verbs = state.KindAPIKey, "api-keys", "api_key", canAll
		r.guarded = map[string]reach{"rate": reachReseller}
		if r.place == ofReseller {
			r.guarded = map[string]reach{"rate": reachPlatform}
		}
		r.create = `{"name":"server","scopes":["rooms:write","tokens:write"],"expires":"2027-11-21T00:00:00Z"}`
		r.change = `{"name":"booking server"}`
		r.extra = `{"key":"mrk_{{api_key}}_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUjQ","rate":0}`
		r.shape, r.prepare, r.show = APIKey{}, prepareAPIKey, showAPIKey
		r.remove = func(company, id string) state.Command { return &state.RevokeAPIKey{Company: company, ID: id} }
		add(a, r)
	}
	add(a, resource[state.Webhook, newWebhook]{
		kind: state.KindWebhook, place: ofCompany, path: "webhooks", one: "webhook", many: "addresses of a company that are told or asked", verbs: canAll,
		create: `{"url":"https://hooks.acme.example/meridian","events":["session.opened"]}`, change: `{"events":null}`,
		extra:   `{"kind":"native","method":"POST","secret":"whsec_5WnPbtAr2Gx4Mu9BJTqcOg8kiLTTB9Kc9Vg5kTBaHXE="}`,
		shape:   Webhook{},
		prepare: prepareWebhook,
		show: func(_ *API, _ *call, w state.Webhook, secret string) any {
			return Webhook{state.Mask(w), secret}
		},
	})
}

// prepareAPIKey makes a new key, and keeps anybody from giving a key more than the caller has.
func prepareAPIKey(a *API, ctx context.Context, d *draft[state.APIKey]) error {
	if d.old != nil && d.call.scopes != nil && !d.call.covers(d.old.Scopes) {
		return coded(forbidden(ctx, "The key may do what the caller's may not."), codeScope)
	}
	d.exact = d.old != nil && d.call.scopes != nil
	if d.deleting {
		return nil
	}
	if d.set.has("scopes") || d.old == nil {
		var scopes []string
		if err := json.Unmarshal(d.set["scopes"], &scopes); err != nil && d.set.has("scopes") {
			return invalid(ctx, "scopes", "must be a list")
		}
		for _, s := range scopes {
			if _, known := a.scopes[s]; !known {
				return invalid(ctx, "scopes", "there is no scope "+s)
			}
		}
		if !d.call.covers(scopes) {
			return coded(forbidden(ctx, "A key gives no scope that it does not have itself."), codeScope)
		}
	}
	if d.old == nil {
		key := apikey.New(NewID(d.call.at))
		d.id, d.hash, d.shownOnce = key.ID, key.Hash(), key.Text()
	}
	return nil
}

// covers tells whether the caller has all of the scopes; none stand for everything.
func (c caller) covers(scopes []string) bool {
	if c.scopes == nil {
		return true
	}
	for _, s := range scopes {
		if !c.may(s) {
			return false
		}
	}
	return len(scopes) > 0
}

func showAPIKey(_ *API, _ *call, k state.APIKey, text string) any {
	return APIKey{state.Mask(k), text}
}

func prepareWebhook(a *API, ctx context.Context, d *draft[state.Webhook]) error {
	if d.deleting {
		return nil
	}
	if err := checkEvents(ctx, d.set); err != nil {
		return err
	}
	d.sealInto(a, state.KindWebhook, "authorization", "auth")
	if kind := d.set.text("kind"); d.old == nil && (kind == "" || kind == state.WebhookNative) {
		sealed, secret := a.newSigningKey(d.id)
		d.hide("signing", sealed)
		d.shownOnce = secret
	}
	return nil
}

// checkEvents finds misspelt types of events, of which nobody would ever hear.
func checkEvents(ctx context.Context, set fields) error {
	var types []string
	if err := json.Unmarshal(set["events"], &types); err != nil {
		return nil // absent, or the state says what is wrong
	}
	for _, t := range types {
		if !event.Known(event.Type(t)) {
			return invalid(ctx, "events", "there is no event "+t)
		}
	}
	return nil
}
