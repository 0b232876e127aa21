package relay

import (
	"sync"
	"time"

	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/wire"
)

// steering tells the feed of an outlet how much of its track is to be sent: what the
// subscriber wants, as far as the link lets it pass.
type steering struct {
	screen bool // shed after cameras
	// The valve's:
	gauge   congestion.Gauge
	counted uint64
	at      time.Duration

	mu      sync.Mutex // also held while the feed is called
	feed    Feed       // nil before the answer and after the end
	wish    wire.Layers
	passing wire.Layers
	told    wire.Layers
}

// begin steers a feed; the valve does not know the outlet yet.
func (s *steering) begin(feed Feed, wish wire.Layers, audio bool) {
	s.gauge = congestion.NewGauge(audio)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feed, s.wish, s.told, s.passing = feed, wish, wish, wire.AllLayers
	if f, ok := feed.(ScreenFeed); ok {
		s.screen = f.Screen()
	}
}

func (s *steering) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feed = nil
}

// want notes what the subscriber wants from now on.
func (s *steering) want(l wire.Layers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wish = l
	s.tell()
}

// pass notes what the link lets through. An encoding that passes again begins with a
// keyframe, or it could not be shown until the next one.
func (s *steering) pass(l wire.Layers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.told.Spatial
	s.passing = l
	if !s.tell() {
		return
	}
	for layer := before + 1; layer <= min(s.told.Spatial, int8(s.gauge.Top())); layer++ {
		s.feed.RequestKeyframe(uint8(layer))
	}
}

// tell steers the feed if that changes anything; the caller holds mu.
func (s *steering) tell() bool {
	l := s.wish.Min(s.passing)
	if s.feed == nil || l == s.told {
		return false
	}
	s.told = l
	s.feed.SetLayers(l.Spatial, l.Temporal)
	return true
}

// measure updates the gauge and returns what is wanted, and the bytes since the last
// time.
func (s *steering) measure(now time.Duration, counts congestion.Counts) (wish wire.Layers, bytes uint64) {
	s.mu.Lock()
	wish = s.wish
	told := s.told
	s.mu.Unlock()
	s.gauge.Update(now-s.at, counts, congestion.Layers(told))
	s.at = now
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	bytes = total - s.counted
	s.counted = total
	return wish, bytes
}
