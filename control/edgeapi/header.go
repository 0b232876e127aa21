package edgeapi

import (
	"github.com/meridian-video/meridian/control/state"
)

// PathHeader answers what a registered webhook is called with. Edges have the
// webhooks, and the headers sealed.
const PathHeader = "/cluster/v1/webhook-header"

// HeaderRequest asks for the Authorization header of a webhook.
type HeaderRequest struct {
	Company string `json:"company"`
	Webhook string `json:"webhook"`
}

// HeaderAnswer is the header's value, empty where there is none.
type HeaderAnswer struct {
	Authorization string `json:"authorization"`
}

func (r *HeaderRequest) valid() bool { return name(r.Company) && name(r.Webhook) }

func (h *Handler) header(body []byte) (*HeaderAnswer, error) {
	var in HeaderRequest
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	w, ok := state.GetOwned[state.Webhook](h.Store.View(), in.Company, in.Webhook)
	if !ok {
		return nil, &Refusal{Word: "not_found", Message: "There is no such webhook."}
	}
	if w.Secret == nil || len(w.Secret.Auth) == 0 {
		return &HeaderAnswer{}, nil
	}
	value, err := h.Open(w.Secret.Auth, string(state.KindWebhook), w.ID, "auth")
	if err != nil {
		return nil, err
	}
	return &HeaderAnswer{string(value)}, nil
}
