package tenant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/webhook"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
)

// Directory finds native webhooks. It may be used by any number of goroutines.
type Directory struct {
	View    func() *state.View
	Seal    *seal.Sealer
	Propose func(context.Context, state.Command) error
	Now     func() time.Time
}

// Endpoints implements notify.Directory, without keys: nothing is sent yet.
func (d *Directory) Endpoints(company string) (all []notify.Endpoint, _ error) {
	for w := range state.List[state.Webhook](d.View(), company, "") {
		if w.Kind == state.WebhookNative {
			all = append(all, endpoint(w))
		}
	}
	return all, nil
}

// Endpoint implements notify.Directory.
func (d *Directory) Endpoint(company, id string) (notify.Endpoint, error) {
	w, ok := state.GetOwned[state.Webhook](d.View(), company, id)
	if !ok || w.Kind != state.WebhookNative {
		return notify.Endpoint{}, notify.ErrNoEndpoint
	}
	e := endpoint(w)
	for _, sealed := range w.SigningKeys(d.Now()) {
		key, err := d.open(sealed, id, "signing")
		if err != nil {
			return e, err
		}
		e.Keys = append(e.Keys, webhook.Key(key))
	}
	if w.Secret != nil && len(w.Secret.Auth) > 0 {
		header, err := d.open(w.Secret.Auth, id, "auth")
		if err != nil {
			return e, err
		}
		e.Authorization = string(header)
	}
	return e, nil
}

func endpoint(w state.Webhook) notify.Endpoint {
	e := notify.Endpoint{ID: w.ID, URL: w.URL, Disabled: w.Disabled}
	for _, t := range w.Events {
		e.Events = append(e.Events, event.Type(t))
	}
	return e
}

func (d *Directory) open(sealed []byte, id, name string) ([]byte, error) {
	secret, err := d.Seal.Open(sealed, string(state.KindWebhook), id, name)
	if err != nil {
		return nil, fmt.Errorf("%s of webhook %q: %w", name, id, err)
	}
	return secret, nil
}

// Disable implements notify.Directory. One that was deleted meanwhile needs no more.
func (d *Directory) Disable(ctx context.Context, company, id, reason string) error {
	err := d.Propose(ctx, &state.DisableWebhook{Company: company, ID: id, Reason: reason})
	if e, ok := errors.AsType[*state.Error](err); ok && e.Code == state.CodeNotFound {
		return nil
	}
	return err
}
