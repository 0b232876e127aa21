package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
)

// call is what a handler knows of its request.
type call struct {
	caller
	view   *state.View // holds every write acknowledged before the call
	at     time.Time
	header http.Header // of the answer
	once   *state.OnceKey
	// escaped says that the parts of the path are as they came over the wire.
	escaped bool
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(keyCall).(*call)
	return c
}

// authenticate finds who calls, and whether this call is theirs to make: credential, rate and scope.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	scope, open := scopeOf(ctx.Operation())
	if open {
		next(ctx)
		return
	}
	r, w := humachi.Unwrap(ctx)
	c := &call{at: a.now(), header: w.Header(), escaped: r.URL.RawPath != ""}
	err := a.admit(r, c, scope)
	if err != nil {
		a.writeError(ctx, a.refuse(ctx.Context(), err))
		return
	}
	if c.session != nil {
		slideWith(ctx.Context(), *c.session)
	}
	next(huma.WithValue(ctx, keyCall, c))
}

// admit takes a key or a session's token from the Authorization header (RFC 6750, section 2.1), or a session's
// from the admin page's cookie. URLs end up in logs: nothing is taken from there.
func (a *API) admit(r *http.Request, c *call, scope string) (err error) {
	text := bearer(r)
	if text == "" {
		if text, err = a.fromCookie(r); err != nil {
			return err
		}
	}
	key, isKey := apikey.Parse(text)
	if !isKey && !signin.IsSession(text) {
		return a.stranger(r, c)
	}
	if c.view, err = a.store.Linearizable(r.Context()); err != nil {
		return err
	}
	found := false
	if isKey {
		c.caller, found = a.byKey(c, key)
	} else {
		c.caller, found = a.bySession(c, text)
	}
	if !found {
		return a.stranger(r, c)
	}
	if err := a.limit(r.Context(), c); err != nil {
		return err
	}
	if scope != "" && !c.may(scope) {
		c.header.Set("WWW-Authenticate", `Bearer realm="api", error="insufficient_scope", scope="`+scope+`"`)
		return coded(forbidden(r.Context(), "The caller does not have the scope "+scope+"."), codeScope)
	}
	return nil
}

// bearer is the credential of the Authorization header; empty for none.
func bearer(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

// bySession is who brings a session's token. Sessions of facades are no credentials here.
func (a *API) bySession(c *call, text string) (caller, bool) {
	s, ok := a.signin.Find(c.view, text, c.at)
	if !ok || s.Scope == signin.Callbridge {
		return caller{}, false
	}
	return callerIn(c.view, s), true
}

// byKey is who brings an API key. Unknown, wrong, expired and revoked keys look the same
// from outside.
func (a *API) byKey(c *call, key apikey.Key) (caller, bool) {
	stored, found := state.Get[state.APIKey](c.view, key.ID)
	if !key.Opens(stored.SecretHash) || !found || !stored.Usable(c.at) {
		return caller{}, false
	}
	a.usage.note(stored, c.at)
	return callerOf(stored), true
}

// stranger refuses who has no credential, and who has none too often.
func (a *API) stranger(r *http.Request, c *call) error {
	if q := a.strangers.take(address(r), strangersPerSecond, strangersAtOnce, c.at); !q.ok {
		return tooMany(r.Context(), q)
	}
	c.header.Set("WWW-Authenticate", `Bearer realm="api"`)
	return problem(r.Context(), http.StatusUnauthorized, "A valid API key or session is required: Authorization: Bearer mrk_… or mrs_…")
}

// writeError answers from a middleware with what refuse made.
func (a *API) writeError(ctx huma.Context, err error) {
	if h, ok := errors.AsType[huma.HeadersError](err); ok {
		for name, values := range h.GetHeaders() {
			for _, v := range values {
				ctx.SetHeader(name, v)
			}
		}
	}
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		p = problem(ctx.Context(), http.StatusInternalServerError, "")
	}
	_, w := humachi.Unwrap(ctx)
	p.write(w)
}
