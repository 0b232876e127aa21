package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/meridian-video/meridian/control/state"
)

const (
	headerOnce     = "Idempotency-Key"
	headerReplayed = "Idempotency-Replayed"
	maxOnceKey     = 255 // bytes
)

// once reads the idempotency key of a POST. The key is recorded by the log entry of the write itself, so that
// there is no moment in which one is there without the other.
func (a *API) once(ctx huma.Context, next func(huma.Context)) {
	c := callOf(ctx.Context())
	key := ctx.Header(headerOnce)
	if c == nil || ctx.Method() != http.MethodPost || key == "" {
		next(ctx)
		return
	}
	r, w := humachi.Unwrap(ctx)
	if !goodOnceKey(key) {
		invalid(r.Context(), headerOnce, "must have 1 to 255 visible ASCII characters").write(w)
		return
	}
	body, p := readBody(w, r)
	if p != nil {
		p.write(w)
		return
	}
	c.once = &state.OnceKey{Scope: c.owner(), Key: key, Sum: sumOf(r.Method, r.URL.RequestURI(), string(body))}
	next(ctx)
}

func goodOnceKey(key string) bool {
	for _, b := range []byte(key) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return len(key) <= maxOnceKey
}

// sumOf is a digest of parts, in which nothing of one can pass for a part of the next.
func sumOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// wish is a command with what its call says of it.
type wish struct {
	command state.Command
	version uint64 // that the command is meant for; 0 = whatever it is
	extra   string // secret of the answer, which a repetition is to give again
}

// propose applies a command for the caller and returns its value, with the answer's secret as it was first given.
func propose[T any](ctx context.Context, a *API, w wish) (value T, extra string, err error) {
	c := callOf(ctx)
	terms := state.Terms{By: c.by, Request: requestID(ctx), If: w.version}
	if c.once != nil {
		k := *c.once
		if w.extra != "" {
			k.Extra = a.seal.Seal([]byte(w.extra), "once", k.Scope, k.Key)
		}
		terms.Once = &k
	}
	r, err := a.store.ProposeOn(ctx, w.command, terms)
	if err != nil {
		return value, "", err
	}
	extra = w.extra
	if r.Again {
		c.header.Set(headerReplayed, "true")
		extra = ""
		if len(r.Extra) > 0 {
			opened, err := a.seal.Open(r.Extra, "once", terms.Once.Scope, terms.Once.Key)
			if err != nil {
				return value, "", fmt.Errorf("secret of an earlier answer: %w", err)
			}
			extra = string(opened)
		}
	}
	v, ok := r.Value.(T)
	if !ok {
		return value, "", fmt.Errorf("command %s gave %T", w.command.Name(), r.Value)
	}
	return v, extra, nil
}
