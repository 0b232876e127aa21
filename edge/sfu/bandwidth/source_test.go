package bandwidth_test

import (
	"cmp"
	"time"
)

// A source says which packets it has to send by now, within target bit/s.
type source interface {
	packets(now time.Duration, target int) []int // sizes
	wanted() int
}

const (
	frame      = time.Second / 30
	packetSize = 1150
)

// frames turns a bitrate into frames, each sent as packets in a row.
type frames struct {
	each time.Duration // 0: 30 a second
	due  time.Duration
	left float64 // bytes
	row  []int
}

func (f *frames) packets(now time.Duration, rate float64) []int {
	if now >= f.due {
		each := cmp.Or(f.each, frame)
		f.due += each
		f.left += rate * each.Seconds() / 8
		for f.left >= packetSize/4 {
			size := min(int(f.left), packetSize)
			f.row = append(f.row, size)
			f.left -= float64(size)
		}
	}
	n := min(len(f.row), 4) // paced: four a millisecond
	out := f.row[:n]
	f.row = f.row[n:]
	return out
}

// continuous follows the target, as an encoder does.
type continuous struct {
	frames
	most int
}

func (c *continuous) wanted() int { return c.most }

func (c *continuous) packets(now time.Duration, target int) []int {
	return c.frames.packets(now, float64(min(target, c.most)))
}

// layered has voice and three layers, and an allocator that goes down at once
// and up if there is headroom and the last fall is a second ago.
type layered struct {
	frames
	voice time.Duration
	layer int // -1 is none
	shown int // layers that are asked for; 0: all
	fell  time.Duration
}

var (
	layers   = []float64{150_000, 500_000, 1_500_000}
	voiceBit = 40_000.0
	headroom = 1.1
)

func (l *layered) asked() []float64 { return layers[:cmp.Or(l.shown, len(layers))] }

func (l *layered) wanted() int {
	asked := l.asked()
	return int((asked[len(asked)-1] + voiceBit) * headroom * 1.1)
}

func (l *layered) choose(now time.Duration, target float64) {
	for l.layer >= 0 && layers[l.layer]+voiceBit > target {
		l.layer--
		l.fell = now
	}
	if up := l.layer + 1; up < len(l.asked()) && (layers[up]+voiceBit)*headroom <= target && now-l.fell > time.Second {
		l.layer = up
	}
}

func (l *layered) packets(now time.Duration, target int) (out []int) {
	l.choose(now, float64(target))
	if now >= l.voice {
		l.voice += 20 * ms
		out = append(out, int(voiceBit/8/50))
	}
	rate := 0.0
	if l.layer >= 0 {
		rate = layers[l.layer]
	}
	return append(out, l.frames.packets(now, rate)...)
}
