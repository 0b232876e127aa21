package edge

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
)

// film lets publishers send for a while: three encodings of 100, 300 and 900
// kbit/s, keyframes only, or what there is of them.
func (s *stage) film(d time.Duration, encodings int, tracks ...string) {
	for end := s.at + d; s.at < end; s.at += 40 * time.Millisecond {
		for _, id := range tracks {
			up := s.ups[id]
			for layer := range uint8(encodings) {
				payload := make([]byte, 500*[]int{1, 3, 9}[layer]/[]int{1, 2, 4}[layer])
				payload[0] = 0x10 // begins a keyframe (RFC 7741 section 4.2)
				for part := range uint16([]int{1, 2, 4}[layer]) {
					n := uint16(s.at/(40*time.Millisecond))*uint16([]int{1, 2, 4}[layer]) + part
					binary.BigEndian.PutUint16(payload[1:], 0)
					up.Write(&sfu.Packet{
						SequenceNumber: n, Timestamp: uint32(s.at / time.Millisecond * 90), Layer: layer,
						AudioLevel: sfu.NoAudioLevel, Arrival: s.at, Payload: payload,
					})
				}
			}
			up.Tick(s.at)
		}
		s.mu.Lock()
		s.divide()
		s.mu.Unlock()
	}
}

func (s *stage) targets() (out []sfu.Layer) {
	for _, l := range s.video {
		out = append(out, l.down.Track.Target())
	}
	return out
}

// newest is what the client was told last.
func (s *stage) newest() []*signal.SlotLayer { return s.told[len(s.told)-1] }

func newGallery(t *testing.T) *stage {
	s := newStage(t, 3, 1)
	s.at = time.Second
	s.publish("fra-1", "a.vp8.camera", "b.vp8.camera", "a.opus.mic")
	s.assign(signal.Assignment{Video: list("a.vp8.camera", "b.vp8.camera", ""), Audio: list("a.opus.mic")}, s.look)
	s.start()
	return s
}

func tile(height int, p signal.Priority) *signal.View {
	return &signal.View{Width: height * 16 / 9, Height: height, Priority: p, Visible: true}
}

// Who is large and wanted gets the high layers, as far as the path goes; who
// does not fit is paused, and the client is told why.
func TestBandwidthIsDivided(t *testing.T) {
	s := newGallery(t)
	s.setViews([]*signal.View{tile(2000, signal.ForPinned), tile(2000, signal.ForOther), nil})
	s.film(12*time.Second, 3, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets(); got[0].Spatial != 2 || got[1].Spatial != 2 {
		t.Fatalf("without a limit the targets are %v", got)
	}
	s.path.bears = 1_500_000
	s.film(2*time.Second, 3, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets(); got[0].Spatial <= got[1].Spatial || got[1] == sfu.NoLayer {
		t.Errorf("at 1.5 Mbit/s the targets are %v", got)
	}
	s.path.bears = 200_000
	s.film(2*time.Second, 3, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets(); got[0].Spatial != 0 || got[1] != sfu.NoLayer {
		t.Errorf("at 200 kbit/s the targets are %v", got)
	}
	told := s.newest()
	if told[0].State != signal.SlotLive || told[0].Reason != signal.PausedBandwidth || told[0].Spatial != 0 || told[0].Layers != 3 {
		t.Errorf("told of the first %+v", *told[0])
	}
	if told[1].State != signal.SlotPaused || told[1].Reason != signal.PausedBandwidth || told[2] != nil {
		t.Errorf("told of the second %+v", *told[1])
	}
	if s.path.wanted < 1_900_000 {
		t.Errorf("wanted %d bit/s, which is less than both in full", s.path.wanted)
	}
	s.path.bears = 5_000_000
	s.film(20*time.Second, 3, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets(); got[0].Spatial != 2 || got[1].Spatial != 2 {
		t.Errorf("afterwards the targets are %v", got)
	}
}

func TestHiddenSlotsGetNothing(t *testing.T) {
	s := newGallery(t)
	hidden := tile(720, signal.ForOther)
	hidden.Visible = false
	s.setViews([]*signal.View{tile(100, signal.ForOther), hidden})
	s.film(5*time.Second, 3, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets(); got[0].Spatial != 0 && got[0].Spatial != 1 || got[1] != sfu.NoLayer {
		t.Errorf("targets %v", got)
	}
	if told := s.newest()[1]; told.State != signal.SlotPaused || told.Reason != signal.PausedHidden {
		t.Errorf("told %+v", *told)
	}
	if told := len(s.told); told > 8 {
		t.Errorf("told %d times in 5 s", told)
	}
}

// A source that falls silent is told as such, not one that pauses for a moment,
// and one that waits as waiting.
func TestSilentSource(t *testing.T) {
	s := newGallery(t)
	if told := s.newest()[0]; told.State != signal.SlotWaiting {
		t.Errorf("at first told %+v", *told)
	}
	s.film(2*time.Second, 1, "a.vp8.camera")
	if told := s.newest()[0]; told.State != signal.SlotLive {
		t.Errorf("then told %+v", *told)
	}
	s.film(2*time.Second, 0, "a.vp8.camera")
	if told := s.newest()[0]; told.State != signal.SlotLive {
		t.Errorf("in a moment of silence told %+v", *told)
	}
	s.film(3*time.Second, 0, "a.vp8.camera")
	if told := s.newest()[0]; told.State != signal.SlotPaused || told.Reason != signal.PausedByItsOwner {
		t.Errorf("in silence told %+v", *told)
	}
}

// Higher layers of a camera are hoped for, then doubted for a while.
func TestHope(t *testing.T) {
	s := newGallery(t)
	s.film(500*time.Millisecond, 1, "a.vp8.camera", "b.vp8.camera")
	s.film(time.Second, 1, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets()[0].Spatial; got != 2 {
		t.Fatalf("target %d while there is hope", got)
	}
	s.film(10*time.Second, 1, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets()[0].Spatial; got != 2 {
		t.Fatalf("target %d while a sender's estimate may still grow", got)
	}
	s.film(5*time.Second, 1, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets()[0].Spatial; got != 0 {
		t.Fatalf("target %d in doubt", got)
	}
	s.film(40*time.Second, 3, "a.vp8.camera", "b.vp8.camera")
	if got := s.targets()[0].Spatial; got != 2 {
		t.Fatalf("target %d when the layers came", got)
	}
}

// A client that cannot decode a camera gets its second encoding, under the name
// it asked for.
func TestSecondEncodingForOthers(t *testing.T) {
	s := newStage(t, 0, 0)
	s.codecs = sfu.Codecs(sfu.VP8, sfu.H264)
	s.more(sfu.Video, 2)
	s.publish("fra-1", "a.av1.camera", "a.vp8.camera2", "b.av1.camera")
	s.assign(signal.Assignment{Video: list("a.av1.camera", "b.av1.camera")}, s.look)
	s.start()
	if s.video[0].down.Track.Source() != s.ups["a.vp8.camera2"] {
		t.Error("the second encoding is not shown")
	}
	if got := s.assigned().Video; *got[0] != "a.av1.camera" {
		t.Errorf("assigned %q", *got[0])
	}
	if s.video[1].down.Track.Source() != s.ups["b.av1.camera"] {
		t.Error("without a second encoding the first is not tried")
	}
}

func TestTrackIDs(t *testing.T) {
	for _, tc := range []struct {
		id                      string
		attachment, codec, kind string
		of                      sfu.Codec
	}{
		{"k3.av1.camera", "k3", "av1", "camera", sfu.AV1},
		{"k3.red.mic", "k3", "red", "mic", sfu.RED},
		{"k.3.vp9.share", "k.3", "vp9", "share", sfu.VP9},
		{"k3.mic", "k3", "", "mic", sfu.Opus},
		{"k3", "k3", "", "", sfu.VP8},
		{"", "", "", "", sfu.VP8},
	} {
		attachment, codec, kind := splitTrack(tc.id)
		if diff := cmp.Diff([]string{tc.attachment, tc.codec, tc.kind}, []string{attachment, codec, kind}); diff != "" {
			t.Errorf("%q: %s", tc.id, diff)
		}
		if got := codecOf(tc.id); got != tc.of {
			t.Errorf("%q: codec %v", tc.id, got)
		}
	}
	if id := trackID("k3", sfu.H264, trackCamera); id != "k3.h264.camera" || kindOf(id) != sfu.Video || !isAudio("k3.opus.share_audio") ||
		!isScreen("k3.vp8.share") || isScreen("k3.opus.share_audio") || isScreen("k3.vp8.camera") {
		t.Errorf("%q", id)
	}
}

func TestPinnedMicrophones(t *testing.T) {
	people := []room.Person{
		{Tracks: map[string]string{"camera": "a.vp8.camera", "mic": "a.opus.mic", "share": "a.vp8.share"}},
		{Tracks: map[string]string{"camera": "b.vp8.camera"}},
		{Tracks: map[string]string{"camera": "c.vp8.camera", "mic": "c.opus.mic"}},
	}
	got := microphonesOf([]string{"a.vp8.camera", "a.vp8.share", "b.vp8.camera"}, people)
	if diff := cmp.Diff([]string{"a.opus.mic"}, got); diff != "" {
		t.Error(diff)
	}
}
