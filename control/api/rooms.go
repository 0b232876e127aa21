package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

type roomIn struct {
	CompanyPath
	Body struct {
		PublicID        string `json:"public_id,omitempty" maxLength:"128" pattern:"^[A-Za-z0-9._~-]*$" doc:"Part of links, unique in the company; made when absent."`
		Kind            string `json:"kind,omitempty" enum:"call,webinar" default:"call"`
		HomePOP         string `json:"home_pop,omitempty" maxLength:"63" doc:"Preferred POP; absent = where the first one joins."`
		Open            bool   `json:"open,omitempty" doc:"Entry without a token."`
		MaxParticipants int    `json:"max_participants,omitempty" minimum:"0" maximum:"100000" doc:"0 = the company's."`
	}
}

// RoomPath names a room.
type RoomPath struct {
	CompanyPath
	Room string `path:"room" maxLength:"128" doc:"The room's id or public id."`
}

type roomPatch struct {
	RoomPath
	Body struct {
		Kind            *string `json:"kind,omitempty" enum:"call,webinar"`
		HomePOP         *string `json:"home_pop,omitempty" maxLength:"63"`
		Open            *bool   `json:"open,omitempty"`
		MaxParticipants *int    `json:"max_participants,omitempty" minimum:"0" maximum:"100000"`
	}
}

type roomOut struct{ Body state.Room }

func (a *api) registerRooms() {
	const list, one = "/companies/{company}/rooms", "/companies/{company}/rooms/{room}"
	register(a, operation(http.MethodGet, list, "list-rooms", "List a company's rooms", "rooms", 0),
		func(ctx context.Context, in *ownedQuery) (*pageOut[state.Room], error) {
			return listOwned(ctx, in, (*state.View).Rooms, func(r state.Room) string { return r.ID }, same)
		})
	register(a, operation(http.MethodPost, list, "create-room", "Create a room", "rooms", 201), a.createRoom)
	register(a, operation(http.MethodGet, one, "get-room", "Read a room", "rooms", 0),
		func(ctx context.Context, in *RoomPath) (*roomOut, error) {
			r, err := room(ctx, in)
			return &roomOut{r}, err
		})
	register(a, operation(http.MethodPatch, one, "update-room", "Change a room", "rooms", 0),
		func(ctx context.Context, in *roomPatch) (*roomOut, error) {
			r, err := room(ctx, &in.RoomPath)
			if err != nil {
				return nil, err
			}
			b := in.Body
			r, err = propose[state.Room](ctx, a, &state.UpdateRoom{
				Company: in.Company, ID: r.ID, Kind: b.Kind, HomePOP: b.HomePOP, Open: b.Open, MaxParticipants: b.MaxParticipants,
			})
			return &roomOut{r}, err
		})
	register(a, operation(http.MethodDelete, one, "delete-room", "Delete a room", "rooms", 204),
		func(ctx context.Context, in *RoomPath) (*empty, error) {
			r, err := room(ctx, in)
			if err != nil {
				return nil, err
			}
			_, err = propose[state.Room](ctx, a, &state.DeleteRoom{Company: in.Company, ID: r.ID})
			return nil, err
		})
}

// room finds a room by id, then by public id.
func room(ctx context.Context, in *RoomPath) (state.Room, error) {
	if _, err := company(ctx, in.Company); err != nil {
		return state.Room{}, err
	}
	v := callOf(ctx).view
	if r, ok := v.RoomByID(in.Room); ok && r.Company == in.Company {
		return r, nil
	}
	r, ok := v.Room(in.Company, in.Room)
	if !ok {
		return state.Room{}, notFound(ctx)
	}
	return r, nil
}

func (a *api) createRoom(ctx context.Context, in *roomIn) (*roomOut, error) {
	if _, err := company(ctx, in.Company); err != nil {
		return nil, err
	}
	b := in.Body
	id := NewID(a.now())
	if b.PublicID == "" {
		b.PublicID = id
	}
	r, err := propose[state.Room](ctx, a, &state.CreateRoom{
		ID: id, Company: in.Company, PublicID: b.PublicID, Kind: b.Kind, HomePOP: b.HomePOP, Open: b.Open, MaxParticipants: b.MaxParticipants,
	})
	return &roomOut{r}, err
}

const (
	defaultTTL = 10 * time.Minute
	maxTTL     = 24 * time.Hour
)

type tokenIn struct {
	RoomPath
	Body struct {
		Name string `json:"name,omitempty" maxLength:"200" doc:"The participant's name."`
		Peer string `json:"peer,omitempty" maxLength:"64" doc:"The participant's peer id; the newest of two with one id stays."`
		Role string `json:"role,omitempty" enum:"moderator,regular" default:"regular"`
		TTL  int    `json:"ttl_seconds,omitempty" minimum:"1" maximum:"86400" default:"600" doc:"How long the token opens the room."`
	}
}

// JoinToken opens a room for one participant.
type JoinToken struct {
	Token     string    `json:"token"`
	Room      string    `json:"room" doc:"Public id of the room."`
	ExpiresAt time.Time `json:"expires_at"`
}

type tokenOut struct{ Body JoinToken }

func (a *api) registerTokens() {
	register(a, operation(http.MethodPost, "/companies/{company}/rooms/{room}/tokens", "create-token", "Mint a join token", "tokens", 201), a.createToken)
}

func (a *api) createToken(ctx context.Context, in *tokenIn) (*tokenOut, error) {
	r, err := room(ctx, &in.RoomPath)
	if err != nil {
		return nil, err
	}
	now := a.now()
	ttl := time.Duration(in.Body.TTL) * time.Second
	if ttl == 0 {
		ttl = defaultTTL
	}
	expires := now.Add(min(ttl, maxTTL)).UTC().Truncate(time.Second)
	text, err := a.tokens.Mint(token.Claims{
		Company: in.Company, Room: r.PublicID, Peer: in.Body.Peer, Name: in.Body.Name, Role: in.Body.Role, NotBefore: now, Expires: expires,
	})
	switch {
	case errors.Is(err, token.ErrIncomplete):
		return nil, invalid(ctx, "name", "does not fit a token")
	case err != nil:
		return nil, err
	}
	return &tokenOut{JoinToken{text, r.PublicID, expires}}, nil
}
