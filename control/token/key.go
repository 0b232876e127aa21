package token

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Reasons for refusing a public key.
var (
	// ErrPrivateKey is returned when a private key was given for a public one.
	ErrPrivateKey = errors.New("this is a private key; keep it, and register the public part (openssl rsa -pubout)")
	// ErrWeakKey is returned when an RSA key has fewer than 2048 bits.
	ErrWeakKey = errors.New("RSA key is too short: at least 2048 bits are required")
	// ErrBadKey is returned when the bytes are no usable RSA public key.
	ErrBadKey = errors.New("not a usable RSA public key")
)

const (
	minModulus = 2048     // bits, GC-T02 and RFC 7518 section 3.3
	maxModulus = 8192     // bits; verification time grows with the square
	maxPEM     = 16 << 10 // bytes; an 8192-bit key takes 1.4 KB
)

// ParsePublicKey reads the PEM form of one RSA public key, as PKIX
// ("PUBLIC KEY", what openssl rsa -pubout writes) or PKCS #1
// ("RSA PUBLIC KEY", RFC 8017 appendix A.1.1).
func ParsePublicKey(text []byte) (*rsa.PublicKey, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBadKey, maxPEM)
	}
	// A key is looked for in the whole text first, so that a private key pasted
	// beside the public one is noticed.
	var block *pem.Block
	rest := bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for n := 0; ; n++ {
		b, r := pem.Decode(rest)
		if b == nil {
			break
		}
		if strings.HasSuffix(b.Type, "PRIVATE KEY") {
			return nil, ErrPrivateKey
		}
		if n > 0 {
			return nil, fmt.Errorf("%w: more than one PEM block", ErrBadKey)
		}
		block, rest = b, r
	}
	if block == nil {
		if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
			return nil, ErrPrivateKey
		}
		return nil, fmt.Errorf("%w: no PEM block", ErrBadKey)
	}
	key, err := parseBlock(block)
	if err != nil {
		return nil, err
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return key, nil
}

func parseBlock(b *pem.Block) (*rsa.PublicKey, error) {
	switch b.Type {
	case "PUBLIC KEY":
		parsed, err := x509.ParsePKIXPublicKey(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadKey, err)
		}
		key, ok := parsed.(*rsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("%w: the key is of type %T", ErrBadKey, parsed)
		}
		return key, nil
	case "RSA PUBLIC KEY":
		key, err := x509.ParsePKCS1PublicKey(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadKey, err)
		}
		return key, nil
	default:
		return nil, fmt.Errorf("%w: PEM block %.40q", ErrBadKey, b.Type)
	}
}

// checkKey refuses keys that would make verification worthless or slow.
func checkKey(k *rsa.PublicKey) error {
	if k == nil || k.N == nil || k.N.Sign() <= 0 {
		return ErrBadKey
	}
	switch bits := k.N.BitLen(); {
	case bits < minModulus:
		return fmt.Errorf("%w: it has %d", ErrWeakKey, bits)
	case bits > maxModulus:
		return fmt.Errorf("%w: %d bits, at most %d are allowed", ErrBadKey, bits, maxModulus)
	}
	if k.N.Bit(0) == 0 {
		return fmt.Errorf("%w: even modulus", ErrBadKey)
	}
	// With e = 1 a message is its own signature; an even e has no inverse.
	if k.E < 3 || k.E&1 == 0 || k.E > 1<<31-1 {
		return fmt.Errorf("%w: public exponent %d", ErrBadKey, k.E)
	}
	return nil
}
