package rtc

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/srtp/v3"
)

// keys is what DTLS has agreed on. What changes from one RTP packet to the
// next is one per SSRC (see outbound), so that slots share no lock.
type keys struct {
	dtls    *dtls.Conn
	profile srtp.ProtectionProfile
	config  srtp.Config
	gcm     *gcm // nil under another profile

	mu   sync.Mutex // guards rtcp and buf
	rtcp *srtp.Context
	buf  []byte
}

var errFingerprint = errors.New("certificate does not match the offer's fingerprint")

// secure does the handshake, derives the SRTP keys and watches for the
// client's close_notify.
func (t *Transport) secure(ctx context.Context, wg *sync.WaitGroup) error {
	conn, err := t.handshaker()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = t.dtls.Close() })
	defer stop()
	if err := t.shake(ctx, conn); err != nil {
		_ = conn.Close()
		return err
	}
	k := &keys{dtls: conn}
	if err := k.derive(t.setup == "active"); err != nil {
		_ = conn.Close()
		return err
	}
	t.keys.Store(k)
	wg.Go(func() {
		// Nothing but alerts comes here: no data channels are negotiated.
		buf := make([]byte, maxPacket)
		for {
			if _, err := conn.Read(buf); err != nil {
				t.cancel(ErrClientClosed)
				return
			}
		}
	})
	return nil
}

// shake does the handshake when its turn has come: where the client begins,
// that is not before its first record.
func (t *Transport) shake(ctx context.Context, conn *dtls.Conn) error {
	if t.setup == "passive" {
		select {
		case <-t.greeted:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	leave, err := t.engine.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	began := t.engine.cfg.Now()
	err = conn.HandshakeContext(ctx)
	t.engine.metrics.handshake.Observe((t.engine.cfg.Now() - began).Seconds())
	return err
}

// handshaker sets up DTLS in the role that the answer says.
func (t *Transport) handshaker() (*dtls.Conn, error) {
	t.mu.Lock()
	allowed := t.offer.fingerprints
	t.mu.Unlock()
	shared := []dtls.Option{
		dtls.WithCertificates(t.engine.cert),
		// GCM costs half of what CM with HMAC-SHA1 does.
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithEllipticCurves(elliptic.P256, elliptic.X25519),
		dtls.WithLoggerFactory(loggers{t.engine.log}),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is what is trusted (RFC 8827 section 6.5)
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !slices.ContainsFunc(allowed, func(f fingerprint) bool { return f.matches(raw[0]) }) {
				return errFingerprint
			}
			return nil
		}),
	}
	pipe := &recordPipe{t}
	if t.setup == "active" {
		opts := make([]dtls.ClientOption, len(shared))
		for i, o := range shared {
			opts[i] = o
		}
		return dtls.ClientWithOptions(pipe, pipe.LocalAddr(), opts...)
	}
	opts := make([]dtls.ServerOption, len(shared), len(shared)+2)
	for i, o := range shared {
		opts[i] = o
	}
	opts = append(opts,
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		// ICE has validated the address: no cookie exchange is needed.
		dtls.WithInsecureSkipVerifyHello(true))
	return dtls.ServerWithOptions(pipe, pipe.LocalAddr(), opts...)
}

func (f fingerprint) matches(cert []byte) bool {
	h := hashes[f.hash].New()
	h.Write(cert)
	return slices.Equal(h.Sum(nil), f.sum)
}

// derive exports the session keys (RFC 5764 section 4.2) by the role that
// DTLS really had.
func (k *keys) derive(isClient bool) error {
	selected, ok := k.dtls.SelectedSRTPProtectionProfile()
	if !ok {
		return errors.New("no SRTP profile in common")
	}
	switch selected {
	case dtls.SRTP_AEAD_AES_128_GCM:
		k.profile = srtp.ProtectionProfileAeadAes128Gcm
	case dtls.SRTP_AES128_CM_HMAC_SHA1_80:
		k.profile = srtp.ProtectionProfileAes128CmHmacSha1_80
	default:
		return errors.New("unexpected SRTP profile")
	}
	state, ok := k.dtls.ConnectionState()
	if !ok {
		return errors.New("no DTLS state")
	}
	k.config.Profile = k.profile
	if err := k.config.ExtractSessionKeysFromDTLS(&state, isClient); err != nil {
		return err
	}
	return k.arm()
}

// arm makes what seals from the master keys.
func (k *keys) arm() (err error) {
	if k.profile == srtp.ProtectionProfileAeadAes128Gcm {
		if k.gcm, err = newGCM(k.config.Keys.LocalMasterKey, k.config.Keys.LocalMasterSalt); err != nil {
			return err
		}
	}
	k.rtcp, err = k.newContext()
	return err
}

// receiver returns the context that opens what the client sends.
func (k *keys) receiver() (*srtp.Context, error) {
	return srtp.CreateContext(k.config.Keys.RemoteMasterKey, k.config.Keys.RemoteMasterSalt, k.profile,
		srtp.SRTPReplayProtection(rtpReplayWindow), srtp.SRTCPReplayProtection(rtcpReplayWindow))
}

// recordPipe is the net.PacketConn that pion/dtls works on: the transport's
// reader fills it, ICE takes what it writes.
type recordPipe struct{ t *Transport }

// ReadFrom implements net.PacketConn.
func (p *recordPipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.t.dtls.Read(b)
	return n, p.LocalAddr(), err
}

// WriteTo implements net.PacketConn. A record that cannot be sent is lost:
// DTLS repeats it.
func (p *recordPipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	if p.t.peer.Load() == nil {
		return 0, io.ErrClosedPipe
	}
	p.t.write(b)
	return len(b), nil
}

// Close implements net.PacketConn.
func (p *recordPipe) Close() error { return p.t.dtls.Close() }

// LocalAddr implements net.PacketConn. The pipe has one end, so any address
// will do.
func (p *recordPipe) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4zero} }

// SetDeadline implements net.PacketConn.
func (p *recordPipe) SetDeadline(at time.Time) error { return p.SetReadDeadline(at) }

// SetReadDeadline implements net.PacketConn.
func (p *recordPipe) SetReadDeadline(at time.Time) error { return p.t.dtls.SetReadDeadline(at) }

// SetWriteDeadline implements net.PacketConn; writing does not block.
func (p *recordPipe) SetWriteDeadline(time.Time) error { return nil }
