package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

const (
	defaultTTL = 10 * time.Minute
	maxTTL     = 24 * time.Hour
)

type tokenIn struct {
	Company string `path:"company" maxLength:"64" doc:"Id of the company."`
	Room    string `path:"room" maxLength:"128" doc:"The room's id or public id."`
	Body    tokenCreate
}

type tokenCreate struct {
	Name string `json:"name,omitempty" maxLength:"200" doc:"The participant's name."`
	Peer string `json:"peer,omitempty" maxLength:"64" doc:"The participant's peer id; the newest of two with one id stays."`
	Role string `json:"role,omitempty" enum:"moderator,regular" default:"regular"`
	TTL  int    `json:"ttl_seconds,omitempty" minimum:"1" maximum:"86400" default:"600" doc:"How long the token opens the room."`
}

// JoinToken opens a room for one participant.
type JoinToken struct {
	Token     string    `json:"token"`
	Room      string    `json:"room" doc:"Public id of the room."`
	ExpiresAt time.Time `json:"expires_at"`
}

type tokenOut struct{ Body JoinToken }

func (a *API) registerTokens() {
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/rooms/{room}/tokens", id: "create-token", summary: "Mint a join token",
		tag: "tokens", scope: "tokens:write", status: http.StatusCreated,
		about:   "Nothing is kept of a token, so that a repetition is another token and does no harm.",
		request: tokenCreate{Name: "Ada", Peer: "ada-1", Role: "moderator", TTL: 600},
		answer:  JoinToken{Token: "eyJhbGciOiJFZERTQSJ9.…", Room: "standup", ExpiresAt: time.Date(2026, 11, 21, 9, 40, 0, 0, time.UTC)},
	}, a.createToken)
}

func (a *API) createToken(ctx context.Context, in *tokenIn) (*tokenOut, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	v := callOf(ctx).view
	r, ok := state.GetOwned[state.Room](v, of.ID, in.Room)
	if !ok {
		r, ok = state.Find[state.Room](v, "public_id", of.ID, in.Room)
	}
	if c := callOf(ctx); !ok || c.alone() && r.User != c.user() {
		return nil, notFound(ctx)
	}
	now := a.now()
	ttl := time.Duration(in.Body.TTL) * time.Second
	if ttl == 0 {
		ttl = defaultTTL
	}
	expires := now.Add(min(ttl, maxTTL)).UTC().Truncate(time.Second)
	text, err := a.tokens.Mint(token.Claims{
		Company: of.ID, Room: r.PublicID, Peer: in.Body.Peer, Name: in.Body.Name, Role: in.Body.Role, NotBefore: now, Expires: expires,
	})
	switch {
	case errors.Is(err, token.ErrIncomplete):
		return nil, invalid(ctx, "name", "does not fit a token")
	case err != nil:
		return nil, err
	}
	return &tokenOut{JoinToken{text, r.PublicID, expires}}, nil
}
