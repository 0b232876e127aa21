package token

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"time"
)

// RoleModerator is the role of who may moderate. Kinds that say so by a boolean
// have this role or none.
const RoleModerator = "moderator"

// Claims is what was signed.
type Claims struct {
	Kind  Kind
	KeyID string // of the key that verified the signature

	Company string // of a partner token: the company whose key fitted

	// The named claims of our own kinds, always empty in partner tokens, whose
	// attribute names depend on the facade and are all in Attributes.
	Room string
	Peer string // the person: peer, profile, attendee or user, as the kind has it
	Name string
	Role string
	ID   string // jti
	// Person is whom of the company's people it names; nobody, mostly.
	Person Person

	// Parents are the ids of the tokens this one was made from, the first
	// ancestor first, the issuing token last. With one of them it dies.
	Parents []string
	// Binding ties the token to a browser (Bind).
	Binding string

	Issued    time.Time // zero: not stated
	NotBefore time.Time // zero: not stated
	Expires   time.Time // zero: no expiry of its own (partner tokens only)

	// Attributes holds every other claim that is a string, a boolean ("true",
	// "false") or a number (as it was spelt). Objects, arrays and nulls are
	// left out. Never nil after Verify.
	Attributes map[string]string

	// Hash identifies the token where its first use is remembered: SHA-256 of
	// the company and of the header and claims as sent. The signature stays out
	// of it, so that re-signing the same claims makes no new token. The company
	// is in it, because two companies may sign the same claims.
	Hash [sha256.Size]byte
}

// PartnerKey is an active public key of a company.
type PartnerKey struct {
	ID  string
	Key *rsa.PublicKey
}

// Keyring is what may be trusted for one company.
type Keyring struct {
	Company string
	// Partner holds the company's active keys; of more than 16 only the first
	// 16 are tried unless the token names one by kid.
	Partner []PartnerKey
	// Native holds the platform's signing keys by kid: one per issuer, and
	// during a rotation the new one beside the old.
	Native map[string]ed25519.PublicKey
	// Elsewhere, if not nil, finds the company that owns a kid, so that a
	// token brought to the wrong company can be told from a forged one.
	Elsewhere func(kid string) (company string, ok bool)
	// Revoked, if not nil, tells whether the token of ours with that id was
	// withdrawn. It is asked about a token and all it was made from.
	Revoked func(id string) bool
}

// Expect is what one place takes.
type Expect struct {
	// Kinds are those accepted; none is accepted by default.
	Kinds []Kind
	// Browser is the secret in the visitor's cookie; without the right one no
	// token that is bound to a browser is accepted.
	Browser string
}
