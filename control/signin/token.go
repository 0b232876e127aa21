package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Kinds of token, which is how their texts begin. None passes for another.
const (
	kindSession  = "mrs" // of a session
	kindLink     = "mrl" // of a password link
	kindLoginKey = "mru" // of a user, for their company's server
)

const maxID = 64 // bytes of an id in a token

// Token is an id with a 256-bit secret: <kind>_<id>_<secret>. The state keeps a hash of the secret alone.
type Token struct {
	kind, id string
	secret   [32]byte
}

// newToken makes a token with a random secret.
func newToken(kind, id string) Token {
	t := Token{kind: kind, id: id}
	_, _ = rand.Read(t.secret[:]) // never fails (crypto/rand)
	return t
}

// newID makes a random id of 80 bits.
func newID() string { return strings.ToLower(rand.Text()[:16]) }

// IsSession tells whether a credential has the form of a session's token, good or bad.
func IsSession(text string) bool { return strings.HasPrefix(text, kindSession+"_") }

// parseToken reads the text form of a kind.
func parseToken(kind, text string) (Token, bool) {
	parts := strings.SplitN(text, "_", 3) // the secret may hold underscores
	if len(parts) != 3 || parts[0] != kind || parts[1] == "" || len(parts[1]) > maxID {
		return Token{}, false
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(secret) != 32 || strings.ContainsAny(parts[2], "\r\n") { // which the decoder passes over
		return Token{}, false
	}
	return Token{kind, parts[1], [32]byte(secret)}, true
}

// Text is the form that is handed over: a secret.
func (t Token) Text() string {
	return t.kind + "_" + t.id + "_" + base64.RawURLEncoding.EncodeToString(t.secret[:])
}

// String masks the secret, for logs.
func (t Token) String() string { return t.kind + "_" + t.id + "_***" }

// GoString masks the secret, for logs.
func (t Token) GoString() string { return t.String() }

// MarshalJSON masks the secret, for logs.
func (t Token) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// hash is what the state keeps. The secret is random, so that one round of SHA-256 is enough.
func (t Token) hash() []byte {
	sum := sha256.Sum256(t.secret[:])
	return sum[:]
}

// is compares with a hash of the state in constant time. Where there is none, it compares all the same.
func (t Token) is(hash []byte) bool {
	if len(hash) != sha256.Size {
		hash = make([]byte, sha256.Size)
	}
	return subtle.ConstantTimeCompare(hash, t.hash()) == 1
}
