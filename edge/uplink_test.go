package edge

import (
	"math"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/quality"
)

// fakeSource is an UpTrack that counts what the test says.
type fakeSource struct {
	codec  sfu.Codec
	stats  sfu.UpStats
	layers []sfu.LayerStats
}

func (f *fakeSource) Kind() sfu.Kind           { return f.codec.Kind() }
func (f *fakeSource) Codec() sfu.Codec         { return f.codec }
func (f *fakeSource) Stats() sfu.UpStats       { return f.stats }
func (f *fakeSource) Layers() []sfu.LayerStats { return f.layers }

// send counts a second of packets, of which some were repaired and some lost.
func (f *fakeSource) send(packets, recovered, lost uint64) {
	f.stats.Packets += packets - lost
	f.stats.Octets += (packets - lost) * 1000
	f.stats.Recovered += recovered
	f.stats.Lost += lost
}

// simulcast is n encodings of a camera, of which the first live ones come.
func simulcast(n, live int, fps float64) (out []sfu.LayerStats) {
	for i := range n {
		out = append(out, sfu.LayerStats{
			Layer: sfu.Layer{Spatial: int8(i), Temporal: 2}, Live: i < live,
			Bitrate: 100_000 << i, Width: 320 << i, Height: 180 << i, FPS: fps,
		})
	}
	return out
}

// follow reads a source once a second after letting it send, and returns the
// last reading.
func follow(x *sending, from, seconds int, asked int, u *fakeSource, send func()) (s sent, ok bool) {
	for n := range seconds {
		send()
		s, ok = x.read(time.Duration(from+n)*time.Second, asked, u)
	}
	return s, ok
}

func TestSendingIsMeasured(t *testing.T) {
	u := &fakeSource{codec: sfu.VP8, layers: simulcast(3, 3, 30)}
	x := &sending{}
	if _, ok := x.read(time.Second, 3, u); ok {
		t.Error("one reading is enough")
	}
	s, ok := follow(x, 2, 5, 3, u, func() { u.send(200, 8, 2) })
	if !ok || s.Packets != 198 || s.Bitrate != 198*8000 || math.Abs(s.Lost-0.05) > 1e-9 || math.Abs(s.Missing-0.01) > 1e-9 {
		t.Errorf("%+v", s)
	}
	if s.Layers != 3 || s.Asked != 3 || s.Lines != 720 || s.FPS != 30 || s.wantedFPS != 30 || s.Held {
		t.Errorf("%+v", s)
	}
	if _, ok := x.read(8*time.Second, 0, u); ok {
		t.Error("what nobody watches is judged")
	}
}

// A client that sends fewer layers or frames than it was asked for is slow,
// unless it never had them, has just been asked, or loses packets.
func TestSlowSenderIsBlamed(t *testing.T) {
	for _, tc := range []struct {
		name      string
		layers    []sfu.LayerStats // after ten seconds of three encodings at 30 frames
		recovered uint64
		asked     int
		after     int // seconds
		class     quality.Class
		cause     quality.Cause
	}{
		{"goes on", simulcast(3, 3, 30), 0, 3, 5, quality.Good, quality.None},
		{"one layer of three", simulcast(3, 1, 30), 0, 3, 5, quality.Fair, quality.CPU},
		{"one layer after loss", simulcast(3, 1, 30), 20, 3, 5, quality.Fair, quality.UplinkLoss},
		{"one layer as asked", simulcast(3, 1, 30), 0, 1, 5, quality.Good, quality.None},
		{"one layer, asked just now", simulcast(3, 1, 30), 0, 4, 3, quality.Good, quality.None},
		{"6 frames", simulcast(3, 3, 6), 0, 3, 5, quality.Fair, quality.CPU},
		{"6 frames for long", simulcast(3, 3, 6), 0, 3, 70, quality.Good, quality.None},
		{"it has one layer", simulcast(1, 1, 30), 0, 3, 5, quality.Good, quality.None},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u := &fakeSource{codec: sfu.VP8, layers: simulcast(3, 3, 30)}
			x := &sending{}
			follow(x, 1, 10, 3, u, func() { u.send(200, 0, 0) })
			u.layers = tc.layers
			var judge quality.Judge
			var v quality.Verdict
			for second := range tc.after {
				s, ok := follow(x, 11+second, 1, tc.asked, u, func() { u.send(200, tc.recovered, 0) })
				if !ok {
					t.Fatal("nothing to judge")
				}
				s.Kind = trackCamera
				v = judge.Judge(time.Duration(second)*time.Second, sampleUp([]sent{s}, 0))
			}
			if v.Class != tc.class || v.Cause != tc.cause {
				t.Errorf("%+v", v)
			}
		})
	}
}

// A camera that sends nothing is paused after a while; a share may stand still.
func TestSilentCameraIsHeld(t *testing.T) {
	u := &fakeSource{codec: sfu.VP8, layers: simulcast(1, 1, 30)}
	x := &sending{}
	follow(x, 1, 10, 1, u, func() { u.send(100, 0, 0) })
	u.layers = simulcast(1, 0, 30)
	if s, _ := follow(x, 11, 3, 1, u, func() {}); s.Held || s.Asked != 0 {
		t.Errorf("after 3 s: %+v", s)
	}
	s, _ := follow(x, 14, 1, 1, u, func() {})
	if !s.Held {
		t.Errorf("after 4 s: %+v", s)
	}
	s.Kind = trackCamera
	if v := new(quality.Judge).Judge(0, sampleUp([]sent{s}, 0)); v.Cause != quality.Paused || v.Class != quality.Fair {
		t.Errorf("%+v", v)
	}
}

// A microphone that falls silent has lost its packets at first, and is off then.
func TestSilentMicrophone(t *testing.T) {
	u := &fakeSource{codec: sfu.Opus}
	x := &sending{}
	if _, ok := follow(x, 1, 9, 1, u, func() {}); ok {
		t.Error("a microphone that never sent is judged")
	}
	u.stats.Jitter = 480
	s, ok := follow(x, 10, 2, 1, u, func() { u.send(50, 0, 0) })
	if !ok || s.Missing != 0 || s.Jitter != 10 {
		t.Errorf("%+v", s)
	}
	if s, ok = follow(x, 12, 2, 1, u, func() {}); !ok || s.Missing != 1 {
		t.Errorf("after 2 s: %+v", s)
	}
	if _, ok = follow(x, 14, 5, 1, u, func() {}); ok {
		t.Error("a microphone that is off is judged")
	}
}

func TestSampleUpWeighsLossByPackets(t *testing.T) {
	s := sampleUp([]sent{
		{Kind: trackMic, Packets: 50, Lost: 0.5, Missing: 0.4, Jitter: 3},
		{Kind: trackCamera, Packets: 150},
		{Kind: trackShare, Packets: 0},
	}, time.Second)
	if s.Direction != quality.Up || s.RTT != time.Second || s.Loss != 0.125 || len(s.Audio) != 1 || len(s.Video) != 2 {
		t.Errorf("%+v", s)
	}
	if s.Audio[0] != (quality.Audio{Loss: 0.4, Jitter: 3 * time.Millisecond}) {
		t.Errorf("%+v", s.Audio[0])
	}
}
