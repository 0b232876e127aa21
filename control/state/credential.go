package state

import (
	"slices"
	"strings"
	"time"
)

// AlgorithmRS256 is the only algorithm of a tenant key; it is fixed by the key, never taken from a token.
const AlgorithmRS256 = "RS256"

// TenantKey is a public key with which a company's server signs participants' tokens. The id is the kid.
type TenantKey struct {
	Meta
	TenantKeySpec
	Algorithm string     `json:"algorithm"`
	Revoked   *time.Time `json:"revoked,omitempty"`
}

// TenantKeySpec is what a company says of its key.
type TenantKeySpec struct {
	Name   string `json:"name,omitempty" maxLength:"200"`
	PEM    string `json:"pem" minLength:"1" maxLength:"8192" doc:"RSA public key of at least 2048 bits. Fixed at creation."`
	Active *bool  `json:"active,omitempty" doc:"False takes the key out of use until it is true again; absent = true."`
}

// Usable tells whether tokens of the key are accepted.
func (k TenantKey) Usable() bool { return (k.Active == nil || *k.Active) && k.Revoked == nil }

func (k *TenantKey) spec() any { return &k.TenantKeySpec }

// check leaves the key's strength to the proposer: what the log holds was good when it was accepted.
func (k *TenantKey) check(tx *tx, was Entity) error {
	if _, ok := Get[Company](tx.view(), k.Company); !ok {
		return notFound("company")
	}
	if err := checkName("name", k.Name, false); err != nil {
		return err
	}
	if k.PEM == "" || len(k.PEM) > maxPEM {
		return invalid("pem", "must have 1 to 8192 bytes")
	}
	k.Algorithm = AlgorithmRS256
	if old, ok := was.(*TenantKey); ok {
		if old.Revoked != nil {
			return conflict("id", "the key is revoked for good")
		}
		if old.PEM != k.PEM {
			return invalid("pem", "cannot be changed; add another key")
		}
	}
	return nil
}

func (k *TenantKey) kept(*tx) error { return conflict("id", "a key stays listed; revoke it") }

// APIKey lets a program call the native API. Only the hash of its secret is kept.
type APIKey struct {
	Meta
	APIKeySpec
	SecretHash []byte     `json:"secret_hash,omitempty" hidden:"true"` // SHA-256 of a 256-bit random secret
	LastUsed   *time.Time `json:"last_used,omitempty" doc:"To the minute."`
	Revoked    *time.Time `json:"revoked,omitempty"`
}

// APIKeySpec is what may be chosen of an API key.
type APIKeySpec struct {
	Name     string     `json:"name,omitempty" maxLength:"200"`
	Reseller string     `json:"reseller,omitempty" maxLength:"64" doc:"A key for all companies of a reseller."`
	Scopes   []string   `json:"scopes,omitempty" minItems:"1" maxItems:"64" doc:"What it may do, as rooms:read or rooms:write; absent = everything." example:"[\"rooms:write\",\"sessions:read\"]"`
	Rate     int        `json:"rate" required:"false" minimum:"0" maximum:"10000" doc:"Calls a second; 0 = the default."`
	Expires  *time.Time `json:"expires,omitempty" doc:"When it ends by itself."`
}

func (k *APIKey) spec() any { return &k.APIKeySpec }
func (k *APIKey) owner() string {
	if k.Reseller != "" {
		return OfReseller(k.Reseller)
	}
	return k.Company
}
func (k *APIKey) masked() Entity {
	m := *k
	m.SecretHash = nil
	return &m
}

// Usable tells whether the key opens anything at the given time.
func (k APIKey) Usable(at time.Time) bool {
	return k.Revoked == nil && (k.Expires == nil || at.Before(*k.Expires))
}

// Covers tells whether scopes hold one that is asked for: nil holds all, and writing includes reading.
func Covers(scopes []string, scope string) bool {
	if scopes == nil || slices.Contains(scopes, scope) {
		return true
	}
	thing, verb, _ := strings.Cut(scope, ":")
	return verb == "read" && slices.Contains(scopes, thing+":write")
}

func (k *APIKey) check(tx *tx, was Entity) error {
	if k.Company != "" {
		if _, ok := Get[Company](tx.view(), k.Company); !ok {
			return notFound("company")
		}
	}
	if err := checkName("name", k.Name, false); err != nil {
		return err
	}
	if k.Reseller != "" {
		if _, ok := Get[Reseller](tx.view(), k.Reseller); !ok || k.Company != "" {
			return invalid("reseller", "is no reseller, or the key is a company's")
		}
	}
	for _, s := range k.Scopes {
		if err := checkScope("scopes", s); err != nil {
			return err
		}
	}
	if err := checkCount("rate", k.Rate, 10_000); err != nil {
		return err
	}
	if old, ok := was.(*APIKey); ok {
		if old.Revoked != nil {
			return conflict("id", "the key is revoked for good")
		}
		if old.Reseller != k.Reseller {
			return invalid("reseller", "cannot be changed")
		}
		return nil
	}
	if len(k.SecretHash) != 32 {
		return invalid("secret_hash", "must have 32 bytes")
	}
	return nil
}

func (k *APIKey) kept(*tx) error { return conflict("id", "a key stays listed; revoke it") }

// AuthSession is a user signed in. Its end slides with use; uses are written in batches.
type AuthSession struct {
	Meta
	User        string    `json:"user"`
	Scope       string    `json:"scope,omitempty"`
	TokenHash   []byte    `json:"token_hash"` // SHA-256 of a 256-bit random token
	IdleSeconds int       `json:"idle_seconds"`
	LastSuccess time.Time `json:"last_success"`
	Expires     time.Time `json:"expires"` // LastSuccess + IdleSeconds and a batch's delay
}

func (s *AuthSession) spec() any               { return &struct{}{} }
func (s *AuthSession) check(*tx, Entity) error { return nil }

// FirstUse is when a token was brought for the first time; its id is the token's hash in hex.
type FirstUse struct {
	Meta
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"` // what the first bringer was bound to
	Expires time.Time `json:"expires"`      // when the token is worth nothing anyway
	// LifetimeMS is how long the token serves from At, as the first use had it; 0 = it serves once.
	LifetimeMS int64 `json:"lifetime_ms,omitempty"`
}

func (f *FirstUse) spec() any               { return &struct{}{} }
func (f *FirstUse) check(*tx, Entity) error { return nil }

// Revocation ends a token of ours before its time; see RevocationID.
type Revocation struct {
	Meta
	Expires time.Time `json:"expires"` // when the token would have ended
}

// RevocationID is the id of the revocation of a company's token; neither part holds a slash.
func RevocationID(company, jti string) string { return company + "/" + jti }

func (r *Revocation) deleted(tx *tx) error {
	_, err := tx.count(revocationsOf(r.Company), -1)
	return err
}

func (r *Revocation) spec() any               { return &struct{}{} }
func (r *Revocation) check(*tx, Entity) error { return nil }

// Kind of a webhook.
const (
	WebhookNative = "native" // signed events
	WebhookAccess = "access" // asked at entry: access check
	WebhookJoin   = "join"   // asked at entry: joinPeer
	WebhookClose  = "close"  // told at the end: closePeer
)

// Webhook is an address of the company that is told or asked.
type Webhook struct {
	Meta
	WebhookSpec
	Secret   *WebhookSecret `json:"secret,omitempty" hidden:"true"`
	Disabled string         `json:"disabled,omitempty" doc:"Why it is not called any more."`
}

// WebhookSecret is sealed with the operator's key.
type WebhookSecret struct {
	Signing      []byte     `json:"signing,omitempty"`       // key of the signatures
	Previous     []byte     `json:"previous,omitempty"`      // the one before, which signs beside it for a time
	PreviousEnds *time.Time `json:"previous_ends,omitempty"` // the end of that time
	Auth         []byte     `json:"auth,omitempty"`          // Authorization header
}

// WebhookSpec is what a company says of a webhook.
type WebhookSpec struct {
	Kind     string   `json:"kind,omitempty" enum:"native,access,join,close" doc:"Absent = native: signed events. access is asked whether an access token may come in, join whether somebody may join (at the URL with /joinPeer), close is told that they have left (at the URL with /closePeer)."`
	URL      string   `json:"url" minLength:"1" maxLength:"2048" doc:"https URL."`
	Method   string   `json:"method,omitempty" enum:"GET,POST" doc:"Absent = GET for join and close, else POST."`
	Events   []string `json:"events,omitempty" maxItems:"64" doc:"Which it wants; absent = all." example:"[\"session.opened\"]"`
	FailOpen *bool    `json:"fail_open,omitempty" doc:"Whether people get in while it does not answer; absent = the company's setting."`
	Name     string   `json:"name,omitempty" maxLength:"200"`
}

func (w *Webhook) spec() any    { return &w.WebhookSpec }
func (w *Webhook) secrets() any { return secretOf(&w.Secret) }
func (w *Webhook) masked() Entity {
	m := *w
	m.Secret = nil
	return &m
}

// customary is the method that a kind goes by where none is said.
func (w *Webhook) customary() string {
	if w.Kind == WebhookJoin || w.Kind == WebhookClose {
		return "GET"
	}
	return "POST"
}

func (w *Webhook) check(tx *tx, was Entity) error {
	if _, ok := Get[Company](tx.view(), w.Company); !ok {
		return notFound("company")
	}
	if w.Kind == "" {
		w.Kind = WebhookNative
	}
	if w.Method == "" {
		w.Method = w.customary()
	}
	if err := checkOneOf("kind", &w.Kind, WebhookNative, WebhookAccess, WebhookJoin, WebhookClose); err != nil {
		return err
	}
	if err := checkOneOf("method", &w.Method, "GET", "POST"); err != nil {
		return err
	}
	if w.Kind == WebhookNative && w.Method != "POST" {
		return invalid("method", "events are sent by POST")
	}
	for _, e := range w.Events {
		if err := checkID("events", e); err != nil {
			return err
		}
	}
	if err := checkHTTPS("url", w.URL); err != nil {
		return err
	}
	if old, ok := was.(*Webhook); ok {
		if old.Kind != w.Kind {
			return invalid("kind", "cannot be changed; add another webhook")
		}
		if old.URL != w.URL {
			w.Disabled = ""
		}
	}
	return checkName("name", w.Name, false)
}
