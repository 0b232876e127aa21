package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

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

// authenticate finds who calls, and whether this call is theirs to make: key, rate and scope.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	scope := scopeOf(ctx.Operation())
	if scope == "" {
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
	next(huma.WithValue(ctx, keyCall, c))
}

func (a *API) admit(r *http.Request, c *call, scope string) (err error) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ") // nowhere else: URLs end up in logs
	key, ok := ParseKey(strings.TrimSpace(text))
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return a.stranger(r, c)
	}
	if c.view, err = a.store.Linearizable(r.Context()); err != nil {
		return err
	}
	if c.caller, ok = a.byKey(c, key); !ok {
		return a.stranger(r, c)
	}
	if err := a.limit(r.Context(), c); err != nil {
		return err
	}
	if !c.may(scope) {
		c.header.Set("WWW-Authenticate", `Bearer realm="meridian", error="insufficient_scope", scope="`+scope+`"`)
		return coded(forbidden(r.Context(), "The key does not have the scope "+scope+"."), codeScope)
	}
	return nil
}

// byKey is who brings an API key (RFC 6750, section 2.1). Unknown, wrong, expired and revoked keys look the same
// from outside.
func (a *API) byKey(c *call, key Key) (caller, bool) {
	stored, found := state.Get[state.APIKey](c.view, key.ID)
	if !found {
		stored.SecretHash = make([]byte, sha256.Size) // compare all the same
	}
	match := subtle.ConstantTimeCompare(stored.SecretHash, key.Hash()) == 1
	if !found || !match || !stored.Usable(c.at) {
		return caller{}, false
	}
	a.usage.note(stored, c.at)
	return callerOf(stored), true
}

// stranger refuses who has no key, and who has none too often.
func (a *API) stranger(r *http.Request, c *call) error {
	if q := a.strangers.take(address(r), strangersPerSecond, strangersAtOnce, c.at); !q.ok {
		return tooMany(r.Context(), q)
	}
	c.header.Set("WWW-Authenticate", `Bearer realm="meridian"`)
	return problem(r.Context(), http.StatusUnauthorized, "A valid API key is required: Authorization: Bearer mrk_…")
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
