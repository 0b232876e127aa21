package trial

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// Why a call failed: the first tells nothing of the callee's media.
var (
	// ErrUnasked is returned when the callee could not be asked for a call, or this
	// node could not begin one.
	ErrUnasked = errors.New("call not made")
	// ErrNoMedia is returned when the callee answered the offer, but no media came
	// through.
	ErrNoMedia = errors.New("no media")
)

// checkEvery is the pause between connectivity checks.
const checkEvery = 200 * time.Millisecond

// Call calls a node by the address it announces: ICE, then DTLS, whose messages
// are several datagrams each way. ask has the node answer an offer. It takes conn
// for itself and closes it; ctx bounds it.
//
// It returns ErrUnasked or ErrNoMedia.
func Call(ctx context.Context, conn net.PacketConn, ask func(ctx context.Context, offer string) (string, error)) error {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	cert, err := certificate()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnasked, err)
	}
	ufrag, pwd := rand.Text()[:8], rand.Text()
	text, err := ask(ctx, offer(ufrag, pwd, cert.Certificate[0]))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnasked, err)
	}
	to, err := readAnswer(text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnasked, err)
	}
	at, err := check(ctx, conn, to, ufrag)
	if err != nil {
		return fmt.Errorf("%w: no answer to checks at %v: %w", ErrNoMedia, to.at, err)
	}
	if err := shake(ctx, conn, at, to, cert); err != nil {
		return fmt.Errorf("%w: no handshake at %v: %w", ErrNoMedia, at, err)
	}
	return nil
}

func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// check sends connectivity checks to all addresses (RFC 8445 section 7.2) until
// one is answered. The callee is lite: it sends none.
func check(ctx context.Context, conn net.PacketConn, to callee, ufrag string) (netip.AddrPort, error) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(to.ufrag+":"+ufrag), ice.PriorityAttr(1<<31-1),
		ice.AttrControlling(1), ice.UseCandidateAttr{}, stun.NewShortTermIntegrity(to.pwd), stun.Fingerprint)
	if err != nil {
		return netip.AddrPort{}, err
	}
	wg.Go(func() {
		tick := time.NewTicker(checkEvery)
		defer tick.Stop()
		for {
			for _, at := range to.at {
				_, _ = conn.WriteTo(m.Raw, net.UDPAddrFromAddrPort(at)) // the next is on its way
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return netip.AddrPort{}, orCause(ctx, err)
		}
		answer := &stun.Message{Raw: buf[:n]}
		if answer.Decode() != nil || answer.TransactionID != m.TransactionID || answer.Type != stun.BindingSuccess ||
			stun.NewShortTermIntegrity(to.pwd).Check(answer) != nil {
			continue
		}
		if at, err := netip.ParseAddrPort(from.String()); err == nil {
			return at, nil
		}
	}
}

// shake does the handshake of DTLS with the certificate that the answer named.
func shake(ctx context.Context, conn net.PacketConn, at netip.AddrPort, to callee, cert tls.Certificate) error {
	c, err := dtls.ClientWithOptions(records{conn}, net.UDPAddrFromAddrPort(at),
		dtls.WithCertificates(cert), dtls.WithInsecureSkipVerify(true), // the fingerprint is what is trusted
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM), dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !strings.EqualFold(to.print, strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(raw[0])), " ", ":")) {
				return errors.New("the certificate is another one's")
			}
			return nil
		}))
	if err != nil {
		return err
	}
	defer c.Close()
	return orCause(ctx, c.HandshakeContext(ctx))
}

// records are the datagrams of DTLS alone (RFC 9443 section 2).
type records struct{ net.PacketConn }

func (r records) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := r.PacketConn.ReadFrom(b)
		if err != nil || n > 0 && b[0] >= 20 && b[0] <= 63 {
			return n, from, err
		}
	}
}

// orCause prefers why ctx ended to the error that this led to.
func orCause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
