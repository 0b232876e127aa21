package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
)

type askedIn struct {
	Body struct {
		Email   string `json:"email" minLength:"3" maxLength:"254"`
		Company string `json:"company,omitempty" maxLength:"253" doc:"Id or host name; absent = the company of the host that is called."`
	}
}

type redeemIn struct {
	Body struct {
		Token    string `json:"token" minLength:"1" maxLength:"200" doc:"What follows # in the link."`
		Password string `json:"password" minLength:"8" maxLength:"256"`
	}
}

type changeIn struct {
	Body struct {
		Password    string `json:"password" minLength:"1" maxLength:"1024" doc:"The one that holds."`
		NewPassword string `json:"new_password" minLength:"8" maxLength:"256"`
	}
}

type userPath struct {
	Company string `path:"company" maxLength:"64" doc:"Id of the company."`
	User    string `path:"user" maxLength:"64" doc:"Id of the user."`
}

type linkIn struct {
	Company string `path:"company" maxLength:"64" doc:"Id of the company."`
	User    string `path:"user" maxLength:"64" doc:"Id of the user."`
	Body    struct {
		Purpose string `json:"purpose,omitempty" enum:"create,reset" default:"create" doc:"create works for 24 hours, reset for one."`
	}
}

// PasswordLink is a link with which a user chooses a password.
type PasswordLink struct {
	URL       string    `json:"url" doc:"It works once, and takes the place of the one before. It is a secret."`
	ExpiresAt time.Time `json:"expires_at"`
}

type linkOut struct{ Body PasswordLink }

func (a *API) registerPasswords() {
	register(a, operation{
		method: http.MethodPost, path: "/password-links", id: "ask-password-link", summary: "Be sent a link to choose a new password",
		tag: "sign-in", open: true, status: http.StatusAccepted,
		about:   "The answer is the same whether the address is somebody's or not.",
		request: map[string]string{"email": "ada@acme.example", "company": "acme"},
	}, a.askPasswordLink)
	register(a, operation{
		method: http.MethodPost, path: "/password-links/redeem", id: "redeem-password-link", summary: "Choose a password by a link",
		tag: "sign-in", open: true, status: http.StatusNoContent,
		about: "It ends the link and all sessions of the user.",
		request: map[string]string{
			"token": "mrl_" + exampleID("user") + "_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUjQ", "password": "correct horse battery",
		},
	}, a.redeemPasswordLink)
	register(a, operation{
		method: http.MethodPost, path: "/me/password", id: "change-password", summary: "Change one's own password", tag: "sign-in", status: http.StatusNoContent,
		about:   "It ends all sessions of the user, this one too. A session that the company's server opened may not.",
		request: map[string]string{"password": "correct horse battery", "new_password": "staple of the battery"},
	}, a.changePassword)
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/users/{user}/password-links", id: "create-password-link", summary: "Make a user's password link",
		tag: "users", scope: "users:write", status: http.StatusCreated,
		request: map[string]string{"purpose": "create"},
		answer: PasswordLink{
			URL:       "https://meet.acme.example" + signin.PagePassword + "#mrl_" + exampleID("user") + "_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUjQ",
			ExpiresAt: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
		},
	}, a.createPasswordLink)
}

func (a *API) askPasswordLink(ctx context.Context, in *askedIn) (*struct{}, error) {
	r := requestOf(ctx)
	if err := a.signin.Forgot(companyName(in.Body.Company, r), in.Body.Email, r.Host, address(r)); err != nil {
		return nil, unsigned(ctx, err)
	}
	return nil, nil
}

func (a *API) redeemPasswordLink(ctx context.Context, in *redeemIn) (*struct{}, error) {
	err := a.signin.Redeem(ctx, in.Body.Token, in.Body.Password, address(requestOf(ctx)))
	if errors.Is(err, signin.ErrRefused) {
		return nil, invalid(ctx, "token", "is over, was used, or is no link's")
	}
	return nil, unsigned(ctx, badLength(ctx, "password", err))
}

func (a *API) changePassword(ctx context.Context, in *changeIn) (*struct{}, error) {
	c := callOf(ctx)
	if c.session == nil {
		return nil, forbidden(ctx, "A key has no password.")
	}
	err := a.signin.ChangePassword(ctx, *c.session, address(requestOf(ctx)), in.Body.Password, in.Body.NewPassword)
	if errors.Is(err, signin.ErrRefused) {
		return nil, invalid(ctx, "password", "is not the user's, or not for this session to change")
	}
	return nil, unsigned(ctx, badLength(ctx, "new_password", err))
}

func badLength(ctx context.Context, field string, err error) error {
	if errors.Is(err, password.ErrLength) {
		return invalid(ctx, field, "is too short or too long")
	}
	return err
}

func (a *API) createPasswordLink(ctx context.Context, in *linkIn) (*linkOut, error) {
	u, err := userOf(ctx, in.User)
	if err != nil {
		return nil, err
	}
	l, err := a.signin.PasswordLink(ctx, u.Company, u.ID, requestOf(ctx).Host, in.Body.Purpose != "reset", callOf(ctx).by)
	if errors.Is(err, signin.ErrRefused) {
		return nil, problem(ctx, http.StatusConflict, "The user does not sign in by password.")
	}
	return &linkOut{PasswordLink{l.URL, l.Ends.UTC()}}, err
}

// userOf finds the user of a path, for who may change how that user signs in: an administrator who does not stand
// below them.
func userOf(ctx context.Context, user string) (state.User, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return state.User{}, err
	}
	c := callOf(ctx)
	u, ok := state.GetOwned[state.User](c.view, of.ID, user)
	if !ok || c.alone() && u.ID != c.user() {
		return state.User{}, notFound(ctx)
	}
	if c.alone() || u.Role == state.RoleReseller && c.reach < reachReseller {
		return state.User{}, forbidden(ctx, "How this user signs in is for somebody above to say.")
	}
	return u, nil
}

// SignIn makes links for letters, and lets facades' people in.
func (a *API) SignIn() *signin.Signin { return a.signin }
