// Package apikey is the form of API keys: what their owners hold, and what of it is kept. It asks nobody and
// decides nothing; who may do what by a key is the business of those who look it up.
package apikey

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Key is an API key in the hands of its owner: mrk_<id>_<secret>.
type Key struct {
	ID     string
	secret [32]byte
}

// New makes a key with a 256-bit random secret.
func New(id string) Key {
	k := Key{ID: id}
	_, _ = rand.Read(k.secret[:]) // never fails (crypto/rand)
	return k
}

// Parse reads the text form.
func Parse(text string) (Key, bool) {
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

// Opens tells whether the key is that of a hash, in a time that does not depend on the hash. Nothing opens an
// empty hash.
func (k Key) Opens(hash []byte) bool {
	if len(hash) != sha256.Size {
		hash = make([]byte, sha256.Size) // compare all the same
	}
	return subtle.ConstantTimeCompare(hash, k.Hash()) == 1
}
