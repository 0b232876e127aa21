package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"time"

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
	if err != nil || len(secret) != 32 || strings.ContainsAny(parts[2], "\r\n") { // which the decoder passes over
		return Key{}, false
	}
	return Key{parts[1], [32]byte(secret)}, true
}

// Create is the command that makes the key known; company is empty for a key of the platform or a reseller.
func (k Key) Create(company string, spec state.APIKeySpec) *state.Create {
	c := state.Add(state.KindAPIKey, k.ID, company, spec)
	c.SecretHash = k.Hash()
	return c
}

// Text is the form that is shown once: a secret.
func (k Key) Text() string {
	return "mrk_" + k.ID + "_" + base64.RawURLEncoding.EncodeToString(k.secret[:])
}

// String masks the secret, for logs.
func (k Key) String() string { return "mrk_" + k.ID + "_***" }

// GoString masks the secret, for logs.
func (k Key) GoString() string { return k.String() }

// MarshalJSON masks the secret, for logs.
func (k Key) MarshalJSON() ([]byte, error) { return json.Marshal(k.String()) }

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
