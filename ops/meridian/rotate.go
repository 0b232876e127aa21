package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

// rotateCommand replaces an API key by one that may do the same. Both work for a while, so that nothing that uses
// the old one stops.
type rotateCommand struct {
	remote
	place
	ID      string        `arg:"" help:"The id of the old key."`
	Overlap time.Duration `default:"24h" placeholder:"24h" help:"How long the old key goes on (24h)."`
	JSON    bool          `help:"Print JSON instead of the table."`
}

// rotated is what --json prints.
type rotated struct {
	New     json.RawMessage `json:"new"`
	Old     string          `json:"old"`
	OldEnds time.Time       `json:"old_ends"`
}

// Run makes the new key first: if what follows fails, there is one key too many, not one too few.
func (c *rotateCommand) Run(ctx context.Context, p *process) error {
	if c.Overlap < 0 {
		return refuse(fmt.Errorf("--overlap %v is in the past", c.Overlap))
	}
	base := c.base(p)
	item := base + "/" + url.PathEscape(c.ID)
	var old state.APIKey
	if err := c.get(ctx, p, item, &old); err != nil {
		return err
	}
	made, err := c.send(ctx, p, http.MethodPost, base, successor(old))
	if err != nil {
		return err
	}
	ends := time.Now().Add(c.Overlap).UTC().Truncate(time.Second)
	if old.Expires == nil || ends.Before(*old.Expires) {
		if _, err := c.send(ctx, p, http.MethodPatch, item, map[string]any{"expires": ends}); err != nil {
			return fmt.Errorf("there is a new key, but the old one goes on (revoke it by hand): %w", err)
		}
	} else {
		ends = *old.Expires
	}
	return c.print(p, rotated{made, c.ID, ends})
}

// successor is a key that may do what the old one may, for as long as that was meant to live. Its rate is for those
// to give who are above.
func successor(old state.APIKey) map[string]any {
	next := map[string]any{"name": old.Name}
	if old.Scopes != nil {
		next["scopes"] = old.Scopes
	}
	if old.Expires != nil {
		next["expires"] = time.Now().Add(old.Expires.Sub(old.CreatedAt)).UTC().Truncate(time.Second)
	}
	return next
}

func (c *rotateCommand) base(p *process) string {
	switch company := p.getenv("MERIDIAN_COMPANY"); {
	case c.Reseller != "":
		return "/resellers/" + url.PathEscape(c.Reseller) + "/api-keys"
	case c.Company != "":
		return "/companies/" + url.PathEscape(c.Company) + "/api-keys"
	case company != "":
		return "/companies/" + url.PathEscape(company) + "/api-keys"
	}
	return "/api-keys"
}

func (c *rotateCommand) send(ctx context.Context, p *process, method, path string, body any) (answer json.RawMessage, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	res, err := c.call(ctx, p, request{method: method, path: path, body: text})
	if err != nil {
		return nil, err
	}
	defer res.Close()
	return answer, json.NewDecoder(res).Decode(&answer)
}

func (c *rotateCommand) print(p *process, r rotated) error {
	if c.JSON {
		return printJSON(p.stdout, r)
	}
	var made struct{ ID, Key string }
	if err := json.Unmarshal(r.New, &made); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.stdout, "id   %s\nkey  %s\n", made.ID, made.Key); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.stderr, "Keep the key now: it is not shown again. The old one, %s, ends at %s.\n", r.Old, r.OldEnds.Format(time.RFC3339))
	return err
}
