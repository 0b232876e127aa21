// Package relayed joins turn and edge/rtc: media through a relay in process.
package relayed

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/turn"
	"github.com/meridian-video/meridian/turn/credential"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRelayedMedia has one client publish and one play, both through TURN
// alone, over UDP and over TCP, and the publisher without.
func TestRelayedMedia(t *testing.T) {
	for _, test := range []struct {
		name, network, publisher, viewer string
	}{
		{"udp", "udp", "relay", "relay"},
		{"tcp", "tcp", "relay", "relay"},
		{"a direct publisher", "udp", "prflx", "relay"},
	} {
		t.Run(test.name, func(t *testing.T) { relayed(t, test.network, test.publisher, test.viewer) })
	}
}

// relayed has a publisher and a viewer whose remote addresses are of the given
// kinds. The media port has several readers where the system knows such.
func relayed(t *testing.T, network, publisher, viewer string) {
	secret := []byte("secret")
	sockets, err := rtc.Listen("127.0.0.1:0", 8)
	if err != nil {
		t.Fatal(err)
	}
	addr := sockets[0].LocalAddr().(*net.UDPAddr).AddrPort()
	bridge := turn.NewBridge(sockets[0], []netip.AddrPort{addr})
	cfg := rtc.Config{Media: bridge, Relayed: bridge.Relayed}
	for _, s := range sockets[1:] {
		cfg.Beside = append(cfg.Beside, bridge.Beside(s))
	}
	engine, err := rtc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp := listenUDP(t)
	server, err := turn.New(turn.Config{UDP: udp, TCP: tcp, Bridge: bridge, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	url := "turn:" + udp.LocalAddr().String() + "?transport=udp"
	if network == "tcp" {
		url = "turn:" + tcp.Addr().String() + "?transport=tcp"
	}
	connect := func(name, kind string) *webrtc.PeerConnection {
		user, password := credential.Mint(secret, name, time.Minute, time.Now())
		c := webrtc.Configuration{ICEServers: []webrtc.ICEServer{{URLs: []string{url}, Username: user, Credential: password}}}
		var s webrtc.SettingEngine
		if c.ICETransportPolicy = webrtc.ICETransportPolicyRelay; kind != "relay" {
			c = webrtc.Configuration{}
			s.SetIncludeLoopbackCandidate(true)
		}
		pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pc.GracefulClose() })
		return pc
	}
	join := func(pc *webrtc.PeerConnection) *rtc.Transport {
		t.Helper()
		offer, err := pc.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := engine.Accept(t.Context(), rtc.Offer{SDP: offer.SDP})
		if err != nil {
			t.Fatal(err)
		}
		if err := pc.SetLocalDescription(offer); err != nil {
			t.Fatal(err)
		}
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: tr.Answer()}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-tr.Connected():
		case <-time.After(patience):
			t.Fatal("no connection")
		}
		return tr
	}
	ann, bob := connect("ann", publisher), connect("bob", viewer)
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ann.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	arrived := make(chan *webrtc.TrackRemote, 1)
	bob.OnTrack(func(tr *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { arrived <- tr })
	from, to := join(ann), join(bob)
	to.Downs()[0].Track.Switch(from.Ups()[0].Track)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				_ = track.WriteSample(media.Sample{Data: make([]byte, 80), Duration: 20 * time.Millisecond})
			}
		}
	}()
	defer func() { close(stop); <-done }()
	select {
	case tr := <-arrived:
		for i := range 100 {
			if err := tr.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := tr.ReadRTP(); err != nil {
				t.Fatalf("after %d packets: %v", i, err)
			}
		}
	case <-time.After(patience):
		t.Fatal("nothing arrived")
	}
	allocations := 0
	for tr, want := range map[*rtc.Transport]string{from: publisher, to: viewer} {
		if kind := tr.Stats().Remote; kind != want {
			t.Errorf("remote is %q, want %q", kind, want)
		}
		if want == "relay" {
			allocations++
		}
	}
	if n := server.Allocations(); n < allocations {
		t.Errorf("%d allocations", n)
	}
}
