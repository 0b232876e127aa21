package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// ErrIdentity is returned when a stored or received identity is unusable: expired, of another node, or not
// signed by the cluster's authority.
var ErrIdentity = errors.New("unusable node identity")

// Identity is what a node is in the cluster: certificate and key, the authority it trusts, the gossip key and
// where to find others. It may be renewed while in use; every getter gives the newest.
type Identity struct {
	node geo.NodeID
	cur  atomic.Pointer[material]
}

type material struct {
	cert   *tls.Certificate
	roots  *x509.CertPool
	ca     *x509.Certificate
	gossip []byte
	seal   []byte // nil in an identity from before there was one
	seeds  []string
}

// stored is the identity's file.
type stored struct {
	Key         []byte   `json:"key"`         // PKCS #8
	Certificate []byte   `json:"certificate"` // DER
	CA          []byte   `json:"ca"`          // DER
	Gossip      []byte   `json:"gossip_key"`
	Seal        []byte   `json:"seal_key,omitempty"`
	Seeds       []string `json:"seeds"`
}

func (s stored) material(node geo.NodeID, now time.Time) (*material, error) {
	leaf, err := x509.ParseCertificate(s.Certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	authority, err := x509.ParseCertificate(s.CA)
	if err != nil {
		return nil, fmt.Errorf("%w: authority: %w", ErrIdentity, err)
	}
	raw, err := x509.ParsePKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: key: %w", ErrIdentity, err)
	}
	key, ok := raw.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("%w: key and certificate differ", ErrIdentity)
	}
	if id, err := geo.NodeIDOf(leaf); err != nil || id != node {
		return nil, fmt.Errorf("%w: certificate of %q, not of %q", ErrIdentity, id, node)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	if len(s.Gossip) != keySize {
		return nil, fmt.Errorf("%w: gossip key of %d bytes", ErrIdentity, len(s.Gossip))
	}
	if len(s.Seal) != keySize && len(s.Seal) != 0 {
		return nil, fmt.Errorf("%w: seal key of %d bytes", ErrIdentity, len(s.Seal))
	}
	return &material{
		// The authority goes with the leaf, so that a joining node can see what it has pinned.
		cert:  &tls.Certificate{Certificate: [][]byte{leaf.Raw, authority.Raw}, PrivateKey: key, Leaf: leaf},
		roots: roots, ca: authority, gossip: s.Gossip, seal: s.Seal, seeds: s.Seeds,
	}, nil
}

// LoadIdentity reads an identity file; os.ErrNotExist when there is none, ErrIdentity when it is unusable now.
func LoadIdentity(path string, node geo.NodeID) (*Identity, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s stored
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	m, err := s.material(node, time.Now())
	if err != nil {
		return nil, err
	}
	i := &Identity{node: node}
	i.cur.Store(m)
	return i, nil
}

// Self makes the identity of the control node that holds the authority.
func (a *Authority) Self(node geo.NodeID) (*Identity, error) {
	i := &Identity{node: node}
	return i, a.Renew(i, nil)
}

// Renew gives the holder's own identity a new certificate.
func (a *Authority) Renew(i *Identity, seeds []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("node key: %w", err)
	}
	cert, err := a.Issue(i.node, geo.RoleControl, key.Public())
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("node key: %w", err)
	}
	m, err := stored{Key: der, Certificate: cert.Raw, CA: a.cert.Raw, Gossip: a.gossip, Seal: a.seal, Seeds: seeds}.material(i.node, time.Now())
	if err != nil {
		return err
	}
	i.cur.Store(m)
	return nil
}

// NodeID is whose identity it is.
func (i *Identity) NodeID() geo.NodeID { return i.node }

// Certificate is the node's certificate with its key, as of now.
func (i *Identity) Certificate() (*tls.Certificate, error) {
	m := i.cur.Load()
	if m == nil {
		return nil, ErrIdentity
	}
	return m.cert, nil
}

// Roots trusts the cluster's authority and nothing else.
func (i *Identity) Roots() *x509.CertPool { return i.cur.Load().roots }

// Authority is the certificate of the cluster's authority.
func (i *Identity) Authority() *x509.Certificate { return i.cur.Load().ca }

// GossipKey encrypts gossip: 32 bytes.
func (i *Identity) GossipKey() []byte { return append([]byte(nil), i.cur.Load().gossip...) }

// SealKey opens the secrets in the replicated state: 32 bytes; nil in an identity from before there was one,
// which is renewed at once.
func (i *Identity) SealKey() []byte { return append([]byte(nil), i.cur.Load().seal...) }

// Seeds are gossip addresses of other members.
func (i *Identity) Seeds() []string { return append([]string(nil), i.cur.Load().seeds...) }

// Expires is when the certificate ends.
func (i *Identity) Expires() time.Time { return i.cur.Load().cert.Leaf.NotAfter }

// RenewAt is two thirds into the certificate's life; the past for an identity that lacks a key.
func (i *Identity) RenewAt() time.Time {
	leaf := i.cur.Load().cert.Leaf
	if i.cur.Load().seal == nil {
		return leaf.NotBefore
	}
	return leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) * 2 / 3)
}

// GetCertificate serves tls.Config.GetCertificate.
func (i *Identity) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return i.Certificate()
}

// GetClientCertificate serves tls.Config.GetClientCertificate.
func (i *Identity) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return i.Certificate()
}

// ControlServerTLS is for listeners of control: any certificate of the cluster is verified when given; the
// handlers ask for one where they need it.
func (i *Identity) ControlServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, GetCertificate: i.GetCertificate,
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: i.Roots(),
	}
}

// VoterServerTLS is for the Raft listener: control nodes only.
func (i *Identity) VoterServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, GetCertificate: i.GetCertificate,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: i.Roots(),
		VerifyConnection: func(cs tls.ConnectionState) error {
			if RoleOf(cs.PeerCertificates[0]) != geo.RoleControl {
				return fmt.Errorf("%w: not a control node", ErrIdentity)
			}
			return nil
		},
	}
}

// ControlClientTLS is for dialling control: only a control node's certificate will do.
func (i *Identity) ControlClientTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, GetClientCertificate: i.GetClientCertificate,
		RootCAs: i.Roots(), ServerName: ControlName,
	}
}

// newKey makes a node key with its certificate request.
func newKey(node geo.NodeID) (key crypto.Signer, csr []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("node key: %w", err)
	}
	csr, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, k)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate request of %s: %w", node, err)
	}
	return k, csr, nil
}

// FromControl tells whether the other end of a connection has shown a control node's certificate of the cluster.
func FromControl(cs *tls.ConnectionState) bool {
	return cs != nil && len(cs.VerifiedChains) > 0 && RoleOf(cs.PeerCertificates[0]) == geo.RoleControl
}
