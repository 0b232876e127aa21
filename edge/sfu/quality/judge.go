package quality

import (
	"slices"
	"time"
)

const (
	// memory is how many samples a verdict is the median of: what two of three
	// agree on counts.
	memory = 3
	// margin is by how much a score must exceed the bound of a better class,
	// so that one that wavers about the bound stays in the worse.
	margin = 0.1
	// lossy is the share of loss before repair from which a sender is likely
	// to send less than it could.
	lossy = 0.02
	// lossySpan is for how long it may do so afterwards: estimators of senders
	// climb back slowly.
	lossySpan = 15 * time.Second
)

// A Judge judges one direction. The zero Judge is ready.
type Judge struct {
	latest     []opinion // of up to memory samples, the oldest first
	verdict    Verdict
	lossyUntil time.Duration
}

// opinion is what one sample alone is worth.
type opinion struct {
	score float64
	cause Cause
}

// Judge takes the next sample, at an instant that is not before the last one's,
// and returns the verdict.
func (j *Judge) Judge(now time.Duration, s Sample) Verdict {
	if within(s.Loss, 0, 1) >= lossy {
		j.lossyUntil = now + lossySpan
	}
	if len(j.latest) == memory {
		j.latest = slices.Delete(j.latest, 0, 1)
	}
	j.latest = append(j.latest, judge(s, now < j.lossyUntil))
	m := j.median()
	v := Verdict{Score: m.score, Class: j.class(m.score), Cause: m.cause}
	switch {
	case v.Class == Good:
		v.Cause = None
	case v.Cause == None: // it was worse, and has not passed the margin
		v.Cause = j.verdict.Cause
	}
	j.verdict = v
	return v
}

// median is the middle one of the latest opinions by score, the lower of two.
func (j *Judge) median() opinion {
	sorted := slices.SortedStableFunc(slices.Values(j.latest), func(a, b opinion) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return 0
	})
	return sorted[(len(sorted)-1)/2]
}

// class is that of a score after the class before.
func (j *Judge) class(score float64) Class {
	now := classOf(score)
	if j.verdict.Score > 0 && now > j.verdict.Class {
		return max(j.verdict.Class, classOf(score-margin))
	}
	return now
}

// judge judges a sample alone, of a path that has been lossy lately or not.
func judge(s Sample, lossy bool) opinion {
	path, short := Downlink, Downlink
	if s.Direction == Up {
		path, short = UplinkLoss, CPU
		if lossy {
			short = UplinkLoss
		}
	}
	var worst bill
	for _, a := range s.Audio {
		worst = worse(worst, audioBill(a, s.RTT, path))
	}
	for _, v := range s.Video {
		worst = worse(worst, videoBill(v, path, short))
	}
	o := opinion{score: MOS(Best - worst.total()), cause: worst.worst()}
	if classOf(o.score) == Good {
		o.cause = None
	}
	return o
}

func worse(a, b bill) bill {
	if b.total() > a.total() {
		return b
	}
	return a
}
