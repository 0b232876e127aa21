package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/meridian-video/meridian/geo"
)

const (
	// Life of a node certificate; nodes renew at two thirds of it.
	Life = 30 * 24 * time.Hour
	// ControlName is the DNS name of every control node's certificate. A client that asks for it cannot be
	// answered by an edge.
	ControlName = "control.meridian.internal"

	// clockSkew is how far a certificate reaches back, for nodes whose clocks are behind.
	clockSkew = 5 * time.Minute
	keySize   = 32 // gossip key and seal key, bytes (AES-256)
)

// ErrFiles is returned when the authority's files are incomplete or do not fit together. They are never
// replaced on their own: a new authority would lock every node out.
var ErrFiles = errors.New("cluster authority files do not fit together")

// Authority holds the cluster's signing key, join secret and the keys for gossip and sealing.
type Authority struct {
	cert   *x509.Certificate
	key    crypto.Signer
	voters VoterSecret // zero in directories from before there were any
	secret JoinSecret
	gossip []byte
	seal   []byte
}

// Open reads the authority from a directory (mode 0700, files 0600), or makes one when the directory holds
// none: from the given voter secret, the same on every node that is given the same, or from a new one. A
// directory that was made with another voter secret is refused with ErrVoterSecret.
func Open(dir string, voters VoterSecret) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("authority directory: %w", err)
	}
	a, err := load(dir)
	switch {
	case err == nil && !voters.IsZero() && a.voters != voters:
		return nil, fmt.Errorf("%w: %s", ErrVoterSecret, dir)
	case err == nil && a.seal == nil:
		a.seal = make([]byte, keySize)
		_, _ = rand.Read(a.seal)
		return a, WriteFile(filepath.Join(dir, fileSeal), a.seal)
	case !errors.Is(err, os.ErrNotExist):
		return a, err
	}
	if voters.IsZero() {
		voters = NewVoterSecret()
	}
	if a, err = voters.authority(); err != nil {
		return nil, err
	}
	return a, a.save(dir)
}

// The files of an authority. The certificate is written last: its presence says that all are there.
const (
	fileVoters = "voter-secret"
	fileKey    = "ca.key"
	fileSecret = "join-secret"
	fileGossip = "gossip.key"
	fileSeal   = "seal.key"
	fileCert   = "ca.crt"
)

func load(dir string) (*Authority, error) {
	certPEM, err := os.ReadFile(filepath.Join(dir, fileCert))
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	read := func(name string) []byte {
		b, rerr := os.ReadFile(filepath.Join(dir, name))
		if rerr != nil {
			err = errors.Join(err, fmt.Errorf("%w: %s: %v", ErrFiles, name, rerr)) // %v: not os.ErrNotExist to Open
		}
		return b
	}
	keyPEM, secretText, gossip := read(fileKey), read(fileSecret), read(fileGossip)
	if err != nil {
		return nil, err
	}
	a := &Authority{gossip: gossip}
	if a.cert, err = parseCertificate(certPEM); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	if a.key, err = parseKey(keyPEM); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	if a.secret, err = ParseJoinSecret(string(secretText)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	if err := a.loadLater(dir); err != nil {
		return nil, err
	}
	public, ok := a.cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || !public.Equal(a.key.Public()) || !a.secret.Pins(a.cert) || len(gossip) != keySize {
		return nil, ErrFiles
	}
	return a, nil
}

// loadLater reads what directories from before there were voters lack: voter secret and seal key. Where the
// first is, the second must be.
func (a *Authority) loadLater(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, fileVoters))
	if errors.Is(err, os.ErrNotExist) {
		a.seal, err = os.ReadFile(filepath.Join(dir, fileSeal))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return a.checkSeal(err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFiles, err)
	}
	if a.voters, err = ParseVoterSecret(string(text)); err != nil {
		return fmt.Errorf("%w: %w", ErrFiles, err)
	}
	key, err := a.voters.signingKey()
	if err != nil || !key.Equal(a.key) {
		return fmt.Errorf("%w: %s and %s", ErrFiles, fileVoters, fileKey)
	}
	if a.seal, err = os.ReadFile(filepath.Join(dir, fileSeal)); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrFiles, fileSeal, err) // %v: not os.ErrNotExist to Open
	}
	return a.checkSeal(nil)
}

func (a *Authority) checkSeal(err error) error {
	if err != nil || len(a.seal) != keySize {
		return fmt.Errorf("%w: %s of %d bytes: %v", ErrFiles, fileSeal, len(a.seal), err)
	}
	return nil
}

func (a *Authority) save(dir string) error {
	keyPEM, err := marshalKey(a.key)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{fileVoters, []byte(a.voters.Text() + "\n")}, {fileKey, keyPEM}, {fileSecret, []byte(a.secret.Text() + "\n")},
		{fileGossip, a.gossip}, {fileSeal, a.seal}, {fileCert, marshalCertificate(a.cert)},
	} {
		if err := WriteFile(filepath.Join(dir, f.name), f.data); err != nil {
			return fmt.Errorf("save authority: %w", err)
		}
	}
	return nil
}

// Certificate is the authority's own certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// JoinSecret lets nodes join.
func (a *Authority) JoinSecret() JoinSecret { return a.secret }

// VoterSecret makes other nodes voters of this cluster; zero where the directory is from before there were any.
func (a *Authority) VoterSecret() VoterSecret { return a.voters }

// SealKey seals secrets in the replicated state: 32 bytes, the same on every node of the cluster.
func (a *Authority) SealKey() []byte { return append([]byte(nil), a.seal...) }

// GossipKey encrypts gossip between the members.
func (a *Authority) GossipKey() []byte { return append([]byte(nil), a.gossip...) }

// Issue signs a node certificate for the holder of a public key.
func (a *Authority) Issue(node geo.NodeID, role geo.Role, public crypto.PublicKey) (*x509.Certificate, error) {
	if err := geo.ValidNodeID(string(node)); err != nil {
		return nil, err
	}
	if k, ok := public.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: the key must be on P-256", ErrRequest)
	}
	now := time.Now()
	tmpl := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: string(node), OrganizationalUnit: []string{string(role)}},
		NotBefore:    now.Add(-clockSkew), NotAfter: now.Add(Life),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{geo.NodeURI(node)},
	}
	if role == geo.RoleControl {
		tmpl.DNSNames = []string{ControlName}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of %s: %w", node, err)
	}
	return x509.ParseCertificate(der)
}

// RoleOf reads the role out of a node certificate whose chain has been checked.
func RoleOf(cert *x509.Certificate) geo.Role {
	if len(cert.Subject.OrganizationalUnit) != 1 {
		return ""
	}
	return geo.Role(cert.Subject.OrganizationalUnit[0])
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[0] &= 0x7f // positive (RFC 5280, section 4.1.2.2)
	return new(big.Int).SetBytes(b)
}

func parseCertificate(text []byte) (*x509.Certificate, error) {
	b, _ := pem.Decode(text)
	if b == nil || b.Type != "CERTIFICATE" {
		return nil, errors.New("no certificate in PEM")
	}
	return x509.ParseCertificate(b.Bytes)
}

func parseKey(text []byte) (crypto.Signer, error) {
	b, _ := pem.Decode(text)
	if b == nil || b.Type != "PRIVATE KEY" {
		return nil, errors.New("no private key in PEM")
	}
	k, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, err
	}
	s, ok := k.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an ECDSA key")
	}
	return s, nil
}

func marshalKey(k crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func marshalCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
