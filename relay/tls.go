package relay

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// serverTLS is the configuration of the listener: any member of the network may connect.
func (m *Mesh) serverTLS() *tls.Config {
	c := m.baseTLS()
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.ClientCAs = m.cfg.TLS.ClientCAs
	if c.ClientCAs == nil {
		c.ClientCAs = m.cfg.TLS.RootCAs
	}
	c.VerifyConnection = func(state tls.ConnectionState) error {
		id, err := identity(state)
		if err != nil {
			return err
		}
		if _, ok := m.cfg.Peer(id); !ok || id == m.cfg.Self {
			m.refused("not a member", "peer", id)
			return fmt.Errorf("node %q: %w", id, ErrNotMember)
		}
		return nil
	}
	return c
}

// clientTLS is the configuration of a dial to peer. Node certificates name a node, not a
// host, so the chain is verified here instead of by the host name.
func (m *Mesh) clientTLS(peer geo.NodeID) *tls.Config {
	c := m.baseTLS()
	c.ServerName = string(peer)
	c.InsecureSkipVerify = true // VerifyConnection below verifies chain and identity
	c.VerifyConnection = func(state tls.ConnectionState) error {
		if err := verifyChain(state, m.cfg.TLS.RootCAs, m.cfg.Now); err != nil {
			return err
		}
		id, err := identity(state)
		if err != nil {
			return err
		}
		if id != peer {
			return fmt.Errorf("dialled %q, got %q: %w", peer, id, ErrIdentity)
		}
		return nil
	}
	return c
}

func (m *Mesh) baseTLS() *tls.Config {
	given := m.cfg.TLS
	c := &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             []string{ALPN},
		Certificates:           given.Certificates,
		GetCertificate:         given.GetCertificate,
		GetClientCertificate:   given.GetClientCertificate,
		RootCAs:                given.RootCAs,
		SessionTicketsDisabled: true, // every connection shows its certificate
		Time:                   m.cfg.Now,
		Rand:                   given.Rand,
		CurvePreferences:       given.CurvePreferences,
		KeyLogWriter:           given.KeyLogWriter,
	}
	if c.GetClientCertificate == nil {
		c.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if given.GetCertificate != nil {
				return given.GetCertificate(&tls.ClientHelloInfo{
					SignatureSchemes:  info.SignatureSchemes,
					SupportedVersions: []uint16{tls.VersionTLS13},
				})
			}
			return &given.Certificates[0], nil
		}
	}
	return c
}

func verifyChain(state tls.ConnectionState, roots *x509.CertPool, now func() time.Time) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("peer sent no certificate")
	}
	between := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

func identity(state tls.ConnectionState) (geo.NodeID, error) {
	if len(state.PeerCertificates) == 0 {
		return "", errors.New("peer sent no certificate")
	}
	return geo.NodeIDOf(state.PeerCertificates[0])
}

// refused logs a refusal, at most one a second so that strangers cannot fill the log.
func (m *Mesh) refused(why string, args ...any) {
	m.metrics.refused.Inc()
	now := m.cfg.Now().UnixNano()
	last := m.lastRefused.Load()
	if now-last < int64(time.Second) || !m.lastRefused.CompareAndSwap(last, now) {
		return
	}
	m.cfg.Log.Warn("relay connection refused", append([]any{"why", why}, args...)...)
}
