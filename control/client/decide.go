package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/meridian-video/meridian/control/edgeapi"
	"github.com/meridian-video/meridian/control/proxy"
)

// What edges have decided by the leader, in the words of package edgeapi.
type (
	// Placement says where a session of a room has its home.
	Placement = edgeapi.Placement
	// UseRequest claims the first use of a token.
	UseRequest = edgeapi.UseRequest
	// UseAnswer is the first use as it stands.
	UseAnswer = edgeapi.UseAnswer
	// ExchangeRequest gives up a token that serves once.
	ExchangeRequest = edgeapi.ExchangeRequest
	// ExchangeAnswer is the token that it was given up for.
	ExchangeAnswer = edgeapi.ExchangeAnswer
	// HeaderRequest asks what a registered webhook is called with.
	HeaderRequest = edgeapi.HeaderRequest
	// Refusal is returned for a token that is not exchanged; it has a code.
	Refusal = edgeapi.Refusal
)

// MaxPlacements is how many placements Place takes at once.
const MaxPlacements = edgeapi.MaxPlacements

// ParseUse reads a claim of another edge's, ParseUseAnswer what one answers.
var (
	ParseUse       = edgeapi.ParseUse
	ParseUseAnswer = edgeapi.ParseUseAnswer
)

const (
	maxAnswer = 256 << 10 // bytes
	maxTries  = 3         // of a question whose answer was lost: asking again does no harm
)

// Place tells where rooms have their home: this node. The answer has for each placement that which stands
// instead, nil where none does.
func (c *Client) Place(ctx context.Context, list []Placement) ([]*Placement, error) {
	var out edgeapi.PlaceAnswer
	if err := c.ask(ctx, edgeapi.PathPlace, edgeapi.PlaceRequest{Placements: list}, &out); err != nil {
		return nil, fmt.Errorf("place rooms: %w", err)
	}
	if len(out.Standing) != len(list) {
		return nil, fmt.Errorf("place rooms: %d answers for %d", len(out.Standing), len(list))
	}
	return out.Standing, nil
}

// Use claims the first use of a token, and gives the one that stands.
func (c *Client) Use(ctx context.Context, u UseRequest) (out UseAnswer, err error) {
	if err := c.ask(ctx, edgeapi.PathUse, u, &out); err != nil {
		return out, fmt.Errorf("claim first use: %w", err)
	}
	return out, nil
}

// Exchange gives up a token that serves once. The error is a *Refusal where control has said no.
func (c *Client) Exchange(ctx context.Context, e ExchangeRequest) (out ExchangeAnswer, err error) {
	if err := c.ask(ctx, edgeapi.PathExchange, e, &out); err != nil {
		return out, fmt.Errorf("exchange token: %w", err)
	}
	return out, nil
}

// Header gives the Authorization header of a registered webhook, empty for none.
func (c *Client) Header(ctx context.Context, r HeaderRequest) (string, error) {
	var out edgeapi.HeaderAnswer
	if err := c.ask(ctx, edgeapi.PathHeader, r, &out); err != nil {
		return "", fmt.Errorf("header of webhook %q: %w", r.Webhook, err)
	}
	return out.Authorization, nil
}

// ask asks the leader by any control node, again where the answer was lost.
func (c *Client) ask(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := c.askOnce(ctx, path, body, out)
		if !errors.Is(err, proxy.ErrUnknownOutcome) || try == maxTries || ctx.Err() != nil {
			return err
		}
	}
}

func (c *Client) askOnce(ctx context.Context, path string, body []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := c.api.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w: %w", proxy.ErrUnknownOutcome, err)
	}
	return read(res, b, out)
}

func read(res *http.Response, body []byte, out any) error {
	switch res.StatusCode {
	case http.StatusOK:
		return json.Unmarshal(body, out)
	case http.StatusUnprocessableEntity:
		refusal := &Refusal{}
		if json.Unmarshal(body, refusal) == nil && refusal.Word != "" {
			return refusal
		}
	}
	return fmt.Errorf("control answers %s: %s", res.Status, strings.TrimSpace(string(body[:min(len(body), 200)])))
}
