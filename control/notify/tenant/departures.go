package tenant

import (
	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/state"
)

// Callers implements notify.Departures.
func (d *Directory) Callers(company string) (all []notify.Caller, _ error) {
	for w := range state.List[state.Webhook](d.View(), company, "") {
		if w.Kind == state.WebhookClose && w.Disabled == "" {
			all = append(all, notify.Caller{ID: w.ID, URL: w.URL, Method: w.Method})
		}
	}
	return all, nil
}

// Caller implements notify.Departures, for a webhook that is told or asked.
func (d *Directory) Caller(company, id string) (notify.Caller, error) {
	w, ok := state.GetOwned[state.Webhook](d.View(), company, id)
	if !ok || w.Kind == state.WebhookNative {
		return notify.Caller{}, notify.ErrNoEndpoint
	}
	c := notify.Caller{ID: w.ID, URL: w.URL, Method: w.Method}
	if w.Secret != nil && len(w.Secret.Auth) > 0 {
		header, err := d.open(w.Secret.Auth, id, "auth")
		if err != nil {
			return c, err
		}
		c.Authorization = string(header)
	}
	return c, nil
}
