package bandwidth

import (
	"math"
	"time"
)

// usage is what the trend of the delay says about the link.
type usage int8

const (
	under  usage = iota - 1 // queues empty
	normal                  // nothing moves
	over                    // queues grow
)

const (
	// trendPoints groups make a line: 0.7 s of video at 30 frames/s.
	trendPoints = 20
	// trendMemory is how much of the old smoothed delay each group keeps.
	trendMemory = 0.9
	// trendGain and maxWeight scale the slope to the threshold's milliseconds.
	trendGain = 4.0
	maxWeight = 60
	// overTime is how long the slope must stay above the threshold.
	overTime = 10 * time.Millisecond

	// The threshold in milliseconds: where it starts, its bounds, and what it
	// gains and loses per millisecond of distance and of time. It rises
	// slower than it falls, but lets a loss-based flow beside us live
	// (draft-ietf-rmcat-gcc section 5.4).
	firstThreshold = 12.5
	minThreshold   = 6
	maxThreshold   = 600
	thresholdUp    = 0.0087
	thresholdDown  = 0.039
	// outlier is how far above the threshold a value is a spike that teaches
	// nothing, in milliseconds.
	outlier = 15
	// maxStep bounds the time that one group stands for.
	maxStep = 100 * time.Millisecond
)

// A trend fits a line through the smoothed delay of the latest groups and
// says whether the delay grows.
type trend struct {
	points    [trendPoints]struct{ x, y float64 }
	count     int           // groups so far, up to maxWeight
	next      int           // in points
	origin    time.Duration // arrival that is x = 0
	delay     float64       // ms, since the origin
	smooth    float64       // ms
	slope     float64
	threshold float64 // ms
	adapted   time.Duration
	above     time.Duration
	times     int
	usage     usage
}

// add takes a group's variation and updates usage.
func (t *trend) add(v variation) {
	if t.count == 0 {
		t.origin = v.at
		t.threshold = firstThreshold
		t.adapted = v.at
	}
	t.count = min(t.count+1, maxWeight)
	t.delay += milliseconds(v.delay)
	t.smooth = trendMemory*t.smooth + (1-trendMemory)*t.delay
	t.points[t.next] = struct{ x, y float64 }{milliseconds(v.at - t.origin), t.smooth}
	t.next = (t.next + 1) % trendPoints
	before := t.slope
	if t.count >= trendPoints {
		t.slope = t.fit()
	}
	weighted := float64(t.count) * t.slope * trendGain
	t.judge(weighted, before, v.sent)
	t.adapt(math.Abs(weighted), v.at)
}

// fit is the slope of the least-squares line through the points.
func (t *trend) fit() float64 {
	var x, y float64
	for _, p := range t.points {
		x += p.x / trendPoints
		y += p.y / trendPoints
	}
	var above, below float64
	for _, p := range t.points {
		above += (p.x - x) * (p.y - y)
		below += (p.x - x) * (p.x - x)
	}
	if below == 0 {
		return t.slope
	}
	return above / below
}

func (t *trend) judge(weighted, before float64, sent time.Duration) {
	if weighted <= t.threshold {
		t.above, t.times, t.usage = 0, 0, normal
		if weighted < -t.threshold {
			t.usage = under
		}
		return
	}
	t.above += sent
	t.times++
	if t.above > overTime && t.times > 1 && t.slope >= before {
		t.above, t.times, t.usage = 0, 0, over
	}
}

func (t *trend) adapt(size float64, at time.Duration) {
	step := milliseconds(min(at-t.adapted, maxStep))
	t.adapted = at
	if size > t.threshold+outlier {
		return
	}
	k := thresholdUp
	if size < t.threshold {
		k = thresholdDown
	}
	t.threshold += k * (size - t.threshold) * step
	t.threshold = min(max(t.threshold, minThreshold), maxThreshold)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
