package rtc

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/srtp/v3"
)

// keys is what DTLS has agreed on. What changes from one RTP packet to the
// next is one per SSRC (see outbound), so that slots share no lock.
type keys struct {
	profile srtp.ProtectionProfile
	config  srtp.Config
	gcm     *gcm // nil under another profile

	mu   sync.Mutex // guards rtcp and buf
	rtcp *srtp.Context
	buf  []byte
}

var errFingerprint = errors.New("certificate does not match the offer's fingerprint")

// secure does the handshake and derives the SRTP keys.
func (t *Transport) secure(ctx context.Context, wg *sync.WaitGroup) error {
	pipe := t.pipe.Load()
	conn, err := t.handshaker(pipe)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = pipe.Close() })
	defer stop()
	if err := t.shake(ctx, conn); err != nil {
		_ = conn.Close()
		return err
	}
	k := &keys{}
	if err := k.derive(conn, t.setup == "active"); err != nil {
		_ = conn.Close()
		return err
	}
	t.keys.Store(k)
	t.association.watch(t, conn, wg)
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

// dtlsOptions are those of a handshake and of what is taken up again after it.
func (e *Engine) dtlsOptions() []dtls.Option {
	return []dtls.Option{dtls.WithCertificates(e.cert), dtls.WithLoggerFactory(loggers{e.log})}
}

// handshaker sets up DTLS in the role that the answer says.
func (t *Transport) handshaker(pipe *recordPipe) (*dtls.Conn, error) {
	t.mu.Lock()
	allowed := t.offer.fingerprints
	t.mu.Unlock()
	shared := append(t.engine.dtlsOptions(),
		// GCM costs half of what CM with HMAC-SHA1 does.
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithEllipticCurves(elliptic.P256, elliptic.X25519),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is what is trusted (RFC 8827 section 6.5)
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !slices.ContainsFunc(allowed, func(f fingerprint) bool { return f.matches(raw[0]) }) {
				return errFingerprint
			}
			return nil
		}))
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
func (k *keys) derive(conn *dtls.Conn, isClient bool) error {
	selected, ok := conn.SelectedSRTPProtectionProfile()
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
	state, ok := conn.ConnectionState()
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
