package edge

import (
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/loudness"
)

// levels is where the levels of a microphone come from: an UpTrack.
type levels interface {
	Level() (level uint8, at time.Duration)
}

// microphone is one of this node, as detect listens to it; only its goroutine does.
type microphone struct {
	peer, track string
	source      levels
	meter       loudness.Meter
	last        time.Duration // arrival of the latest packet seen
}

// read takes the level that has come since the last time, if any. A microphone
// that is off is silent whatever it sends, and starts anew.
func (m *microphone) read(on bool, now time.Duration) loudness.Reading {
	level, at := m.source.Level()
	fresh := at != m.last && level != sfu.NoAudioLevel
	m.last = at
	switch {
	case !on:
		m.meter = loudness.Meter{}
	case fresh:
		m.meter.Observe(level, at)
	}
	return m.meter.Read(now)
}

// voice is the reading in the words of the message to other nodes.
func (m *microphone) voice(r loudness.Reading) voice {
	return voice{
		Peer: m.peer, Track: m.track, Level: r.Level, Active: r.Active, Speaking: r.Speaking,
		Immediate: r.Immediate, Medium: r.Medium, Long: r.Long,
	}
}
