package rtc

import (
	"net"
	"net/netip"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/packetio"
)

// hall is one socket of a node's media port, in memory, with visitors before
// it. Halls of one node share their visitors.
type hall struct {
	*duct
	visitors *sync.Map // of *visitor by netip.AddrPort
	sent     atomic.Int64
}

func newHalls(n int) []*hall {
	halls, visitors := make([]*hall, n), new(sync.Map)
	for i := range halls {
		halls[i] = &hall{duct: newDuct(), visitors: visitors}
	}
	return halls
}

// engineIn has a reader for each hall.
func engineIn(t *testing.T, halls []*hall) *Engine {
	t.Helper()
	return newEngine(t, func(c *Config) {
		c.Media, c.ConsentTimeout = halls[0], time.Hour
		for _, h := range halls[1:] {
			c.Beside = append(c.Beside, h)
		}
	})
}

func (h *hall) WriteTo(b []byte, to net.Addr) (int, error) {
	h.sent.Add(1)
	if v, ok := h.visitors.Load(addrPort(to)); ok {
		v.(*visitor).hear(b)
	}
	return len(b), nil
}

// say has b arrive in the hall.
func (h *hall) say(b []byte, from netip.AddrPort) {
	select {
	case h.in <- check{append([]byte(nil), b...), from}:
	case <-h.closed:
	}
}

// visitor is a client that connects within a millisecond or two, as it
// nominates with its first check. It is what its own DTLS works on.
type visitor struct {
	*hall
	at        netip.AddrPort
	records   *packetio.Buffer
	transport *Transport
	dtls      *dtls.Conn
	out, in   *srtp.Context

	mu    sync.Mutex
	media [][]byte // RTP, sealed
}

func (v *visitor) hear(b []byte) {
	switch {
	case b[0] >= 20 && b[0] <= 63:
		_, _ = v.records.Write(b)
	case isRTP(b):
		v.mu.Lock()
		v.media = append(v.media, append([]byte(nil), b...))
		v.mu.Unlock()
	}
}

// heard is how many packets of media have come.
func (v *visitor) heard() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.media)
}

func (v *visitor) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := v.records.Read(b)
	return n, net.UDPAddrFromAddrPort(nodeAddr), err
}

func (v *visitor) WriteTo(b []byte, _ net.Addr) (int, error) {
	v.say(b, v.at)
	return len(b), nil
}

func (v *visitor) Close() error                      { return v.records.Close() }
func (v *visitor) SetReadDeadline(t time.Time) error { return v.records.SetReadDeadline(t) }

var fingerprintLine = regexp.MustCompile(`a=fingerprint:[^\r\n]*`)

// visit connects client n through a hall, with an offer of testdata.
func visit(t *testing.T, e *Engine, h *hall, n int, offer string) *visitor {
	t.Helper()
	v := &visitor{hall: h, records: packetio.NewBuffer(),
		at: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 9}), uint16(1000+n))}
	h.visitors.Store(v.at, v)
	sdp := fingerprintLine.ReplaceAllString(load(t, offer), "a=fingerprint:"+e.fingerprint)
	var err error
	if v.transport, err = e.Accept(t.Context(), Offer{SDP: sdp, Name: t.Name()}); err != nil {
		t.Fatal(err)
	}
	v.prove(t, h, v.at)
	v.secure(t, e)
	wait(t, v.transport.Connected(), "connection")
	return v
}

// prove has the visitor come to an address, in a hall.
func (v *visitor) prove(t *testing.T, h *hall, at netip.AddrPort) {
	t.Helper()
	ufrag, pwd := v.transport.ICE()
	until(t, "a pair", func() bool {
		h.say(request(t, ufrag+":"+v.transport.offer.ufrag, ice.PriorityAttr(1), ice.UseCandidate(),
			stun.NewShortTermIntegrity(pwd), stun.Fingerprint), at)
		m := v.transport.engine.mux
		m.mu.RLock()
		defer m.mu.RUnlock()
		return m.peers[at] == v.transport.door && v.transport.peer.Load() != nil
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
	t.Cleanup(func() { _ = v.dtls.Close() })
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
	if v.in, err = srtp.CreateContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt, cfg.Profile); err != nil {
		t.Fatal(err)
	}
}

// report is a sealed receiver report.
func (v *visitor) report(t *testing.T) []byte {
	t.Helper()
	plain, err := (&rtcp.ReceiverReport{SSRC: 1}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.out.EncryptRTCP(nil, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// picture is packet i of a sealed video.
func (v *visitor) picture(t *testing.T, i int) []byte {
	t.Helper()
	p := keyframe(i, frame(true)[:100])
	p.SSRC, p.PayloadType = 77, 96
	plain, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.out.EncryptRTP(nil, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// open decrypts the media that has come.
func (v *visitor) open(t *testing.T) []*rtp.Packet {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	list := make([]*rtp.Packet, len(v.media))
	for i, b := range v.media {
		plain, err := v.in.DecryptRTP(nil, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		list[i] = &rtp.Packet{}
		if err := list[i].Unmarshal(plain); err != nil {
			t.Fatal(err)
		}
	}
	return list
}
