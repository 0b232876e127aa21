package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
)

// ErrVoterSecret is returned when a voter secret has not the form mrv1.<secret>, or a directory was made with
// another one.
var ErrVoterSecret = errors.New("voter secret must look like mrv1.<secret> and be the one the directory was made with")

const voterPrefix = "mrv1"

// VoterSecret is what control nodes share. Everything that they must have in common and nobody else may know
// is derived from it (HKDF, RFC 5869): the authority's key, and with it the right to be a voter; the join
// secret; the keys for gossip and sealing. None of these leads back to it. The zero value is none.
type VoterSecret struct{ key [32]byte }

// NewVoterSecret makes a random one.
func NewVoterSecret() VoterSecret {
	var s VoterSecret
	_, _ = rand.Read(s.key[:]) // never fails (crypto/rand)
	return s
}

// ParseVoterSecret reads the text form.
func ParseVoterSecret(text string) (VoterSecret, error) {
	prefix, rest, _ := strings.Cut(strings.TrimSpace(text), ".")
	b, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if prefix != voterPrefix || err != nil || len(b) != 32 {
		return VoterSecret{}, ErrVoterSecret
	}
	return VoterSecret{[32]byte(b)}, nil
}

// IsZero tells whether there is none.
func (s VoterSecret) IsZero() bool { return s == VoterSecret{} }

// Text is the form that operators copy: a secret.
func (s VoterSecret) Text() string {
	return voterPrefix + "." + base64.RawURLEncoding.EncodeToString(s.key[:])
}

// String masks the secret, for logs.
func (s VoterSecret) String() string { return voterPrefix + ".***" }

// GoString masks the secret, for logs.
func (s VoterSecret) GoString() string { return s.String() }

// Derive makes n bytes (at most 255 × 32) for one purpose; another purpose gives unrelated ones.
func (s VoterSecret) Derive(purpose string, n int) ([]byte, error) {
	b, err := hkdf.Key(sha256.New, s.key[:], nil, "meridian "+purpose+" v1", n)
	if err != nil {
		return nil, fmt.Errorf("derive %s: %w", purpose, err)
	}
	return b, nil
}

// A derived authority is valid over this time, the same whenever it is derived, and on a machine whose clock
// has lost its date.
var (
	authorityFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	authorityUntil = time.Date(2066, 1, 1, 0, 0, 0, 0, time.UTC)
)

// authority derives the whole authority. Every call gives the same bytes, on every node.
func (s VoterSecret) authority() (*Authority, error) {
	key, err := s.signingKey()
	if err != nil {
		return nil, err
	}
	name, err := s.Derive("authority name", 20)
	if err != nil {
		return nil, err
	}
	cert, err := derivedCertificate(key, name)
	if err != nil {
		return nil, err
	}
	join, err1 := s.Derive("join secret", 32)
	gossip, err2 := s.Derive("gossip key", keySize)
	seal, err3 := s.Derive("seal key", keySize)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return &Authority{
		cert: cert, key: key, voters: s, gossip: gossip, seal: seal,
		secret: JoinSecret{fingerprint: sha256.Sum256(cert.Raw), key: [32]byte(join)},
	}, nil
}

// signingKey derives a P-256 key: 48 bytes reduced to 1…n-1, so that the bias is beyond notice (FIPS 186-5,
// A.2.1).
func (s VoterSecret) signingKey() (*ecdsa.PrivateKey, error) {
	b, err := s.Derive("authority key", 48)
	if err != nil {
		return nil, err
	}
	order := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(1))
	d := new(big.Int).SetBytes(b)
	d.Mod(d, order).Add(d, big.NewInt(1))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
	if err != nil {
		return nil, fmt.Errorf("authority key: %w", err)
	}
	return key, nil
}

// derivedCertificate signs the authority's own certificate. Nothing in it depends on the time, on chance, or
// on what a library chooses by itself.
func derivedCertificate(key *ecdsa.PrivateKey, name []byte) (*x509.Certificate, error) {
	number := append([]byte(nil), name...)
	number[0] = number[0]&0x7f | 0x40 // positive and never short (RFC 5280, section 4.1.2.2)
	tmpl := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(number), SubjectKeyId: name,
		Subject:   pkix.Name{CommonName: "Meridian cluster " + hex.EncodeToString(name[:4])},
		NotBefore: authorityFrom, NotAfter: authorityUntil, SignatureAlgorithm: x509.ECDSAWithSHA256,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), steady{key})
	if err != nil {
		return nil, fmt.Errorf("authority certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// steady signs a message always alike (RFC 6979).
type steady struct{ *ecdsa.PrivateKey }

// Sign implements crypto.Signer.
func (k steady) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}
