package sealed

import (
	"slices"
	"testing"
	"time"
)

// talk is a load light enough to follow.
func talk(p *pair) func(time.Duration) {
	s := newStudio(p, 5, 4)
	return s.load
}

func TestPathComesUpWithinAMoment(t *testing.T) {
	p := newPair(40 * time.Millisecond)
	p.run(80*time.Millisecond+trialFirst+2*probeFirst+receiptEvery, nil)
	if p.near.send.State() != Up || p.far.send.State() != Up {
		t.Errorf("states %v and %v", p.near.send.State(), p.far.send.State())
	}
	p.run(time.Second, nil)
	if p.near.send.reach.size != FullSize {
		t.Errorf("datagrams of %d bytes", p.near.send.reach.size)
	}
}

// TestPathThatCarriesNothingStaysDown, and costs little.
func TestPathThatCarriesNothingStaysDown(t *testing.T) {
	p := newPair(40 * time.Millisecond)
	p.near.out.lose = func([]byte) bool { return true }
	p.run(20*time.Second, nil)
	if p.near.send.State() != Down {
		t.Errorf("state %v", p.near.send.State())
	}
	if rate := p.near.out.bytes / 20; rate > 15000 {
		t.Errorf("%d bytes a second of probes", rate)
	}
}

// TestPathFallsInTimeAndComesBack: after a blackout in one direction media goes by both
// ways, then by QUIC, and returns after a trial.
func TestPathFallsInTimeAndComesBack(t *testing.T) {
	const rtt = 80 * time.Millisecond
	for _, cut := range []string{"forth", "back"} {
		p := newPair(rtt / 2)
		p.run(time.Second, talk(p))
		line := p.near.out
		if cut == "back" {
			line = p.far.out
		}
		line.lose = func([]byte) bool { return true }
		p.near.states = nil
		p.run(rtt+doubtAfter+rtt+receiptEvery, talk(p))
		if !slices.Contains(p.near.states, Doubtful) {
			t.Errorf("%s: states %v soon after the cut", cut, p.near.states)
		}
		p.run(downAfter-doubtAfter, talk(p))
		if p.near.send.State() != Down {
			t.Errorf("%s: state %v after the cut", cut, p.near.send.State())
		}
		p.run(2*time.Second, nil)
		line.lose = nil
		p.run(800*time.Millisecond, nil)
		if p.near.send.State() != Down {
			t.Errorf("%s: back without a trial", cut)
		}
		p.run(2*time.Second, nil)
		if p.near.send.State() != Up {
			t.Errorf("%s: state %v after healing", cut, p.near.send.State())
		}
	}
}

// TestEachFallMakesTheTrialLonger: a path that comes and goes is left alone for longer.
func TestEachFallMakesTheTrialLonger(t *testing.T) {
	r := newReach()
	for _, want := range []time.Duration{trialFirst, trialAgain, 2 * trialAgain, 4 * trialAgain, 8 * trialAgain, 16 * trialAgain, trialMost, trialMost} {
		if got := r.trial(); got != want {
			t.Errorf("%d falls: trial of %v, want %v", r.falls, got, want)
		}
		r.falls++
	}
}

// TestSmallDatagramsWhereLargeOnesAreDropped: a path with a small MTU, from the start or
// all of a sudden, carries media in small datagrams.
func TestSmallDatagramsWhereLargeOnesAreDropped(t *testing.T) {
	tooLarge := func(b []byte) bool { return len(b) > 1300 }
	p := newPair(20 * time.Millisecond)
	p.near.out.lose = tooLarge
	s := newStudio(p, 5, 4)
	p.run(2*time.Second, nil)
	p.run(time.Second, s.load)
	p.run(time.Second, nil)
	if o := s.outcome(20 * time.Millisecond); o.videoLost > 0 || p.near.send.State() != Up {
		t.Errorf("small from the start: %v, path %v", o, p.near.send.State())
	}

	p = newPair(20 * time.Millisecond)
	p.run(time.Second, nil)
	p.near.out.lose = tooLarge
	p.near.states = nil
	s = newStudio(p, 20, 4)
	p.run(time.Second, s.load)
	if !slices.Contains(p.near.states, Doubtful) {
		t.Errorf("states %v while full datagrams vanish", p.near.states)
	}
	clear(s.packets)
	p.run(time.Second, s.load)
	p.run(time.Second, nil)
	if o := s.outcome(20 * time.Millisecond); o.videoLost > 0 || p.near.send.State() != Up || p.near.send.reach.size != BaseSize {
		t.Errorf("small all of a sudden: %v, path %v, datagrams of %d", o, p.near.send.State(), p.near.send.reach.size)
	}
}

// TestQuietPathStaysUp: with nothing to send, small probes keep it.
func TestQuietPathStaysUp(t *testing.T) {
	p := newPair(40 * time.Millisecond)
	p.run(time.Second, nil)
	p.near.states, p.near.out.bytes = nil, 0
	p.run(20*time.Second, nil)
	if len(p.near.states) != 1 || p.near.states[0] != Up {
		t.Errorf("states %v of a quiet path", p.near.states)
	}
	if rate := p.near.out.bytes / 20; rate > 1500 {
		t.Errorf("%d bytes a second with nothing to send", rate)
	}
}
