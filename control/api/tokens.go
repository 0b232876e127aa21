package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
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
	Name     string `json:"name,omitempty" maxLength:"200" doc:"The participant's name."`
	Peer     string `json:"peer,omitempty" maxLength:"64" doc:"The participant's peer id; the newest of two with one id stays."`
	User     string `json:"user,omitempty" maxLength:"64" doc:"Id of the user whom it is for: history files the presence under it. At most one of user, customer and attendee."`
	Customer string `json:"customer,omitempty" maxLength:"64" doc:"Id of the customer whom it is for."`
	Attendee string `json:"attendee,omitempty" maxLength:"64" doc:"Id of an attendee of a meeting in this room: it names who was invited, has the attendee's id as peer id where none is given, and ends with the invitation."`
	Role     string `json:"role,omitempty" enum:"moderator,regular" default:"regular"`
	TTL      int    `json:"ttl_seconds,omitempty" minimum:"1" maximum:"86400" default:"600" doc:"How long the token opens the room; with once at most 120, which is the default then."`
	Once     bool   `json:"once,omitempty" doc:"It serves once: within its time it is exchanged, at any edge, for a session of half an hour that is bound to one browser."`
}

// JoinToken opens a room for one participant.
type JoinToken struct {
	Token     string    `json:"token"`
	ID        string    `json:"id" doc:"By which it can be withdrawn."`
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
		answer:  JoinToken{Token: "eyJhbGciOiJFZERTQSJ9.…", ID: "K4ZV6JCRPHZ5CYQ2PHN3GLFXQA", Room: "standup", ExpiresAt: time.Date(2026, 11, 21, 9, 40, 0, 0, time.UTC)},
	}, a.createToken)
}

// claims are those of the token that is asked for.
func (b tokenCreate) claims(company, room string, now time.Time) token.Claims {
	ttl, most := time.Duration(b.TTL)*time.Second, maxTTL
	c := token.Claims{ID: rand.Text(), Company: company, Room: room, Peer: b.Peer, Name: b.Name, Role: b.Role, NotBefore: now}
	if b.Once {
		c.Kind, c.Issued, c.NotBefore, most = token.Attendee, now.UTC().Truncate(time.Second), time.Time{}, token.AttendeeLife
	}
	if ttl == 0 {
		ttl = defaultTTL
	}
	c.Expires = now.Add(min(ttl, most)).UTC().Truncate(time.Second)
	return c
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
	claims := in.Body.claims(of.ID, r.PublicID, a.now())
	if err := in.Body.name(ctx, r, &claims); err != nil {
		return nil, err
	}
	if in.Body.Once { // a session has a peer id
		claims.Peer = cmp.Or(claims.Peer, strings.ToLower(rand.Text()))
	}
	text, err := a.tokens.Mint(claims)
	switch {
	case errors.Is(err, token.ErrIncomplete):
		return nil, invalid(ctx, "name", "does not fit a token")
	case err != nil:
		return nil, err
	}
	return &tokenOut{JoinToken{text, claims.ID, r.PublicID, claims.Expires}}, nil
}
