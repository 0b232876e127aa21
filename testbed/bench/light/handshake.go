//go:build linux

package light

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/srtp/v3"
)

var errFingerprint = errors.New("the server's certificate is not the one in its session description")

// flightInterval is when a flight is repeated first, as browsers do: some
// servers lose what comes before ICE is done on their side.
const flightInterval = 50 * time.Millisecond

// handshake does DTLS as the client and derives the keys. Only AES-GCM is
// offered, so that no server is measured with a cheaper or dearer cipher.
func (c *Client) handshake(ctx context.Context) error {
	pipe := &recordPipe{c}
	conn, err := dtls.ClientWithOptions(pipe, pipe.LocalAddr(),
		dtls.WithCertificates(c.network.cert.cert),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithEllipticCurves(elliptic.P256, elliptic.X25519),
		dtls.WithFlightInterval(flightInterval),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is what is trusted (RFC 8827 section 6.5)
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || fingerprintOf(raw[0]) != c.remote.Fingerprint {
				return errFingerprint
			}
			return nil
		}))
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.records.Close() })
	defer stop()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return err
	}
	c.conn = conn
	return c.derive()
}

// derive exports the keys (RFC 5764 section 4.2).
func (c *Client) derive() error {
	if p, ok := c.conn.SelectedSRTPProtectionProfile(); !ok || p != dtls.SRTP_AEAD_AES_128_GCM {
		return errProfile
	}
	state, ok := c.conn.ConnectionState()
	if !ok {
		return errors.New("no state after the handshake")
	}
	config := srtp.Config{Profile: srtp.ProtectionProfileAeadAes128Gcm}
	if err := config.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return err
	}
	in, err := srtp.CreateContext(config.Keys.RemoteMasterKey, config.Keys.RemoteMasterSalt, config.Profile)
	if err != nil {
		return err
	}
	out, err := srtp.CreateContext(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt, config.Profile)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in, c.out, c.seen.Secured = in, out, time.Now()
	for _, e := range c.early {
		c.protected(e.b, e.at)
	}
	c.early = nil
	return nil
}

// recordPipe is the net.PacketConn that pion/dtls works on.
type recordPipe struct{ c *Client }

// ReadFrom implements net.PacketConn.
func (p *recordPipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.c.records.Read(b)
	return n, p.LocalAddr(), err
}

// WriteTo implements net.PacketConn.
func (p *recordPipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	server := p.c.server.Load()
	if server == nil {
		return 0, io.ErrClosedPipe
	}
	p.c.lane.send(b, p.c.source, *server)
	return len(b), nil
}

// Close implements net.PacketConn.
func (p *recordPipe) Close() error { return p.c.records.Close() }

// LocalAddr implements net.PacketConn. The pipe has one end, so any will do.
func (p *recordPipe) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4zero} }

// SetDeadline implements net.PacketConn.
func (p *recordPipe) SetDeadline(at time.Time) error { return p.SetReadDeadline(at) }

// SetReadDeadline implements net.PacketConn.
func (p *recordPipe) SetReadDeadline(at time.Time) error { return p.c.records.SetReadDeadline(at) }

// SetWriteDeadline implements net.PacketConn; writing does not block.
func (p *recordPipe) SetWriteDeadline(time.Time) error { return nil }
