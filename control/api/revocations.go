package api

import (
	"context"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

// revokedFor is how long a token is remembered as withdrawn where nothing else is asked for: longer than any that
// this API mints, and than moderators' of two weeks.
const revokedFor = 365 * 24 * time.Hour

type revocationIn struct {
	Company string `path:"company" maxLength:"64" doc:"Id of the company."`
	Body    revocationCreate
}

type revocationCreate struct {
	ID      string     `json:"id" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9.-]+$" doc:"Id of the token, its jti."`
	Expires *time.Time `json:"expires_at,omitempty" doc:"When the token would end by itself; absent = in a year. Then the withdrawal is forgotten."`
}

// Revocation is a token that is withdrawn.
type Revocation struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires_at"`
}

type revocationOut struct{ Body Revocation }

func (a *API) registerRevocations() {
	day := time.Date(2027, 11, 21, 9, 40, 0, 0, time.UTC)
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/revocations", id: "create-revocation", summary: "Withdraw a token",
		tag: "tokens", scope: "revocations:write", status: http.StatusCreated,
		about: "The token opens nothing any more, nor does any that was made from it; who is in a meeting by one of them is removed. " +
			"Keys of the company are withdrawn at their own place, and leave meetings alone.",
		request: revocationCreate{ID: "K4ZV6JCRPHZ5CYQ2PHN3GLFXQA", Expires: &day},
		answer:  Revocation{ID: "K4ZV6JCRPHZ5CYQ2PHN3GLFXQA", Expires: day},
	}, a.createRevocation)
}

func (a *API) createRevocation(ctx context.Context, in *revocationIn) (*revocationOut, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	now := a.now()
	expires := now.Add(revokedFor)
	if in.Body.Expires != nil {
		expires = *in.Body.Expires
	}
	if !expires.After(now) {
		return nil, invalid(ctx, "expires_at", "is over")
	}
	if expires.After(now.AddDate(10, 0, 0)) {
		return nil, invalid(ctx, "expires_at", "is more than ten years ahead")
	}
	r, _, err := propose[state.Revocation](ctx, a, wish{command: &state.RevokeToken{
		Company: of.ID, JTI: in.Body.ID, Expires: expires.UTC().Truncate(time.Second),
	}})
	if err != nil {
		return nil, err
	}
	return &revocationOut{Revocation{in.Body.ID, r.Expires}}, nil
}
