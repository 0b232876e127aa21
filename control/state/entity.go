package state

import "time"

// Status of a company.
const (
	// StatusActive companies hold meetings.
	StatusActive = "active"
	// StatusSuspended companies keep their data and hold none.
	StatusSuspended = "suspended"
)

// Kind of a room.
const (
	// KindCall is a meeting in which everybody may speak.
	KindCall = "call"
	// KindWebinar is a meeting of few speakers and many viewers.
	KindWebinar = "webinar"
)

// AlgorithmRS256 is the only algorithm of a tenant key; it is fixed by the key, never taken from a token.
const AlgorithmRS256 = "RS256"

// Platform is the singleton above all tenants.
type Platform struct {
	// Epoch names this cluster's history. A copy taken under another epoch is not a prefix of this one.
	Epoch string `json:"epoch"`
	// DefaultCompany serves hosts that no room domain names; empty when unset.
	DefaultCompany string `json:"default_company,omitempty"`
}

// SigningKey is the public half of a control node's key for native join tokens.
// The private half never enters the log: it stays on the node that made it.
type SigningKey struct {
	KID       string    `json:"kid"`
	PublicKey []byte    `json:"public_key"` // ed25519, 32 bytes
	Node      string    `json:"node"`
	CreatedAt time.Time `json:"created_at"`
}

// Company is a tenant that owns rooms, keys and domains.
type Company struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Status          string    `json:"status"`
	OpenRooms       bool      `json:"open_rooms"`       // ad-hoc rooms without a token
	JWTMandatory    bool      `json:"jwt_mandatory"`    // no entry without a token, open rooms or not
	MaxParticipants int       `json:"max_participants"` // per room; 0 = the platform's default
	CreatedAt       time.Time `json:"created_at"`
}

// Suspended says that the company holds no meetings for now.
func (c Company) Suspended() bool { return c.Status != StatusActive }

// RoomDomain maps a host name of meeting links to the company that owns it.
type RoomDomain struct {
	FQDN      string    `json:"fqdn"` // lower case, no trailing dot
	Company   string    `json:"company"`
	CreatedAt time.Time `json:"created_at"`
}

// TenantKey is a public key with which a company's server signs participants' tokens.
type TenantKey struct {
	ID        string     `json:"id"` // the kid
	Company   string     `json:"company"`
	Name      string     `json:"name,omitempty"`
	PEM       string     `json:"pem"`
	Algorithm string     `json:"algorithm"`
	Active    bool       `json:"active"`
	CreatedAt time.Time  `json:"created_at"`
	Revoked   *time.Time `json:"revoked,omitempty"`
}

// Usable tells whether tokens of the key are accepted.
func (k TenantKey) Usable() bool { return k.Active && k.Revoked == nil }

// APIKey lets a program call the native API. Only the hash of its secret is kept.
type APIKey struct {
	ID         string     `json:"id"`
	Company    string     `json:"company,omitempty"` // empty: the platform's
	Name       string     `json:"name,omitempty"`
	SecretHash []byte     `json:"secret_hash"` // SHA-256 of a 256-bit random secret
	CreatedAt  time.Time  `json:"created_at"`
	Revoked    *time.Time `json:"revoked,omitempty"`
}

// Room is a place to meet as configured; who is in it is the room plane's business.
type Room struct {
	ID              string    `json:"id"`
	Company         string    `json:"company"`
	PublicID        string    `json:"public_id"` // unique per company; part of links
	Kind            string    `json:"kind"`
	HomePOP         string    `json:"home_pop,omitempty"` // POP where the room should have its home; empty = any
	Open            bool      `json:"open"`               // entry without a token
	MaxParticipants int       `json:"max_participants"`   // 0 = the company's
	CreatedAt       time.Time `json:"created_at"`
}
