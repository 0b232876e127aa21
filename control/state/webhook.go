package state

import "time"

// DisableWebhook stops calls to an address that said it is gone.
type DisableWebhook struct {
	Company string `json:"company"`
	ID      string `json:"id"`
	Reason  string `json:"reason"`
}

// Name implements Command.
func (*DisableWebhook) Name() string { return "webhook.disable" }

func (c *DisableWebhook) apply(tx *tx) (any, error) {
	e, err := tx.owned(KindWebhook, c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	w := *e.(*Webhook)
	w.Disabled = c.Reason
	if err := tx.put(KindWebhook, &w); err != nil {
		return nil, err
	}
	return w, nil
}

// EnableWebhook has an address called again that was disabled. A second time changes nothing.
type EnableWebhook struct {
	Company string `json:"company"`
	ID      string `json:"id"`
}

// Name implements Command.
func (*EnableWebhook) Name() string { return "webhook.enable" }

func (c *EnableWebhook) apply(tx *tx) (any, error) {
	e, err := tx.owned(KindWebhook, c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	w := *e.(*Webhook)
	if w.Disabled == "" {
		return w, nil
	}
	w.Disabled = ""
	if err := tx.put(KindWebhook, &w); err != nil {
		return nil, err
	}
	return w, nil
}

// RotateWebhook gives a native webhook a new signing key. Until the overlap ends the old one signs beside it; an
// end that is not in the future drops the old one at once.
type RotateWebhook struct {
	Company     string    `json:"company"`
	ID          string    `json:"id"`
	Signing     []byte    `json:"signing"` // sealed
	OverlapEnds time.Time `json:"overlap_ends"`
}

// Name implements Command.
func (*RotateWebhook) Name() string { return "webhook.rotate" }

func (c *RotateWebhook) apply(tx *tx) (any, error) {
	e, err := tx.owned(KindWebhook, c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	w := *e.(*Webhook)
	if w.Kind != WebhookNative {
		return nil, conflict("kind", "only calls of native webhooks are signed")
	}
	if len(c.Signing) == 0 {
		return nil, invalid("signing", "must not be empty")
	}
	var secret WebhookSecret
	if w.Secret != nil { // a copy: views hold the old one
		secret = *w.Secret
	}
	secret.rotate(c.Signing, c.OverlapEnds.UTC(), tx.at)
	w.Secret = &secret
	if err := tx.put(KindWebhook, &w); err != nil {
		return nil, err
	}
	return w, nil
}

func (s *WebhookSecret) rotate(signing []byte, ends, at time.Time) {
	s.Previous, s.PreviousEnds = nil, nil
	if ends.After(at) && len(s.Signing) > 0 {
		s.Previous, s.PreviousEnds = s.Signing, &ends
	}
	s.Signing = signing
}

// SigningKeys are the sealed keys that sign at a time, the newest first.
func (w Webhook) SigningKeys(at time.Time) [][]byte {
	if w.Secret == nil || len(w.Secret.Signing) == 0 {
		return nil
	}
	keys := [][]byte{w.Secret.Signing}
	if s := w.Secret; s.PreviousEnds != nil && at.Before(*s.PreviousEnds) {
		keys = append(keys, s.Previous)
	}
	return keys
}
