package rtc

import (
	"encoding/binary"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/edge/sfu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// meet is a publisher of voice and picture and a subscriber whose slots are
// switched to it.
type meet struct {
	engine         *Engine
	pub, sub       *client
	video, audio   *webrtc.TrackLocalStaticSample
	sender         *webrtc.RTPSender
	picture, voice *webrtc.TrackRemote
}

func newMeet(t *testing.T, codecs ...clientCodec) *meet {
	t.Helper()
	return meeting(t, newEngine(t), newClient(t, codecs...), newClient(t, codecs...))
}

// meeting has two clients meet.
func meeting(t *testing.T, e *Engine, pub, sub *client) *meet {
	t.Helper()
	m := &meet{engine: e, pub: pub, sub: sub}
	m.audio, _ = m.pub.publish(t, webrtc.MimeTypeOpus)
	m.video, m.sender = m.pub.publish(t, webrtc.MimeTypeVP8)
	m.sub.slots(t, webrtc.RTPCodecTypeVideo, 2)
	m.sub.slots(t, webrtc.RTPCodecTypeAudio, 1)
	m.pub.join(t, m.engine)
	m.sub.join(t, m.engine)
	downOf(t, m.sub.transport, sfu.Video).Switch(upOf(t, m.pub.transport, sfu.Video))
	downOf(t, m.sub.transport, sfu.Audio).Switch(upOf(t, m.pub.transport, sfu.Audio))
	send(t, m.video)
	send(t, m.audio)
	for range 2 {
		switch tr := m.sub.track(t); tr.Kind() {
		case webrtc.RTPCodecTypeVideo:
			m.picture = tr
		case webrtc.RTPCodecTypeAudio:
			m.voice = tr
		}
	}
	if m.picture == nil || m.voice == nil {
		t.Fatal("two tracks of one kind arrived")
	}
	return m
}

func TestForwarding(t *testing.T) {
	m := newMeet(t)
	for _, tr := range []*webrtc.TrackRemote{m.picture, m.voice} {
		list := receive(t, tr, 100)
		for i, p := range list {
			if want := list[0].SequenceNumber + uint16(i); p.SequenceNumber != want {
				t.Fatalf("%v packet %d has number %d, want %d", tr.Kind(), i, p.SequenceNumber, want)
			}
			if len(p.Payload) == 0 {
				t.Fatalf("%v packet %d is empty", tr.Kind(), i)
			}
		}
	}
	if m.picture.StreamID() == m.voice.StreamID() {
		t.Errorf("slots share the stream %q", m.picture.StreamID())
	}
	until(t, "counts and round trip", func() bool {
		in, out := m.pub.transport.Stats(), m.sub.transport.Stats()
		return in.PacketsIn > 200 && in.BytesIn > 200 && out.PacketsOut > 200 && out.RTT > 0 &&
			in.Remote == "prflx" && in.ICE == "connected" && in.Ups[0].Packets > 50 && in.Ups[0].Lost == 0 &&
			out.Downs[0].Packets > 100 && out.Downs[1].Packets == 0 &&
			out.Downs[0].Expected > 100 && out.Downs[0].Lost == 0
	})
}

func TestSlotSwitchesBetweenPublishers(t *testing.T) {
	m := newMeet(t)
	other := newClient(t)
	track, _ := other.publish(t, webrtc.MimeTypeVP8)
	other.join(t, m.engine)
	send(t, track)
	before := receive(t, m.picture, 30)
	slot := downOf(t, m.sub.transport, sfu.Video)
	slot.Switch(upOf(t, other.transport, sfu.Video))
	m.pub.transport.Close(errors.New("left"))
	wait(t, m.pub.transport.Done(), "end of the publisher")
	after := receive(t, m.picture, 100)
	all := append(before, after...)
	for i, p := range all {
		if want := all[0].SequenceNumber + uint16(i); p.SequenceNumber != want {
			t.Fatalf("packet %d has number %d, want %d", i, p.SequenceNumber, want)
		}
	}
}

// dropOnce loses the nth RTP packet of more than 500 bytes in one direction,
// and nothing else: not even its repetition. It returns the number lost, 0
// until then.
func dropOnce(l *lossy, outward bool, nth int32) *atomic.Uint32 {
	var lost atomic.Uint32
	var seen atomic.Int32
	f := func(b []byte, out bool) bool {
		if out != outward || !isRTP(b) || len(b) < 500 || seen.Add(1) != nth {
			return false
		}
		lost.Store(1<<16 | uint32(binary.BigEndian.Uint16(b[2:])))
		return true
	}
	l.drop.Store(&f)
	return &lost
}

func TestLossTowardsTheNodeIsRepaired(t *testing.T) {
	m := newMeet(t)
	receive(t, m.picture, 20)
	lost := dropOnce(m.pub.socket, true, 10)
	complete(t, m.picture, lost)
}

func TestLossTowardsTheClientIsRepaired(t *testing.T) {
	m := newMeet(t)
	receive(t, m.picture, 20)
	lost := dropOnce(m.sub.socket, false, 10)
	complete(t, m.picture, lost)
}

// complete checks that after a loss every number arrives all the same.
func complete(t *testing.T, tr *webrtc.TrackRemote, lost *atomic.Uint32) {
	t.Helper()
	seen := make(map[uint16]bool)
	var first, last uint16
	for i := 0; ; i++ {
		p := receive(t, tr, 1)[0]
		if i == 0 {
			first = p.SequenceNumber
			last = first
		}
		seen[p.SequenceNumber] = true
		if p.SequenceNumber-last < 1<<15 {
			last = p.SequenceNumber
		}
		if i < 100 || lost.Load() == 0 {
			continue
		}
		missing := 0
		for n := first; n != last-30; n++ { // the newest may still be on their way
			if !seen[n] {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		if i > 3000 {
			t.Fatalf("%d packets stayed lost", missing)
		}
	}
}

func TestKeyframeRequestReachesThePublisher(t *testing.T) {
	m := newMeet(t)
	receive(t, m.picture, 5)
	for len(m.pub.plis) > 0 { // of the beginning
		<-m.pub.plis
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(patience); ; {
		if err := m.sub.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(m.picture.SSRC())}}); err != nil {
			t.Fatal(err)
		}
		select {
		case ssrc := <-m.pub.plis:
			if want := uint32(m.sender.GetParameters().Encodings[0].SSRC); ssrc != want {
				t.Fatalf("PLI for %d, want %d", ssrc, want)
			}
			return
		case <-ticker.C:
		case <-deadline:
			t.Fatal("no PLI came through")
		}
	}
}

func TestMediaThatStartsLater(t *testing.T) {
	e := newEngine(t)
	pub, sub := newClient(t), newClient(t)
	tr, err := pub.AddTransceiverFromTrack(newTrack(t, webrtc.MimeTypeVP8),
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	sub.slots(t, webrtc.RTPCodecTypeVideo, 1)
	offer, err := pub.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	// Without SSRCs, as some clients offer: the mid decides.
	var lines []string
	for line := range strings.Lines(offer.SDP) {
		if !strings.HasPrefix(line, "a=ssrc") {
			lines = append(lines, line)
		}
	}
	pub.transport, err = e.Accept(t.Context(), Offer{SDP: strings.Join(lines, "")})
	if err != nil {
		t.Fatal(err)
	}
	pub.settle(t, offer, pub.transport.Answer())
	wait(t, pub.transport.Connected(), "connection")
	if err := tr.Sender().ReplaceTrack(nil); err != nil {
		t.Fatal(err)
	}
	sub.join(t, e)
	downOf(t, sub.transport, sfu.Video).Switch(upOf(t, pub.transport, sfu.Video))
	late := newTrack(t, webrtc.MimeTypeVP8)
	if err := tr.Sender().ReplaceTrack(late); err != nil {
		t.Fatal(err)
	}
	send(t, late)
	receive(t, sub.track(t), 50)
}

func TestICERestartKeepsTracks(t *testing.T) {
	m := newMeet(t)
	receive(t, m.picture, 20)
	for _, c := range []*client{m.pub, m.sub} {
		ups, downs := c.transport.Ups(), c.transport.Downs()
		before, _ := c.transport.ICE()
		restart(t, c)
		if after, _ := c.transport.ICE(); after == before {
			t.Error("the ufrag stayed")
		}
		for i, u := range c.transport.Ups() {
			if u != ups[i] {
				t.Errorf("Up %d is another", i)
			}
		}
		for i, d := range c.transport.Downs() {
			if d != downs[i] {
				t.Errorf("slot %d is another", i)
			}
		}
		receive(t, m.picture, 100)
	}
}

func TestSlotsGrow(t *testing.T) {
	m := newMeet(t)
	m.sub.slots(t, webrtc.RTPCodecTypeVideo, 2)
	offer, err := m.sub.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := m.sub.transport.Restart(t.Context(), offer.SDP)
	if err != nil {
		t.Fatal(err)
	}
	m.sub.settle(t, offer, answer)
	downs := m.sub.transport.Downs()
	if len(downs) != 5 {
		t.Fatalf("%d slots, want 5", len(downs))
	}
	mids := m.sub.mids(t)
	for _, d := range downs {
		if _, ok := mids[d.MID]; !ok {
			t.Errorf("the client has no section %q", d.MID)
		}
	}
	downs[4].Track.Switch(upOf(t, m.pub.transport, sfu.Video))
	receive(t, m.sub.track(t), 50)
	receive(t, m.picture, 50)
}

func TestCauses(t *testing.T) {
	t.Run("client closes", func(t *testing.T) {
		c := newClient(t)
		c.publish(t, webrtc.MimeTypeVP8)
		tr := c.join(t, newEngine(t))
		if tr.Cause() != nil {
			t.Fatalf("cause %v while alive", tr.Cause())
		}
		_ = c.Close()
		ends(t, tr, ErrClientClosed)
	})
	t.Run("owner closes", func(t *testing.T) {
		c := newClient(t)
		c.publish(t, webrtc.MimeTypeVP8)
		tr := c.join(t, newEngine(t))
		kicked := errors.New("kicked")
		tr.Close(kicked)
		tr.Close(errors.New("later"))
		ends(t, tr, kicked)
	})
	t.Run("engine closes", func(t *testing.T) {
		c := newClient(t)
		c.publish(t, webrtc.MimeTypeVP8)
		e := newEngine(t)
		tr := c.join(t, e)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		ends(t, tr, ErrClosed)
		if n := e.Transports(); n != 0 {
			t.Errorf("%d transports after Close", n)
		}
		if _, err := e.Accept(t.Context(), Offer{SDP: pionOffer(t)}); err == nil {
			t.Error("a closed engine accepts")
		}
	})
	t.Run("nobody connects", func(t *testing.T) {
		e := newEngine(t, func(c *Config) { c.ConnectTimeout = 50 * time.Millisecond })
		tr, err := e.Accept(t.Context(), Offer{SDP: pionOffer(t)})
		if err != nil {
			t.Fatal(err)
		}
		ends(t, tr, ErrConnectTimeout)
	})
	t.Run("client falls silent", func(t *testing.T) {
		c := newClient(t)
		c.publish(t, webrtc.MimeTypeVP8)
		tr := c.join(t, newEngine(t, func(c *Config) { c.ConsentTimeout = 3 * time.Second }))
		all := func([]byte, bool) bool { return true }
		c.socket.drop.Store(&all)
		ends(t, tr, ErrICEFailed)
	})
	t.Run("foreign certificate", func(t *testing.T) {
		c := newClient(t)
		c.publish(t, webrtc.MimeTypeVP8)
		offer, err := c.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		forged := swapFingerprint(offer.SDP, pionOffer(t))
		tr, err := newEngine(t).Accept(t.Context(), Offer{SDP: forged})
		if err != nil {
			t.Fatal(err)
		}
		c.settle(t, offer, tr.Answer())
		ends(t, tr, ErrDTLS)
	})
}

func ends(t *testing.T, tr *Transport, want error) {
	t.Helper()
	wait(t, tr.Done(), "end")
	if err := tr.Cause(); !errors.Is(err, want) {
		t.Errorf("cause %v, want %v", err, want)
	}
	if s := tr.Stats().ICE; s != "closed" {
		t.Errorf("ICE is %q after the end", s)
	}
}

// pionOffer is an offer of somebody who will not connect.
func pionOffer(t *testing.T) string {
	t.Helper()
	c := newClient(t)
	c.publish(t, webrtc.MimeTypeOpus)
	c.publish(t, webrtc.MimeTypeVP8)
	offer, err := c.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	return offer.SDP
}

func swapFingerprint(into, from string) string {
	find := func(s string) string {
		for line := range strings.Lines(s) {
			if strings.HasPrefix(line, "a=fingerprint:") {
				return line
			}
		}
		return ""
	}
	return strings.ReplaceAll(into, find(into), find(from))
}

func TestJoinAndLeave(t *testing.T) {
	e := newEngine(t)
	for range 30 {
		c := newClient(t)
		c.publish(t, webrtc.MimeTypeVP8)
		c.slots(t, webrtc.RTPCodecTypeVideo, 3)
		tr := c.join(t, e)
		_ = c.GracefulClose()
		_ = c.socket.Close()
		ends(t, tr, ErrClientClosed)
	}
	until(t, "an empty engine", func() bool { return e.Transports() == 0 })
}
