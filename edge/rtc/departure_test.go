package rtc

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/packetio"
)

// hall is the media socket of a node in memory, with visitors around it.
type hall struct {
	*duct
	mu       sync.Mutex
	visitors map[netip.AddrPort]*visitor
}

func newHall() *hall { return &hall{duct: newDuct(), visitors: map[netip.AddrPort]*visitor{}} }

func (h *hall) WriteTo(b []byte, to net.Addr) (int, error) {
	h.mu.Lock()
	v := h.visitors[addrPort(to)]
	h.mu.Unlock()
	if v != nil && b[0] >= 20 && b[0] <= 63 {
		_, _ = v.records.Write(b)
	}
	return len(b), nil
}

// visitor is a client that connects within a millisecond or two: it
// nominates with its first check. It is what its own DTLS works on.
type visitor struct {
	*hall
	at        netip.AddrPort
	records   *packetio.Buffer
	transport *Transport
	dtls      *dtls.Conn
	out       *srtp.Context
}

func (v *visitor) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := v.records.Read(b)
	return n, net.UDPAddrFromAddrPort(nodeAddr), err
}

func (v *visitor) WriteTo(b []byte, _ net.Addr) (int, error) {
	v.say(b)
	return len(b), nil
}

func (v *visitor) Close() error                      { return v.records.Close() }
func (v *visitor) SetReadDeadline(t time.Time) error { return v.records.SetReadDeadline(t) }

// say sends b to the node.
func (v *visitor) say(b []byte) {
	select {
	case v.in <- check{append([]byte(nil), b...), v.at}:
	case <-v.closed:
	}
}

var fingerprintLine = regexp.MustCompile(`a=fingerprint:[^\r\n]*`)

// visit connects client n.
func visit(t *testing.T, e *Engine, h *hall, n int) *visitor {
	t.Helper()
	v := &visitor{hall: h, records: packetio.NewBuffer(),
		at: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 9}), uint16(1000+n))}
	h.mu.Lock()
	h.visitors[v.at] = v
	h.mu.Unlock()
	offer := fingerprintLine.ReplaceAllString(load(t, "whep.sdp"), "a=fingerprint:"+e.fingerprint)
	var err error
	if v.transport, err = e.Accept(t.Context(), Offer{SDP: offer, Name: fmt.Sprint(n)}); err != nil {
		t.Fatal(err)
	}
	v.check(t)
	v.secure(t, e)
	return v
}

// check proves the visitor's address and nominates it.
func (v *visitor) check(t *testing.T) {
	t.Helper()
	ufrag, pwd := v.transport.ICE()
	until(t, "a pair", func() bool {
		v.say(request(t, ufrag+":"+v.transport.offer.ufrag, ice.PriorityAttr(1), ice.UseCandidate(),
			stun.NewShortTermIntegrity(pwd), stun.Fingerprint))
		return v.transport.peer.Load() != nil
	})
}

func (v *visitor) secure(t *testing.T, e *Engine) {
	t.Helper()
	var err error
	v.dtls, err = dtls.ClientWithOptions(v, net.UDPAddrFromAddrPort(nodeAddr), dtls.WithCertificates(e.cert),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM), dtls.WithInsecureSkipVerify(true),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.dtls.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, _ := v.dtls.ConnectionState()
	cfg := srtp.Config{Profile: srtp.ProtectionProfileAeadAes128Gcm}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		t.Fatal(err)
	}
	if v.out, err = srtp.CreateContext(cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt, cfg.Profile); err != nil {
		t.Fatal(err)
	}
}

// report sends a receiver report, which is the visitor's first authentic
// packet.
func (v *visitor) report(t *testing.T) {
	t.Helper()
	plain, err := (&rtcp.ReceiverReport{SSRC: 1}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.out.EncryptRTCP(nil, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	v.say(sealed)
}

// TestNoDepartureIsMissed has clients leave right after their first packet,
// that is while the node parks their DTLS.
func TestNoDepartureIsMissed(t *testing.T) {
	const visits = 400
	h := newHall()
	e := newEngine(t, func(c *Config) { c.Media = h; c.ConsentTimeout = time.Hour })
	for n := range visits {
		v := visit(t, e, h, n)
		wait(t, v.transport.Connected(), "connection")
		v.report(t)
		for range n % 8 * 16 { // at another moment of parking each time
			v.say([]byte{0, 0})
		}
		_ = v.dtls.Close()
		ends(t, v.transport, ErrClientClosed)
	}
}
