package ca

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// DialFunc opens a stream to an address; net.Dialer's DialContext is one.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialPinned opens TLS to a control node whose authority is the one that the secret names.
func dialPinned(ctx context.Context, secret JoinSecret, addr string, dial DialFunc) (*tls.Conn, error) {
	raw, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("reach control at %s: %w", addr, err)
	}
	conn := tls.Client(raw, &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: ControlName,
		// The roots are not known yet: VerifyConnection builds them from the pinned authority in the chain
		// and verifies against those and the name, as the default would.
		InsecureSkipVerify: true,
		VerifyConnection:   func(cs tls.ConnectionState) error { return verifyPinned(secret, cs) },
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS with control at %s: %w", addr, err), raw.Close())
	}
	return conn, nil
}

func verifyPinned(secret JoinSecret, cs tls.ConnectionState) error {
	roots := x509.NewCertPool()
	pinned := false
	for _, c := range cs.PeerCertificates[1:] {
		if secret.Pins(c) {
			roots.AddCert(c)
			pinned = true
		}
	}
	if !pinned {
		return ErrWrongCluster
	}
	_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: roots, DNSName: ControlName, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

// roundTrip sends one HTTP/1.1 request over a connection; the context's end closes it.
func roundTrip(conn net.Conn, req *http.Request) (*http.Response, error) {
	stop := context.AfterFunc(req.Context(), func() { _ = conn.Close() })
	defer stop()
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(conn), req)
}
