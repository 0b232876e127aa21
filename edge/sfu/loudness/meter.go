package loudness

import (
	"math/bits"
	"time"
)

const (
	// Hold is how long a speaker is Active after the last speech. Pauses
	// between sentences are shorter.
	Hold = 1500 * time.Millisecond
	// ringHold is the same for Speaking: pauses between words are shorter.
	ringHold = 600 * time.Millisecond
	// clickHold is how long a sound is Active that has not lasted long enough
	// to be speech. It bridges the way to proof, and a click is soon over.
	clickHold = 200 * time.Millisecond
	// conceal is the longest gap between two packets that is a late or lost
	// packet, or a long one, rather than a pause (DTX).
	conceal = 80 * time.Millisecond
)

// A Meter follows the level of one microphone. The zero Meter is ready; it is
// used by one goroutine at a time.
type Meter struct {
	floor  floor
	begun  bool
	last   time.Duration // when the latest packet came
	slot   int64         // frame that bit 0 of speech stands for
	speech uint64        // frames with speech, the latest in bit 0
	steps  uint8         // how far the latest packet is above the floor
	level  float64       // of speech, in dB above silence, smoothed
	heard  time.Duration // latest frame with speech
	proved time.Duration // latest that followed enough others
	spoke  spoke
}

// spoke says how far a meter has come: nothing, sound, speech.
type spoke uint8

const (
	never spoke = iota
	sound
	proof
)

// A Reading is what a Meter says at an instant.
type Reading struct {
	// Level is the smoothed level of the speech in -dBov, without its pauses.
	Level uint8
	// Active says that the microphone is worth a place: it is heard from the
	// first packet of speech until Hold after the last.
	Active bool
	// Speaking is for a ring around a picture. It needs some frames of proof
	// and ends soon after the last.
	Speaking bool
	Activity
}

// Observe takes the level of a packet in -dBov, and when it arrived on any
// clock that does not go back. What is above 127 is taken for silence.
func (m *Meter) Observe(level uint8, at time.Duration) {
	if !m.begun {
		m.begun, m.slot = true, int64(at/frame)-1
		m.floor.reset(at)
	} else if at < m.last {
		return // reordered: the newer one counts
	}
	loud := float64(Silence - min(level, Silence))
	m.floor.observe(loud, at, at-m.last > conceal)
	voiced := loud >= m.floor.threshold()
	m.steps = subunits(loud - m.floor.value())
	m.shift(at, voiced)
	m.last = at
	if voiced {
		m.voice(loud, at)
	}
}

// shift moves the frames on to an instant and notes whether speech was in the
// latest. Frames without a packet of their own share the packet that ends a
// short gap.
func (m *Meter) shift(at time.Duration, voiced bool) {
	slot := int64(at / frame)
	n := max(slot-m.slot, 0)
	m.advance(slot)
	if !voiced {
		return
	}
	fill := int64(1)
	if at-m.last <= conceal {
		fill = max(n, 1)
	}
	m.speech |= 1<<min(fill, 63) - 1
}

// advance moves the frames on without speech.
func (m *Meter) advance(slot int64) {
	if n := slot - m.slot; n > 0 {
		m.speech <<= uint64(n) // 64 and more leave nothing
		m.slot = slot
	}
}

// smooth is the share of a new packet in the level: 5 packets change most of it.
const smooth = 0.2

// voice takes the loudness of a packet with speech.
func (m *Meter) voice(loud float64, at time.Duration) {
	if m.spoke == never || at-m.heard > Hold {
		m.level = loud // of somebody new, or new in the talk
	}
	m.level += smooth * (loud - m.level)
	m.heard = at
	m.spoke = max(m.spoke, sound)
	if bits.OnesCount64(m.speech&mediumMask) >= voicedFrames {
		m.proved, m.spoke = at, proof
	}
}

// Read returns the reading at an instant, which is not before the latest packet.
func (m *Meter) Read(now time.Duration) Reading {
	if m.begun {
		// A packet that is a little late is no pause yet.
		m.advance(int64((now - conceal) / frame))
	}
	r := Reading{Level: Silence}
	if m.spoke == never {
		return r
	}
	r.Level = uint8(Silence - m.level + 0.5)
	r.Active = now-m.heard < clickHold || m.spoke == proof && now-m.proved < Hold
	r.Speaking = m.spoke == proof && now-m.proved < ringHold
	r.Activity = m.activity(now)
	return r
}
