package sfu

import (
	"bytes"
	"math"
	"testing"
	"time"
)

// last is the highest layer in the pictures from `since` on.
func last(frames []label, since uint32) (spatial, temporal uint8) {
	for _, l := range frames {
		if l.Picture < since {
			continue
		}
		spatial, temporal = max(spatial, l.Encoding, l.Spatial), max(temporal, l.Temporal)
	}
	return spatial, temporal
}

// Whatever the codec, a slot follows its target: downwards at once, upwards
// where the stream can be entered, and what it gets can always be decoded.
func TestSlotFollowsTarget(t *testing.T) {
	for _, tc := range []struct {
		name                string
		codec               Codec
		encodings, spatials int
	}{
		{"VP8 simulcast", VP8, 3, 1},
		{"VP9 SVC", VP9, 1, 3},
		{"AV1 SVC", AV1, 1, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStudio(tc.codec, tc.encodings, tc.spatials)
			s.run(40)
			d, rec := s.watch(0)
			var all []sent
			for _, target := range []Layer{
				TopLayer, {0, 0}, {2, 2}, {1, 2}, {1, 0}, {1, 1}, {2, 1}, {0, 2}, TopLayer,
			} {
				d.SetTarget(target)
				s.run(16) // a keyframe request goes up, its answer comes down
				got := rec.take()
				all = append(all, got...)
				frames := pictures(t, all)
				spatial, temporal := last(frames, s.enc[0].picture-8)
				want := Layer{min(target.Spatial, 2), min(target.Temporal, 2)}
				if got := (Layer{int8(spatial), int8(temporal)}); got != want {
					t.Fatalf("target %v: got layer %v", target, got)
				}
				if cur := d.Stats().Current; cur != want && target != TopLayer {
					t.Fatalf("target %v: says it forwards %v", target, cur)
				}
			}
		})
	}
}

// H.264 tells no temporal layers: those are all taken.
func TestH264Simulcast(t *testing.T) {
	s := newStudio(H264, 3, 1)
	for _, e := range s.enc {
		e.flat = true
	}
	d, rec := s.watch(0)
	var all []sent
	for _, target := range []Layer{{0, 0}, {2, 0}, {1, 0}} {
		d.SetTarget(target)
		s.run(40)
		all = append(all, rec.take()...)
		l := labelOf(all[len(all)-1].payload)
		if int8(l.Encoding) != target.Spatial {
			t.Fatalf("target %v: encoding %d", target, l.Encoding)
		}
	}
	for i := 1; i < len(all); i++ {
		a, b := labelOf(all[i-1].payload), labelOf(all[i].payload)
		if all[i].SequenceNumber != all[i-1].SequenceNumber+1 || a.Encoding != b.Encoding && !b.Key {
			t.Fatalf("%+v follows %+v", b, a)
		}
	}
}

func TestPausedSlotGetsNothing(t *testing.T) {
	s := newStudio(VP8, 3, 1)
	d, rec := s.watch(0)
	s.run(20)
	d.SetTarget(NoLayer)
	s.run(1) // takes effect with the tick
	before := pictures(t, rec.packets)
	s.run(30)
	if n := len(pictures(t, rec.packets)); n != len(before) || !d.Stats().Paused {
		t.Fatalf("%d frames while paused", n-len(before))
	}
	if s.up.Wanted() != NoLayer {
		t.Errorf("wanted %v", s.up.Wanted())
	}
	d.SetTarget(Layer{1, 2})
	s.run(10)
	after := pictures(t, rec.packets)[len(before):]
	if len(after) == 0 || !after[0].Key || after[0].Encoding > 1 {
		t.Fatalf("resumed with %+v", after)
	}
	if s.up.Wanted() != (Layer{1, 2}) {
		t.Errorf("wanted %v", s.up.Wanted())
	}
}

// When the publisher stops an encoding, slots go to the next lower one, and
// come back when it does.
func TestEncodingStops(t *testing.T) {
	s := newStudio(VP8, 3, 1)
	_, rec := s.watch(0)
	s.run(40)
	whole := s.enc
	s.enc = whole[:2]
	s.run(60)
	frames := pictures(t, rec.packets)
	if l := frames[len(frames)-1]; l.Encoding != 1 {
		t.Fatalf("shows encoding %d of 0 and 1", l.Encoding)
	}
	s.enc = whole
	s.run(60)
	frames = pictures(t, rec.packets)
	if l := frames[len(frames)-1]; l.Encoding != 2 {
		t.Fatalf("did not come back: encoding %d", l.Encoding)
	}
}

// A waiting slot takes the first keyframe that is not above what it may have.
func TestStartsLowThenRises(t *testing.T) {
	s := newStudio(VP8, 3, 1)
	s.run(40)
	d, rec := s.watch(0)
	d.SetTarget(TopLayer)
	s.ask.keys = [MaxLayers]int{1, 0, 0} // only the lowest answers
	s.run(1)
	if frames := pictures(t, rec.packets); len(frames) == 0 || frames[0].Encoding != 0 {
		t.Fatalf("frames %+v", frames)
	}
	s.ask.keys[2]++
	s.run(2)
	frames := pictures(t, rec.packets)
	if l := frames[len(frames)-1]; l.Encoding != 2 {
		t.Fatalf("stays at encoding %d", l.Encoding)
	}
}

// A new viewer catches up with the cached keyframe within a few milliseconds;
// then its timestamps are where they would be without.
func TestCatchUpKeepsTime(t *testing.T) {
	a, b := newStudio(VP8, 1, 1), newStudio(VP8, 1, 1)
	b.clockwork = a.clockwork
	b.up.cfg.Now = a.now
	a.run(1)
	d, rec := a.watch(0)
	step := func(n int) {
		for range n {
			a.at += 33333 * time.Microsecond
			for _, s := range []*studio{a, b} {
				for _, p := range s.enc[0].next(s.at, s.enc[0].picture == 0) {
					s.up.Write(p)
				}
				s.up.Tick(s.at)
			}
		}
	}
	a.ask.keys[0] = 1
	a.run(1)
	step(10)
	shown := rec.take()
	before := shown[len(shown)-1]
	d.Switch(b.up)
	for range 10 {
		a.at += burstInterval
		b.up.Tick(a.at)
	}
	step(3)
	got := rec.take()
	frames := pictures(t, got)
	if len(frames) != 13 || !frames[0].Key {
		t.Fatalf("%d frames, the first %+v", len(frames), frames[0])
	}
	if got[0].SequenceNumber != before.SequenceNumber+1 || int32(got[0].Timestamp-before.Timestamp) <= 0 {
		t.Errorf("%d at %d follows %d at %d", got[0].SequenceNumber, got[0].Timestamp, before.SequenceNumber, before.Timestamp)
	}
	elapsed := time.Duration(got[len(got)-1].Timestamp-before.Timestamp) * time.Second / 90000
	taken := 13 * 33333 * time.Microsecond // from the picture shown last to this one
	if late := elapsed - (taken - 10*33333*time.Microsecond); late < -ms || late > ms {
		t.Errorf("the stream is %v off after the catch-up", late)
	}
}

// Sender reports put encodings side by side, however late they arrive.
func TestEncodingsShareTime(t *testing.T) {
	s := newStudio(VP8, 2, 1)
	d, rec := s.watch(0)
	d.SetTarget(Layer{0, 2})
	s.run(10)
	for i, e := range s.enc {
		s.up.SenderReport(uint8(i), NTP(s.at), e.ts+3000*(e.picture-1), s.at)
	}
	before := rec.packets[len(rec.packets)-1]
	d.SetTarget(Layer{1, 2})
	s.ask.keys[1] = 1
	s.at += 70 * ms // pictures are on the way longer from now on
	s.run(2)
	pictures(t, rec.packets)
	after := rec.packets[len(rec.packets)-1]
	if labelOf(after.payload).Encoding != 1 || after.Timestamp-before.Timestamp != 2*3000 {
		t.Errorf("%+v is %d ticks behind, want %d", labelOf(after.payload), after.Timestamp-before.Timestamp, 2*3000)
	}
}

func TestLayersAreMeasured(t *testing.T) {
	for _, tc := range []struct {
		codec               Codec
		encodings, spatials int
		heights             []int
	}{{VP8, 3, 1, []int{360, 360, 360}}, {AV1, 1, 3, []int{180, 360, 720}}} {
		s := newStudio(tc.codec, tc.encodings, tc.spatials)
		s.run(60)
		layers := s.up.Layers()
		if len(layers) != 9 {
			t.Fatalf("%v: layers %+v", tc.codec, layers)
		}
		for i, l := range layers {
			if l.Layer != (Layer{int8(i / 3), int8(i % 3)}) || l.Height != tc.heights[i/3] {
				t.Errorf("%v: layer %+v", tc.codec, l)
			}
			if want := 7.5 * float64(int(1)<<(i%3)); math.Abs(l.FPS-want) > 2 { // 500 ms hold one more or less
				t.Errorf("%v: %v has %.1f pictures a second, want %v", tc.codec, l.Layer, l.FPS, want)
			}
			if i%3 > 0 && l.Bitrate <= layers[i-1].Bitrate {
				t.Errorf("%v: %v takes %d after %d bit/s", tc.codec, l.Layer, l.Bitrate, layers[i-1].Bitrate)
			}
		}
		s.enc = s.enc[:max(1, len(s.enc)-1)]
		s.run(60)
		if l := s.up.Layers()[8]; tc.encodings == 3 && (l.Live || l.Bitrate == 0) {
			t.Errorf("%v: of the layer that stopped is left %+v", tc.codec, l)
		}
		if low, high := layers[2].Bitrate, layers[8].Bitrate; tc.spatials == 3 && (high < 5*low/2 || high > 7*low/2) {
			t.Errorf("three spatial layers take %d, one %d", high, low)
		}
	}
}

// A link gets whole encodings, up to what is wanted behind it, as they are.
func TestLinkGetsWantedEncodings(t *testing.T) {
	s := newStudio(VP8, 3, 1)
	rec := &recorder{}
	d := NewDownTrack(DownConfig{Kind: Video, Sink: rec, Verbatim: true, Now: s.now})
	d.SetTarget(Layer{1, 3})
	d.Switch(s.up)
	s.run(30)
	seen := func() (set [MaxLayers]int) {
		for _, p := range rec.take() {
			set[p.Layer]++
		}
		return set
	}
	if n := seen(); n[0] != 60 || n[1] != 60 || n[2] != 0 {
		t.Fatalf("packets by encoding: %v", n)
	}
	d.SetTarget(Layer{2, 3})
	s.run(2)
	got := rec.take()
	for _, p := range got {
		if p.Layer == 2 {
			if !labelOf(p.payload).Key {
				t.Fatal("an encoding begins without a keyframe")
			}
			break
		}
	}
	d.SetTarget(Layer{0, 3})
	s.run(1)
	seen()
	s.run(5)
	if n := seen(); n[0] != 10 || n[1] != 0 || n[2] != 0 {
		t.Fatalf("packets by encoding: %v", n)
	}
}

// A sink gets no packet of a codec that it cannot take, and says so.
func TestForeignCodec(t *testing.T) {
	s := newStudio(AV1, 1, 1)
	d, rec := s.watch(Codecs(VP8, H264))
	s.run(5)
	if len(rec.packets) != 0 || !d.Stats().Foreign {
		t.Fatalf("%d packets; %+v", len(rec.packets), d.Stats())
	}
	s.enc[0] = newEncoder(VP8, 0, 1)
	s.enc[0].sn = 4321
	s.run(20)
	if s.up.Codec() != VP8 || d.Stats().Foreign || len(pictures(t, rec.packets)) == 0 {
		t.Fatalf("after the publisher changed to VP8: %+v", d.Stats())
	}
}

// Redundancy is for those who can read it; others get the sound alone.
func TestRedundantAudio(t *testing.T) {
	clock := &clockwork{at: time.Second}
	u := NewUpTrack(UpConfig{Kind: Audio, Codec: Opus, Now: clock.now})
	plain, red := &recorder{}, &recorder{}
	for sink, set := range map[*recorder]CodecSet{plain: Codecs(Opus), red: Codecs(Opus, RED)} {
		NewDownTrack(DownConfig{Kind: Audio, Sink: sink, Codecs: set, Now: clock.now}).Switch(u)
	}
	payload := []byte{0x80 | 111, 960 >> 6, 0, 2, 111, 'o', 'l', 'n', 'e', 'w'}
	for i := range 3 {
		u.Write(&Packet{SequenceNumber: uint16(i), Timestamp: uint32(960 * i), Codec: RED, AudioLevel: 20, Arrival: clock.at, Payload: payload})
	}
	u.Write(&Packet{SequenceNumber: 3, Timestamp: 2880, Codec: Opus, AudioLevel: 20, Arrival: clock.at, Payload: []byte("new")})
	if len(plain.packets) != 4 || len(red.packets) != 4 {
		t.Fatalf("%d and %d packets", len(plain.packets), len(red.packets))
	}
	for i := range 4 {
		if p := plain.packets[i]; p.Codec != Opus || string(p.payload) != "new" {
			t.Errorf("packet %d is %v %q", i, p.Codec, p.payload)
		}
	}
	if p := red.packets[0]; p.Codec != RED || !bytes.Equal(p.payload, payload) {
		t.Errorf("packet is %v %q", p.Codec, p.payload)
	}
	u.Write(&Packet{SequenceNumber: 4, Timestamp: 3840, Codec: RED, AudioLevel: 20, Arrival: clock.at, Payload: []byte{0xff, 0xff}})
}

// A burst of the source reaches nobody as one: eight packets go on at once, the
// others soon after, in order, and what comes then is not held up.
func TestBurstsAreSpread(t *testing.T) {
	clock := &clockwork{at: time.Second}
	paced := 0
	u := NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Now: clock.now, Pace: func(*UpTrack) { paced++ }})
	e := newEncoder(VP8, 0, 1)
	e.parts = 40
	rec := &recorder{}
	d := NewDownTrack(DownConfig{Kind: Video, Sink: rec, Now: clock.now})
	d.Switch(u)
	for _, p := range e.next(clock.at, true) {
		u.Write(p)
	}
	if len(rec.packets) != maxBurst || paced != 1 {
		t.Fatalf("%d packets at once, asked %d times for more time", len(rec.packets), paced)
	}
	for n, more := len(rec.packets), true; more; n = len(rec.packets) {
		clock.at += burstInterval
		more = u.Work(clock.at)
		if got := len(rec.packets) - n; got > maxBurst || got == 0 {
			t.Fatalf("%d packets in a turn", got)
		}
	}
	if took := clock.at - time.Second; len(rec.packets) != 40 || took > 10*ms {
		t.Fatalf("%d packets after %v", len(rec.packets), took)
	}
	clock.at += 33 * ms
	e.parts = 4
	for _, p := range e.next(clock.at, false) {
		u.Write(p)
	}
	if len(pictures(t, rec.packets)) != 2 || paced != 1 {
		t.Fatalf("%d packets, paced %d times", len(rec.packets), paced)
	}
}
