package api

import (
	"context"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
)

type loginKeyIn struct {
	Company string `path:"company" maxLength:"64" doc:"Id of the company."`
	User    string `path:"user" maxLength:"64" doc:"Id of the user."`
	Body    struct {
		EndSessions bool `json:"end_sessions" required:"false" doc:"Also ends the user's sessions, as after a leak."`
	}
}

// LoginKey is a key by which a company's server signs a user in.
type LoginKey struct {
	LoginKey string `json:"login_key" doc:"It is shown this once, and takes the place of the one before."`
}

type loginKeyOut struct{ Body LoginKey }

type bySessionKeyIn struct {
	Body struct {
		User     string `json:"user" minLength:"1" maxLength:"64" doc:"Id or number of the user."`
		LoginKey string `json:"login_key" minLength:"1" maxLength:"200"`
		Company  string `json:"company,omitempty" maxLength:"253" doc:"Id or host name; absent = the company of the host that is called."`
	}
}

func (a *API) registerLoginKeys() {
	example := "mru_" + exampleID("user") + "_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUjQ"
	who := examplePerson()
	register(a, operation{
		method: http.MethodPost, path: "/companies/{company}/users/{user}/login-keys", id: "create-login-key", summary: "Make or rotate a user's login key",
		tag: "users", scope: "users:write", status: http.StatusCreated,
		about:   "With it the company's own server signs the user in. The key before is dead at once.",
		request: map[string]bool{"end_sessions": true}, answer: LoginKey{example},
	}, a.createLoginKey)
	register(a, operation{
		method: http.MethodDelete, path: "/companies/{company}/users/{user}/login-keys", id: "delete-login-key", summary: "Take a user's login key away",
		tag: "users", scope: "users:write", status: http.StatusNoContent,
	}, a.deleteLoginKey)
	register(a, operation{
		method: http.MethodDelete, path: "/companies/{company}/users/{user}/sessions", id: "delete-user-sessions", summary: "Sign a user out everywhere",
		tag: "users", scope: "users:write", status: http.StatusNoContent,
	}, a.deleteUserSessions)
	register(a, operation{
		method: http.MethodPost, path: "/sessions/login-key", id: "create-session-by-login-key", summary: "Sign in by a login key",
		tag: "sign-in", open: true, status: http.StatusCreated,
		request: map[string]string{"user": exampleID("user"), "login_key": example, "company": "acme"},
		answer: Session{
			Token: "mrs_4c2kq7d1h8s5w3zt_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUjQ", ExpiresAt: time.Date(2026, 11, 21, 21, 30, 0, 0, time.UTC), User: who,
		},
	}, a.createSessionByLoginKey)
}

func (a *API) createLoginKey(ctx context.Context, in *loginKeyIn) (*loginKeyOut, error) {
	u, err := userOf(ctx, in.User)
	if err != nil {
		return nil, err
	}
	key, set := signin.NewLoginKey(u)
	var command state.Command = set
	if in.Body.EndSessions {
		command = &state.Batch{Commands: []state.Command{set, &state.CloseSession{Company: u.Company, User: u.ID}}}
	}
	_, text, err := propose[state.User](ctx, a, wish{command: command, extra: key.Text()})
	return &loginKeyOut{LoginKey{text}}, err
}

func (a *API) deleteLoginKey(ctx context.Context, in *userPath) (*struct{}, error) {
	u, err := userOf(ctx, in.User)
	if err != nil {
		return nil, err
	}
	_, _, err = propose[state.User](ctx, a, wish{command: signin.NoLoginKey(u)})
	return nil, err
}

func (a *API) deleteUserSessions(ctx context.Context, in *userPath) (*struct{}, error) {
	u, err := userOf(ctx, in.User)
	if err != nil {
		return nil, err
	}
	_, err = a.store.ProposeOn(ctx, &state.CloseSession{Company: u.Company, User: u.ID}, state.Terms{By: callOf(ctx).by, Request: requestID(ctx)})
	return nil, err
}

func (a *API) createSessionByLoginKey(ctx context.Context, in *bySessionKeyIn) (*sessionOut, error) {
	r := requestOf(ctx)
	o, err := a.signin.ByLoginKey(ctx, companyName(in.Body.Company, r), in.Body.User, in.Body.LoginKey, address(r))
	if err != nil {
		return nil, unsigned(ctx, err)
	}
	return a.shownSession(o, false), nil
}
