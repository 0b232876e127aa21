// Package seal keeps secrets of the state unreadable to who has a copy of it but not the operator's key.
//
// It seals with AES-256-GCM and makes digests by which a secret is found without being readable. What a secret is
// about is part of the seal, so that a sealed PIN moved to another room does not open. It knows no entities,
// files or nodes, and it is no place for passwords: those are hashed (package password).
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the length of the operator's key, in bytes.
const KeySize = 32

// version is the first byte of everything sealed, for a later change of algorithm or key.
const version = 1

// ErrSealed is returned when something does not open: another key, another subject, or changed bytes.
var ErrSealed = errors.New("sealed with another key or for another subject")

// Sealer seals with one operator's key. It may be used by any number of goroutines.
type Sealer struct {
	aead   cipher.AEAD
	digest []byte
}

// New makes a sealer. The key is KeySize random bytes; sealing and digests use keys derived from it (HKDF,
// RFC 5869).
func New(key []byte) (*Sealer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("seal key of %d bytes, want %d", len(key), KeySize)
	}
	sealing, err := hkdf.Expand(sha256.New, key, "meridian seal 1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive seal key: %w", err)
	}
	digest, err := hkdf.Expand(sha256.New, key, "meridian digest 1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive digest key: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Sealer{aead, digest}, nil
}

// Seal hides a secret. about says what it belongs to, for instance kind, id and field; Open wants the same.
func (s *Sealer) Seal(secret []byte, about ...string) []byte {
	return s.aead.Seal([]byte{version}, nil, secret, subject(about))
}

// Open gives the secret back. The error is ErrSealed.
func (s *Sealer) Open(sealed []byte, about ...string) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version {
		return nil, ErrSealed
	}
	secret, err := s.aead.Open(nil, nil, sealed[1:], subject(about))
	if err != nil {
		return nil, ErrSealed
	}
	return secret, nil
}

// Digest is a text by which a secret of few possibilities is compared and found: only who has the key can try
// them (HMAC-SHA-256). purpose keeps digests of different things apart.
func (s *Sealer) Digest(purpose, secret string) string {
	m := hmac.New(sha256.New, s.digest)
	m.Write(subject([]string{purpose, secret}))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// subject joins parts so that no two lists of parts give the same bytes.
func subject(parts []string) []byte {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d:%s", len(p), p)
	}
	return []byte(b.String())
}
