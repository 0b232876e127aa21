package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/state"
)

// Key is an API key in the hands of its owner: mrk_<id>_<secret>.
type Key struct {
	ID     string
	secret [32]byte
}

// NewKey makes a key with a 256-bit random secret.
func NewKey(now time.Time) Key {
	k := Key{ID: NewID(now)}
	_, _ = rand.Read(k.secret[:]) // never fails (crypto/rand)
	return k
}

// ParseKey reads the text form.
func ParseKey(text string) (Key, bool) {
	parts := strings.SplitN(text, "_", 3) // the secret may hold underscores
	if len(parts) != 3 || parts[0] != "mrk" || parts[1] == "" || len(parts[1]) > 64 {
		return Key{}, false
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(secret) != 32 {
		return Key{}, false
	}
	return Key{parts[1], [32]byte(secret)}, true
}

// Text is the form that is shown once: a secret.
func (k Key) Text() string {
	return "mrk_" + k.ID + "_" + base64.RawURLEncoding.EncodeToString(k.secret[:])
}

// String masks the secret, for logs.
func (k Key) String() string { return "mrk_" + k.ID + "_***" }

// GoString masks the secret, for logs.
func (k Key) GoString() string { return k.String() }

// Hash is what the state keeps. The secret is random, so that one round of SHA-256 is enough.
func (k Key) Hash() []byte {
	sum := sha256.Sum256(k.secret[:])
	return sum[:]
}

const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32

// NewID makes an id of 26 characters that sorts by time: 48 bits of milliseconds, 80 of randomness.
func NewID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:])
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = idAlphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

type contextKey int

const (
	keyRequestID contextKey = iota
	keyCall
)

// call is what a handler knows of its request.
type call struct {
	view *state.View // holds every write acknowledged before the call
	key  state.APIKey
}

// platform tells whether the caller's key is above all companies.
func (c call) platform() bool { return c.key.Company == "" }

func callOf(ctx context.Context) call {
	c, _ := ctx.Value(keyCall).(call)
	return c
}

// authenticate finds the key of the Authorization header (RFC 6750, section 2.1; nowhere else, since URLs end
// up in logs).
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	if len(ctx.Operation().Security) == 0 {
		next(ctx)
		return
	}
	view, err := a.store.Linearizable(ctx.Context())
	if err != nil {
		a.writeError(ctx, a.refuse(ctx.Context(), err))
		return
	}
	scheme, text, _ := strings.Cut(ctx.Header("Authorization"), " ")
	key, wellFormed := ParseKey(strings.TrimSpace(text))
	stored, found := view.APIKey(key.ID)
	if !found {
		stored.SecretHash = make([]byte, sha256.Size) // compare all the same
	}
	match := subtle.ConstantTimeCompare(stored.SecretHash, key.Hash()) == 1
	if !strings.EqualFold(scheme, "Bearer") || !wellFormed || !found || !match || stored.Revoked != nil {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="meridian"`)
		a.writeError(ctx, problem(ctx.Context(), http.StatusUnauthorized, "A valid API key is required: Authorization: Bearer mrk_…"))
		return
	}
	next(huma.WithValue(ctx, keyCall, call{view, stored}))
}
