package token

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"time"
)

// Kind says who signed a token, and thereby what its claims mean.
type Kind string

// The kinds of token.
const (
	// Join tokens are minted by the control plane for one person in one room.
	Join Kind = "join"
	// Partner tokens are signed by a company with its own RSA key.
	Partner Kind = "partner"
)

// Claims is what was signed.
type Claims struct {
	Kind  Kind
	KeyID string // of the key that verified the signature

	Company string // of a partner token: the company whose key fitted

	// The named claims of join tokens, always empty in partner tokens, whose
	// attribute names depend on the facade and are all in Attributes.
	Room string
	Peer string
	Name string
	Role string
	ID   string // jti

	NotBefore time.Time // zero: not stated
	Expires   time.Time // zero: no expiry of its own (partner tokens only)

	// Attributes holds every other claim that is a string, a boolean ("true",
	// "false") or a number (as it was spelt). Objects, arrays and nulls are
	// left out. Never nil after Verify.
	Attributes map[string]string

	// Hash identifies the token where its first use is remembered: SHA-256 of
	// the header and claims as sent. The signature stays out of it, so that
	// re-signing the same claims makes no new token.
	Hash [sha256.Size]byte
}

// PartnerKey is an active public key of a company.
type PartnerKey struct {
	ID  string
	Key *rsa.PublicKey
}

// Keyring is what Verify may trust for one company.
type Keyring struct {
	Company string
	// Partner holds the company's active keys; of more than 16 only the first
	// 16 are tried unless the token names one by kid.
	Partner []PartnerKey
	// Native holds the control plane's signing keys by kid.
	Native map[string]ed25519.PublicKey
	// Elsewhere, if not nil, finds the company that owns a kid, so that a
	// token brought to the wrong company can be told from a forged one.
	Elsewhere func(kid string) (company string, ok bool)
}
