package rtc

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/meridian-video/meridian/edge/sfu"
)

// patience bounds every wait of the tests; none of them comes near it.
const patience = 20 * time.Second

// newEngine makes an engine with three readers, if it gets no other socket.
func newEngine(t *testing.T, change ...func(*Config)) *Engine {
	t.Helper()
	var cfg Config
	for _, c := range change {
		c(&cfg)
	}
	if cfg.Media == nil {
		all, err := Listen("127.0.0.1:0", 3)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Media, cfg.Beside = all[0], all[1:]
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	return e
}

func listenUDP(t testing.TB) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lossy is a client's socket that loses what drop says.
type lossy struct {
	net.PacketConn
	drop atomic.Pointer[func(b []byte, out bool) bool]
}

func (l *lossy) lose(b []byte, out bool) bool {
	f := l.drop.Load()
	return f != nil && (*f)(b, out)
}

func (l *lossy) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, addr, err := l.PacketConn.ReadFrom(b)
		if err != nil || !l.lose(b[:n], false) {
			return n, addr, err
		}
	}
}

func (l *lossy) WriteTo(b []byte, addr net.Addr) (int, error) {
	if l.lose(b, true) {
		return len(b), nil
	}
	return l.PacketConn.WriteTo(b, addr)
}

// isRTP tells media from RTCP, DTLS and STUN, which all stay readable so far.
func isRTP(b []byte) bool {
	return len(b) > 12 && b[0]>>6 == 2 && (b[1]&0x7f < 64 || b[1]&0x7f > 95)
}

// client is a browser's stand-in: pion's PeerConnection with its default
// interceptors (NACK both ways, reports, TWCC).
type client struct {
	*webrtc.PeerConnection
	socket    *lossy
	transport *Transport
	tracks    chan *webrtc.TrackRemote
	plis      chan uint32 // SSRCs the client was asked for keyframes of
	reading   sync.WaitGroup
}

// clientCodec is a codec that a client knows, and its payload types.
type clientCodec struct {
	mime, fmtp string
	pt, rtx    webrtc.PayloadType // rtx: 0 without
}

var (
	opus     = clientCodec{mime: webrtc.MimeTypeOpus, fmtp: "minptime=10;useinbandfec=1", pt: 111}
	plainVP8 = clientCodec{mime: webrtc.MimeTypeVP8, pt: 96}
	vp8      = clientCodec{mime: webrtc.MimeTypeVP8, pt: 96, rtx: 97}
)

// register adds the codec to a client's engine.
func (c clientCodec) register(t testing.TB, engine *webrtc.MediaEngine) {
	t.Helper()
	kind, params := webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: c.pt, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: c.mime, ClockRate: 90000, SDPFmtpLine: c.fmtp,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}},
	}}
	if c.mime == webrtc.MimeTypeOpus {
		kind, params.ClockRate, params.Channels, params.RTCPFeedback = webrtc.RTPCodecTypeAudio, 48000, 2, nil
	}
	if err := engine.RegisterCodec(params, kind); err != nil {
		t.Fatal(err)
	}
	if c.rtx == 0 {
		return
	}
	params.PayloadType = c.rtx
	params.RTPCodecCapability = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", c.pt)}
	if err := engine.RegisterCodec(params, kind); err != nil {
		t.Fatal(err)
	}
}

// newClient makes a client that knows the given codecs, else Opus and VP8
// without RTX.
func newClient(t testing.TB, codecs ...clientCodec) *client {
	t.Helper()
	socket := &lossy{PacketConn: listenUDP(t)}
	t.Cleanup(func() { _ = socket.Close() })
	c := newClientBy(t, func(s *webrtc.SettingEngine) {
		s.SetICEUDPMux(webrtc.NewICEUDPMux(s.LoggerFactory.NewLogger("client"), socket))
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	}, codecs...)
	c.socket = socket
	return c
}

// newClientBy makes a client whose way to the node network sets up.
func newClientBy(t testing.TB, network func(*webrtc.SettingEngine), codecs ...clientCodec) *client {
	t.Helper()
	if len(codecs) == 0 {
		codecs = []clientCodec{opus, plainVP8}
	}
	var engine webrtc.MediaEngine
	for _, c := range codecs {
		c.register(t, &engine)
	}
	var registry interceptor.Registry
	if err := webrtc.RegisterDefaultInterceptors(&engine, &registry); err != nil {
		t.Fatal(err)
	}
	if err := engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: extensionURIs[extLevel]}, webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	c := &client{tracks: make(chan *webrtc.TrackRemote, 64), plis: make(chan uint32, 64)}
	var settings webrtc.SettingEngine
	settings.LoggerFactory = loggers{slog.New(slog.DiscardHandler)}
	settings.SetIncludeLoopbackCandidate(true)
	network(&settings)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithInterceptorRegistry(&registry), webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c.PeerConnection = pc
	pc.OnTrack(func(tr *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		c.readRTCP(r.ReadRTCP)
		c.tracks <- tr
	})
	t.Cleanup(func() {
		_ = pc.GracefulClose()
		c.reading.Wait()
	})
	return c
}

// readRTCP reads until the end: pion's interceptors see only what is read.
func (c *client) readRTCP(read func() ([]rtcp.Packet, interceptor.Attributes, error)) {
	c.reading.Go(func() {
		for {
			packets, _, err := read()
			if err != nil {
				return
			}
			for _, p := range packets {
				if pli, ok := p.(*rtcp.PictureLossIndication); ok {
					select {
					case c.plis <- pli.MediaSSRC:
					default:
					}
				}
			}
		}
	})
}

// publish adds a sendonly section with a track.
func (c *client) publish(t *testing.T, mime string) (*webrtc.TrackLocalStaticSample, *webrtc.RTPSender) {
	t.Helper()
	track := newTrack(t, mime)
	tr, err := c.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	c.readRTCP(tr.Sender().ReadRTCP)
	return track, tr.Sender()
}

func newTrack(t testing.TB, mime string) *webrtc.TrackLocalStaticSample {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, mime, mime)
	if err != nil {
		t.Fatal(err)
	}
	return track
}

// slots adds n recvonly sections.
func (c *client) slots(t testing.TB, kind webrtc.RTPCodecType, n int) {
	t.Helper()
	for range n {
		if _, err := c.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
}

// join offers, has the engine answer, and waits for the connection.
func (c *client) join(t *testing.T, e *Engine) *Transport {
	t.Helper()
	c.offerTo(t, e)
	wait(t, c.transport.Connected(), "connection")
	until(t, "connection at the client", c.secured)
	return c.transport
}

// secured says whether DTLS has finished at the client. The PeerConnection's
// own state may stay "connecting" for good: two goroutines of pion compute it
// from what they have read before, and the slower one is believed.
func (c *client) secured() bool {
	tr := c.GetTransceivers()[0]
	if s := tr.Sender(); s != nil {
		return s.Transport().State() == webrtc.DTLSTransportStateConnected
	}
	return tr.Receiver().Transport().State() == webrtc.DTLSTransportStateConnected
}

func (c *client) offerTo(t *testing.T, e *Engine) {
	t.Helper()
	offer, err := c.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.transport, err = e.Accept(t.Context(), Offer{SDP: offer.SDP, Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	c.settle(t, offer, c.transport.Answer())
}

func (c *client) settle(t testing.TB, offer webrtc.SessionDescription, answer string) {
	t.Helper()
	if err := c.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	if err := c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatalf("the client refuses the answer: %v\n%s", err, answer)
	}
}

func (c *client) track(t *testing.T) *webrtc.TrackRemote {
	t.Helper()
	select {
	case tr := <-c.tracks:
		return tr
	case <-time.After(patience):
		t.Fatal("no track arrived")
		return nil
	}
}

// receive reads n packets of tr.
func receive(t *testing.T, tr *webrtc.TrackRemote, n int) []*rtp.Packet {
	t.Helper()
	if err := tr.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var list []*rtp.Packet
	for len(list) < n {
		p, _, err := tr.ReadRTP()
		if err != nil {
			t.Fatalf("after %d packets: %v", len(list), err)
		}
		list = append(list, p)
	}
	return list
}

// send writes frames until the test ends: 50 a second, every fifth a
// keyframe, of about three packets each for video and one for audio.
func send(t *testing.T, track *webrtc.TrackLocalStaticSample) {
	t.Helper()
	every(t, func(i int) {
		data := make([]byte, 60)
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			data = frame(i%5 == 0)
		}
		_ = track.WriteSample(media.Sample{Data: data, Duration: 20 * time.Millisecond})
	})
}

// every calls f 50 times a second until the test ends.
func every(t *testing.T, f func(i int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				f(i)
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// frame is 3,000 bytes that begin as a VP8 frame does (RFC 6386 section 9.1).
func frame(key bool) []byte {
	b := make([]byte, 3000)
	if key {
		copy(b, []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01})
	} else {
		b[0] = 0x11
	}
	return b
}

// keyframe is packet i of a stream of frames of one packet.
func keyframe(i int, payload []byte) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(i) * 1800, Marker: true},
		Payload: payload,
	}
}

func wait(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("no %s in time", what)
	}
}

// until polls cond.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	t.Helper()
	deadline := time.After(patience)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-ticker.C:
		}
	}
}

// upOf returns the transport's first Up of a kind.
func upOf(t *testing.T, tr *Transport, kind sfu.Kind) *sfu.UpTrack {
	t.Helper()
	for _, u := range tr.Ups() {
		if u.Kind == kind {
			return u.Track
		}
	}
	t.Fatalf("no %v Up", kind)
	return nil
}

func downOf(t testing.TB, tr *Transport, kind sfu.Kind) *sfu.DownTrack {
	t.Helper()
	for _, d := range tr.Downs() {
		if d.Kind == kind {
			return d.Track
		}
	}
	t.Fatalf("no %v slot", kind)
	return nil
}

func (c *client) mids(t *testing.T) map[string]int {
	t.Helper()
	m := make(map[string]int)
	for i, tr := range c.GetTransceivers() {
		m[tr.Mid()] = i
	}
	return m
}
