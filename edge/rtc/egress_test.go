package rtc

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/edge/sfu"
)

func TestNumbersAreGivenOutOnce(t *testing.T) {
	var e egress
	e.init()
	var wg sync.WaitGroup
	lists := make([][]uint16, 4)
	for i := range lists {
		wg.Go(func() {
			for range 4000 {
				lists[i] = append(lists[i], e.number(1200, time.Second))
			}
		})
	}
	wg.Wait()
	var all []uint16
	for _, l := range lists {
		if !slices.IsSorted(l) {
			t.Fatal("numbers of one slot do not grow")
		}
		all = append(all, l...)
	}
	slices.Sort(all)
	for i, n := range all {
		if int(n) != i {
			t.Fatalf("number %d is %d", i, n)
		}
	}
}

func TestREMBCaps(t *testing.T) {
	tr := idle(t, "whip.sdp")
	if _, known := tr.Bandwidth(); known {
		t.Fatal("a client that is sent nothing has a bandwidth")
	}
	for _, test := range []struct {
		bitrate float32
		want    int
	}{{200_000, 200_000}, {1e15, 200_000}, {100_000, 100_000}, {5e6, 5e6}} {
		b, err := (&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: test.bitrate, SSRCs: []uint32{1}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		tr.control(b)
		if got, known := tr.Bandwidth(); !known || got/1000 != test.want/1000 {
			t.Errorf("REMB of %g leaves %d, want %d", test.bitrate, got, test.want)
		}
	}
}

// TestReceipts takes apart what an independent recorder has written.
func TestReceipts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		recorder := twcc.NewRecorder(1)
		seq := rapid.Uint16().Draw(t, "first")
		at := time.Duration(rapid.IntRange(1000, 1<<30).Draw(t, "begin")) * time.Microsecond
		arrived := map[uint16]time.Duration{}
		var order []uint16
		for range rapid.IntRange(1, 200).Draw(t, "packets") {
			seq += rapid.SampledFrom([]uint16{1, 1, 1, 2, 9}).Draw(t, "step")
			at += time.Duration(rapid.SampledFrom([]int{0, 250, 1000, 60_000, 70_000}).Draw(t, "us")) * time.Microsecond
			recorder.Record(1, seq, at.Microseconds())
			arrived[seq] = at
			order = append(order, seq)
		}
		got := map[uint16]time.Duration{}
		for _, p := range recorder.BuildFeedbackPacket() {
			for _, r := range appendReceipts(nil, p.(*rtcp.TransportLayerCC)) {
				if _, came := arrived[r.Seq]; came != r.Received {
					t.Fatalf("number %d: received %v", r.Seq, r.Received)
				}
				if r.Received {
					got[r.Seq] = r.Arrival
				}
			}
		}
		if len(got) != len(arrived) {
			t.Fatalf("%d receipts for %d packets", len(got), len(arrived))
		}
		offset := got[order[0]] - arrived[order[0]]
		for _, seq := range order {
			if d := got[seq] - arrived[seq] - offset; d < -500*time.Microsecond || d > 500*time.Microsecond {
				t.Fatalf("number %d is %v off", seq, d)
			}
		}
	})
}

// FuzzReceipts takes reports apart that any client may send.
func FuzzReceipts(f *testing.F) {
	recorder := twcc.NewRecorder(1)
	for i := range uint16(40) {
		recorder.Record(1, i*i, int64(i)*5000)
	}
	for _, p := range recorder.BuildFeedbackPacket() {
		b, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p rtcp.TransportLayerCC
		if p.Unmarshal(b) != nil {
			return
		}
		if got := appendReceipts(nil, &p); len(got) > int(p.PacketStatusCount) {
			t.Fatalf("%d receipts of %d packets", len(got), p.PacketStatusCount)
		}
	})
}

// TestProbesRaiseTheEstimate has a client on a wide path that is sent little.
func TestProbesRaiseTheEstimate(t *testing.T) {
	m := newMeet(t, opus, vp8)
	tr := m.sub.transport
	if _, known := tr.Bandwidth(); !known {
		t.Fatal("nothing is known of a client with transport-wide feedback")
	}
	for _, track := range []*webrtc.TrackRemote{m.picture, m.voice} {
		go func() { // ends with the client; what is not read is not reported on
			for b := make([]byte, maxPacket); ; {
				if _, _, err := track.Read(b); err != nil {
					return
				}
			}
		}()
	}
	tr.SetWanted(4_000_000)
	until(t, "estimate of what is wanted", func() bool {
		got, _ := tr.Bandwidth()
		return got >= 3_000_000
	})
}

// numbered is how many numbers were given out.
func (e *egress) numbered() uint16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.next
}

// TestPacketsOfATransportAreNumbered checks that voice, picture and padding
// share one sequence.
func TestPacketsOfATransportAreNumbered(t *testing.T) {
	m := newMeet(t, opus, vp8)
	down := m.sub.transport.downs[0]
	id := down.ext[extCongestion].id
	if id == 0 || m.sub.transport.downs[2].ext[extCongestion].id != id {
		t.Fatalf("extension %d in video, %d in audio", id, m.sub.transport.downs[2].ext[extCongestion].id)
	}
	seen := make(map[uint16]bool)
	for range 20 {
		for _, tr := range []*webrtc.TrackRemote{m.picture, m.voice} {
			for _, p := range receive(t, tr, 2+3*int(tr.Kind()-webrtc.RTPCodecTypeAudio)) {
				v := p.GetExtension(id)
				if len(v) != 2 {
					t.Fatalf("%v without a number: %v", tr.Kind(), v)
				}
				n := uint16(v[0])<<8 | uint16(v[1])
				if seen[n] {
					t.Fatalf("number %d twice", n)
				}
				seen[n] = true
			}
		}
	}
	before := m.sub.transport.egress.numbered()
	size := down.padding(10)
	if after := m.sub.transport.egress.numbered(); size == 0 || after == before {
		t.Error("padding has no number")
	}
	if len(seen) < 100 {
		t.Errorf("%d numbers", len(seen))
	}
}

// TestPayloadTypesAreMapped has clients that number their codecs differently,
// and a slot that is switched from one codec to another.
func TestPayloadTypesAreMapped(t *testing.T) {
	vp9 := clientCodec{mime: webrtc.MimeTypeVP9, fmtp: "profile-id=0", pt: 98, rtx: 99}
	h264 := clientCodec{mime: webrtc.MimeTypeH264, fmtp: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", pt: 102, rtx: 103}
	av1 := clientCodec{mime: webrtc.MimeTypeAV1, pt: 45, rtx: 46}
	renumbered := func(c clientCodec, pt webrtc.PayloadType) clientCodec { c.pt, c.rtx = pt, pt+1; return c }
	e, sub := newEngine(t), newClient(t, opus, renumbered(vp8, 120), renumbered(vp9, 122), renumbered(h264, 124), renumbered(av1, 100))
	sub.slots(t, webrtc.RTPCodecTypeVideo, 1)
	sub.join(t, e)
	slot := downOf(t, sub.transport, sfu.Video)
	var picture *webrtc.TrackRemote
	for _, test := range []struct {
		codec   clientCodec
		pt      uint8
		payload []byte // a keyframe of one packet
	}{
		{vp9, 122, []byte{0x8c, 0x05, 0x82, 0x49, 0x83, 0x42, 0, 0x27, 0xf0, 0x16, 0x70}},
		{h264, 124, []byte{0x78, 0, 9, 0x67, 0x42, 0xe0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0, 4, 0x68, 0xce, 0x3c, 0x80, 0, 4, 0x65, 0xb8, 0, 4}},
		{av1, 100, []byte{0x18, 0x0a, 0x0b, 0, 0, 0, 0x24, 0xcf, 0x7f, 0x0d, 0xbf, 0xff, 0x30, 8}},
		{vp8, 120, append([]byte{0x10}, frame(true)[:100]...)},
	} {
		pub := newClient(t, test.codec)
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: test.codec.mime, SDPFmtpLine: test.codec.fmtp}, "video", "stream")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pub.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
		pub.join(t, e)
		every(t, func(i int) { _ = track.WriteRTP(keyframe(i, test.payload)) })
		slot.Switch(upOf(t, pub.transport, sfu.Video))
		if picture == nil {
			picture = sub.track(t)
		}
		p := receive(t, picture, 1)[0]
		for range 100 { // what is left of the codec before
			if p.PayloadType == test.pt {
				break
			}
			p = receive(t, picture, 1)[0]
		}
		for range 20 {
			if p.PayloadType != test.pt {
				t.Fatalf("%s arrives with payload type %d, want %d", test.codec.mime, p.PayloadType, test.pt)
			}
			p = receive(t, picture, 1)[0]
		}
	}
	if n := len(sub.tracks); n != 0 {
		t.Errorf("%d tracks more", n)
	}
}
