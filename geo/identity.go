package geo

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
)

// NodeID names one process of the network, for life. It is a DNS label, so
// that a node can have a name under any zone.
type NodeID string

// POP names a site: nodes close enough together to count as one place.
type POP string

// Role says which plane a node serves.
type Role string

// The roles of a node.
const (
	RoleControl Role = "control"
	RoleEdge    Role = "edge"
)

// ErrInvalidNodeID is returned when a node id is not 1 to 63 characters of
// a-z, 0-9 and hyphen.
var ErrInvalidNodeID = errors.New("node id must be 1 to 63 characters of a-z, 0-9 and hyphen")

// ErrNoIdentity is returned when a certificate does not carry exactly one node
// URI, or carries other URIs beside it.
var ErrNoIdentity = errors.New("certificate carries no single node identity")

const (
	uriScheme = "meridian"
	uriHost   = "node"
	maxID     = 63 // a DNS label, RFC 1035 section 2.3.4
)

// ValidNodeID reports why s cannot name a node or a POP; nil when it can.
func ValidNodeID(s string) error {
	if s == "" || len(s) > maxID {
		return ErrInvalidNodeID
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return ErrInvalidNodeID
		}
	}
	return nil
}

// NodeURI is the subject alternative name a node certificate carries:
// meridian://node/<id>.
func NodeURI(id NodeID) *url.URL {
	return &url.URL{Scheme: uriScheme, Host: uriHost, Path: "/" + string(id)}
}

// NodeIDOf reads the identity out of a node certificate, which must have
// exactly one URI subject alternative name, and that a node URI. It verifies no
// signature: call it on a certificate whose chain has been checked.
func NodeIDOf(cert *x509.Certificate) (NodeID, error) {
	if cert == nil || len(cert.URIs) != 1 {
		return "", ErrNoIdentity
	}
	u := cert.URIs[0]
	if len(u.Path) < 2 || u.Path[0] != '/' {
		return "", ErrNoIdentity
	}
	id := NodeID(u.Path[1:])
	if err := ValidNodeID(string(id)); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoIdentity, err)
	}
	// The only spelling accepted is the one NodeURI writes: no user, port,
	// query, fragment or escaped letters.
	if u.String() != NodeURI(id).String() {
		return "", ErrNoIdentity
	}
	return id, nil
}
