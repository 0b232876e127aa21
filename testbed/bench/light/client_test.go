//go:build linux

package light

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// peer is a PeerConnection of pion that answers a light client's offer.
func peer(t *testing.T, prepare func(*webrtc.PeerConnection), offer string) string {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	media := &webrtc.MediaEngine{}
	registry := &interceptor.Registry{}
	if err := errors.Join(media.RegisterDefaultCodecs(), webrtc.ConfigureSimulcastExtensionHeaders(media), webrtc.ConfigureTWCCHeaderExtensionSender(media, registry)); err != nil {
		t.Fatal(err)
	}
	media.RegisterFeedback(webrtc.RTCPFeedback{Type: "transport-cc"}, webrtc.RTPCodecTypeVideo)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	prepare(pc)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		t.Fatal(err)
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return pc.LocalDescription().SDP
}

func connect(t *testing.T, c *Client, answer string) {
	t.Helper()
	if err := c.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
}

func within(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatalf("%s did not happen in time", what)
	}
}

func TestAViewerReceivesFromAPeerConnectionAndReports(t *testing.T) {
	c := newTestClient(t, Options{Sample: 1})
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "v", "v")
	if err != nil {
		t.Fatal(err)
	}
	reports, asks := make(chan *rtcp.ReceiverReport, 16), make(chan *rtcp.TransportLayerNack, 16)
	arrivals := make(chan *rtcp.TransportLayerCC, 16)
	answer := peer(t, func(pc *webrtc.PeerConnection) {
		sender, err := pc.AddTrack(track)
		if err != nil {
			t.Fatal(err)
		}
		go readReports(sender, reports, asks, arrivals)
	}, c.Offer(Section{Video: true}))
	connect(t, c, answer)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go sendPictures(ctx, track)
	within(t, "the first packet", c.Packet())
	within(t, "the first keyframe", c.Picture())
	timeout := time.NewTimer(10 * time.Second)
	defer timeout.Stop()
	select {
	case <-asks:
	case <-timeout.C:
		t.Fatal("nobody asks for the packet that was left out")
	}
	select {
	case r := <-reports:
		if len(r.Reports) != 1 || r.Reports[0].LastSequenceNumber == 0 {
			t.Errorf("report %+v", r)
		}
	case <-timeout.C:
		t.Fatal("no receiver report came")
	}
	select {
	case a := <-arrivals:
		if a.PacketStatusCount == 0 {
			t.Errorf("feedback %+v", a)
		}
	case <-timeout.C:
		t.Fatal("no transport-wide feedback came")
	}
	s := c.Snapshot()
	if s.Bad != 0 || s.Opened == 0 || len(s.Delays) == 0 || s.Delays[0] < 0 || s.Delays[0] > 5*time.Second {
		t.Errorf("seen %+v", s.Seen)
	}
}

// sendPictures sends keyframes of a packet each and leaves out one of ten.
func sendPictures(ctx context.Context, track *webrtc.TrackLocalStaticRTP) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	var v vp8
	for seq := uint16(1); ; seq++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		b := make([]byte, 200)
		v.next(true)
		n := v.put(b, true, true, 0)
		stamp{key: true, count: uint32(seq), at: time.Now()}.put(b[n:])
		if seq%10 != 0 {
			_ = track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 900, Marker: true}, Payload: b})
		}
	}
}

func readReports(s *webrtc.RTPSender, reports chan<- *rtcp.ReceiverReport, asks chan<- *rtcp.TransportLayerNack, arrivals chan<- *rtcp.TransportLayerCC) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.ReceiverReport:
				select {
				case reports <- p:
				default:
				}
			case *rtcp.TransportLayerNack:
				select {
				case asks <- p:
				default:
				}
			case *rtcp.TransportLayerCC:
				select {
				case arrivals <- p:
				default:
				}
			}
		}
	}
}

func TestAPublisherSendsToAPeerConnectionAndObeysIt(t *testing.T) {
	c := newTestClient(t, Options{})
	var audio, video atomic.Int64
	both := make(chan struct{})
	var once sync.Once
	answer := peer(t, func(pc *webrtc.PeerConnection) {
		pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			_ = pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
			count := &audio
			if track.Kind() == webrtc.RTPCodecTypeVideo {
				count = &video
			}
			for {
				p, _, err := track.ReadRTP()
				if err != nil {
					return
				}
				if _, ok := findStamp(p.Payload); !ok {
					t.Error("a payload without a stamp")
				}
				if count.Add(1) == 20 && audio.Load() >= 20 && video.Load() >= 20 {
					once.Do(func() { close(both) })
				}
			}
		})
	}, c.Offer(Section{Send: true}, Section{Video: true, Send: true}))
	connect(t, c, answer)
	p := c.Publish()
	if p.Simulcast() || p.Rate() != VideoRate+AudioRate {
		t.Errorf("simulcast %v, %v packets a second", p.Simulcast(), p.Rate())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	within(t, "twenty packets of each", both)
	cancel()
	<-done
	if s := c.Snapshot(); s.PLI == 0 {
		t.Error("a request for a keyframe did not arrive")
	}
}

func TestAPublisherSendsThreeEncodingsWhereTheyAreTaken(t *testing.T) {
	c := newTestClient(t, Options{})
	type seen struct {
		rid   string
		layer uint8
	}
	tracks := make(chan seen, 3)
	answer := peer(t, func(pc *webrtc.PeerConnection) {
		pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			s, ok := findStamp(p.Payload)
			if !ok {
				t.Error("a payload without a stamp")
			}
			tracks <- seen{track.RID(), s.layer}
		})
	}, c.Offer(Section{Video: true, Send: true, Simulcast: true}))
	connect(t, c, answer)
	p := c.Publish()
	if !p.Simulcast() {
		t.Fatalf("three encodings were agreed to, and one is sent:\n%s", answer)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	timeout := time.NewTimer(10 * time.Second)
	defer timeout.Stop()
	got := map[seen]bool{}
	for len(got) < 3 {
		select {
		case s := <-tracks:
			got[s] = true
		case <-timeout.C:
			t.Fatalf("only %v came", got)
		}
	}
	cancel()
	<-done
	if !got[seen{"l", 0}] || !got[seen{"m", 1}] || !got[seen{"h", 2}] {
		t.Errorf("encodings %v", got)
	}
}

func TestConnectSaysWhoDidNotAnswer(t *testing.T) {
	c := newTestClient(t, Options{})
	c.Offer(Section{}, Section{Video: true})
	if err := c.SetAnswer(viewerAnswer); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Connect(ctx); err == nil || !strings.Contains(err.Error(), "127.0.0.1:4000") {
		t.Errorf("error %v", err)
	}
}
