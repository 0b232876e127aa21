package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/signin"
)

// cookieSession is the admin page's. The prefix makes browsers take it from this very host over TLS alone.
const cookieSession = "__Host-meridian"

type sessionIn struct {
	Cookie bool `header:"Meridian-Cookie" doc:"With 1, the token goes into the cookie __Host-meridian and not into the answer: for our own pages."`
	Body   sessionCreate
}

type sessionCreate struct {
	Email    string `json:"email" minLength:"3" maxLength:"254"`
	Password string `json:"password" minLength:"1" maxLength:"1024"`
	Company  string `json:"company,omitempty" maxLength:"253" doc:"Id or host name; absent = the company of the host that is called."`
}

// Session is a user signed in.
type Session struct {
	Token     string    `json:"token,omitempty" doc:"For the Authorization header. It is shown this once, and not at all where the cookie has it." example:"mrs_4c2kq7d1h8s5w3zt_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUjQ"`
	ExpiresAt time.Time `json:"expires_at" doc:"Unless it is used before."`
	User      Person    `json:"user"`
}

type sessionOut struct {
	Cookie string `header:"Set-Cookie"`
	Body   Session
}

func (a *API) registerSessions() {
	at := time.Date(2026, 11, 21, 21, 30, 0, 0, time.UTC)
	register(a, operation{
		method: http.MethodPost, path: "/sessions", id: "create-session", summary: "Sign in by e-mail address and password",
		tag: "sign-in", open: true, status: http.StatusCreated,
		about:   "A wrong password, an unknown address and an unknown company are one answer. After five misses of an account from one address there are pauses that grow; many misses of an address, an account, a company or altogether slow down those who have not signed in before.",
		request: sessionCreate{Email: "ada@acme.example", Password: "correct horse battery", Company: "acme"},
		answer:  Session{Token: "mrs_4c2kq7d1h8s5w3zt_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUjQ", ExpiresAt: at, User: examplePerson()},
	}, a.createSession)
	register(a, operation{
		method: http.MethodDelete, path: "/sessions/current", id: "delete-session", summary: "Sign out", tag: "sign-in", status: http.StatusNoContent,
	}, a.deleteSession)
	a.registerMe()
	a.registerPasswords()
	a.registerLoginKeys()
	a.registerOpenID()
}

func (a *API) createSession(ctx context.Context, in *sessionIn) (*sessionOut, error) {
	r := requestOf(ctx)
	if err := a.ownPage(ctx, r, in.Cookie); err != nil {
		return nil, err
	}
	opened, err := a.signin.ByPassword(ctx, signin.Credentials{
		Company: companyName(in.Body.Company, r), Email: in.Body.Email, Password: in.Body.Password, Address: address(r),
	})
	if err != nil {
		return nil, unsigned(ctx, err)
	}
	return a.shownSession(opened, in.Cookie), nil
}

// unsigned is what somebody hears who is not let in.
func unsigned(ctx context.Context, err error) error {
	if p, ok := errors.AsType[*signin.Paused](err); ok {
		return tooMany(ctx, quota{retry: p.After})
	}
	if errors.Is(err, signin.ErrRefused) {
		return problem(ctx, http.StatusUnauthorized, "Nobody signs in with these.")
	}
	return err
}

func (a *API) shownSession(o signin.Opened, inCookie bool) *sessionOut {
	out := &sessionOut{Body: Session{ExpiresAt: o.Ends, User: personOf(o.User)}}
	if inCookie {
		c := sessionCookie(o.Token.Text())
		out.Cookie = c.String()
	} else {
		out.Body.Token = o.Token.Text()
	}
	return out
}

// sessionCookie has no end: the session has one.
func sessionCookie(token string) http.Cookie {
	return http.Cookie{Name: cookieSession, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

type deletedSession struct {
	Cookie string `header:"Set-Cookie"`
}

func (a *API) deleteSession(ctx context.Context, _ *struct{}) (*deletedSession, error) {
	c := callOf(ctx)
	if c.session == nil {
		return nil, notFound(ctx)
	}
	if err := a.signin.Close(ctx, *c.session); err != nil {
		return nil, err
	}
	gone := sessionCookie("")
	gone.MaxAge = -1
	return &deletedSession{gone.String()}, nil
}

// fromCookie is the session's token of the admin page; empty for none. Only our own pages may use it.
func (a *API) fromCookie(r *http.Request) (string, error) {
	c, err := r.Cookie(cookieSession)
	if err != nil {
		return "", nil
	}
	return c.Value, a.ownPage(r.Context(), r, true)
}

// ownPage refuses calls with cookies from pages of others: SameSite lets in other hosts of the same site.
func (a *API) ownPage(ctx context.Context, r *http.Request, cookie bool) error {
	if !cookie {
		return nil
	}
	if err := a.origins.Check(r); err != nil {
		return forbidden(ctx, "The cookie is for our own pages.")
	}
	return nil
}

// companyName is the company that is named, or the host that is called.
func companyName(named string, r *http.Request) string {
	if named != "" {
		return named
	}
	return r.Host
}
