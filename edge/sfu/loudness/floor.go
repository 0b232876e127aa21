package loudness

import "time"

// floor estimates the background noise of a microphone by the least loudness of
// the last seconds: speech has gaps, a fan has none. Loudness is in dB above
// digital silence.
type floor struct {
	now, before float64 // least of this block and of the one before
	until       time.Duration
}

const (
	// floorBlock is half of the memory. It is longer than people speak
	// without a gap of one packet.
	floorBlock = 3 * time.Second
	// quiet bounds the floor below: -62 dBov, a quiet room.
	quiet = Silence - 62
	// noisy bounds it above: -42 dBov. What is margin louder than that is
	// always heard, and be it a steady tone.
	noisy = Silence - 42
	// margin is how much louder than the floor speech is, in dB.
	margin = 12
)

func (f *floor) reset(at time.Duration) {
	f.now, f.before, f.until = quiet, quiet, at+floorBlock
}

// observe takes the loudness of a packet, and whether it comes after a pause in
// which nothing was sent.
func (f *floor) observe(loud float64, at time.Duration, paused bool) {
	if at >= f.until {
		f.before, f.now, f.until = f.now, noisy, at+floorBlock
	}
	if paused {
		loud = quiet
	}
	f.now = max(min(f.now, loud), quiet)
}

// value is the loudness of the background.
func (f *floor) value() float64 { return min(f.now, f.before) }

// threshold is the least loudness of speech.
func (f *floor) threshold() float64 { return f.value() + margin }
