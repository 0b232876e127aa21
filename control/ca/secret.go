package ca

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/meridian-video/meridian/geo"
)

// ErrJoinSecret is returned when a join secret has not the form mrd1.<fingerprint>.<random>.
var ErrJoinSecret = errors.New("join secret must look like mrd1.<fingerprint>.<secret>")

const (
	secretPrefix  = "mrd1"
	exporterLabel = "EXPORTER-meridian-enrol-v1"
	proofSize     = sha256.Size
)

// JoinSecret lets a node into the cluster. It prints masked.
type JoinSecret struct {
	fingerprint [sha256.Size]byte // of the authority's certificate
	key         [32]byte
}

// ParseJoinSecret reads the text form.
func ParseJoinSecret(text string) (JoinSecret, error) {
	var s JoinSecret
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) != 3 || parts[0] != secretPrefix {
		return s, ErrJoinSecret
	}
	for i, to := range [][]byte{s.fingerprint[:], s.key[:]} {
		b, err := base64.RawURLEncoding.Strict().DecodeString(parts[i+1])
		if err != nil || len(b) != len(to) {
			return JoinSecret{}, ErrJoinSecret
		}
		copy(to, b)
	}
	return s, nil
}

// Text is the form that operators copy: a secret.
func (s JoinSecret) Text() string {
	e := base64.RawURLEncoding
	return secretPrefix + "." + e.EncodeToString(s.fingerprint[:]) + "." + e.EncodeToString(s.key[:])
}

// String masks the secret, for logs.
func (s JoinSecret) String() string {
	return secretPrefix + "." + base64.RawURLEncoding.EncodeToString(s.fingerprint[:]) + ".***"
}

// GoString masks the secret, for logs.
func (s JoinSecret) GoString() string { return s.String() }

// Pins tells whether the certificate is the authority that the secret names.
func (s JoinSecret) Pins(authority *x509.Certificate) bool {
	sum := sha256.Sum256(authority.Raw)
	return subtle.ConstantTimeCompare(sum[:], s.fingerprint[:]) == 1
}

// Prove makes the proof that the holder of the secret sends this request over this very TLS connection
// (RFC 5705, RFC 8446 section 7.5): a recorded proof is worth nothing elsewhere.
func (s JoinSecret) Prove(conn *tls.ConnectionState, node geo.NodeID, role geo.Role, csr []byte) ([]byte, error) {
	binding, err := conn.ExportKeyingMaterial(exporterLabel, nil, 32)
	if err != nil {
		return nil, fmt.Errorf("bind to the connection: %w", err)
	}
	m := hmac.New(sha256.New, s.key[:])
	sum := sha256.Sum256(csr)
	for _, part := range [][]byte{[]byte(exporterLabel), binding, []byte(node), []byte(role), sum[:]} {
		m.Write([]byte{byte(len(part))}) // every part is shorter than 256 bytes
		m.Write(part)
	}
	return m.Sum(nil), nil
}

// Check compares a proof in constant time.
func (s JoinSecret) Check(conn *tls.ConnectionState, node geo.NodeID, role geo.Role, csr, proof []byte) bool {
	want, err := s.Prove(conn, node, role, csr)
	return err == nil && hmac.Equal(want, proof)
}
