package path

import (
	"math"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// pair is a network of two hosts with one link in both directions.
func pair(l Link) *Network {
	n := New(1, l)
	n.Add()
	n.Add()
	return n
}

// trip is one packet's.
type trip struct {
	number byte
	took   time.Duration // from the start of the test
}

// send sends packets of size bytes each interval and returns what arrives.
func send(n *Network, packets, size int, interval time.Duration) []trip {
	var out []trip
	for i := range packets {
		at := start.Add(time.Duration(i) * interval)
		out = append(out, arrivals(n, at)...)
		p := make([]byte, size)
		p[0] = byte(i)
		n.Send(at, 0, 1, p)
	}
	return append(out, arrivals(n, start.Add(time.Hour))...)
}

// arrivals takes what is due by a time, each at its own.
func arrivals(n *Network, by time.Time) []trip {
	var out []trip
	for {
		at, ok := n.Next()
		if !ok || at.After(by) {
			return out
		}
		if _, p, ok := n.Due(at); ok {
			out = append(out, trip{p[0], at.Sub(start)})
		}
	}
}

func TestAPerfectLinkGivesAtOnce(t *testing.T) {
	got := send(pair(Link{}), 3, 100, time.Millisecond)
	if want := []trip{{0, 0}, {1, time.Millisecond}, {2, 2 * time.Millisecond}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDelayIsAddedOnce(t *testing.T) {
	n := pair(Link{Delay: 40 * time.Millisecond})
	n.Send(start, 0, 1, []byte{7})
	if _, _, ok := n.Due(start.Add(40*time.Millisecond - 1)); ok {
		t.Error("came before it was due")
	}
	if to, p, ok := n.Due(start.Add(40 * time.Millisecond)); !ok || to != 1 || p[0] != 7 {
		t.Errorf("got %v %v %v", to, p, ok)
	}
	if n.UnderWay() != 0 {
		t.Error("is still under way")
	}
}

func TestJitterKeepsTheOrderUnlessAsked(t *testing.T) {
	l := Link{Delay: 10 * time.Millisecond, Jitter: 20 * time.Millisecond}
	ordered := func(trips []trip) bool {
		return slices.IsSortedFunc(trips, func(a, b trip) int { return int(a.number) - int(b.number) })
	}
	got := send(pair(l), 200, 100, time.Millisecond)
	if !ordered(got) || len(got) != 200 {
		t.Errorf("%d of 200, in order: %v", len(got), ordered(got))
	}
	spread := map[time.Duration]bool{}
	for _, a := range got {
		late := a.took - time.Duration(a.number)*time.Millisecond
		if late < l.Delay || late > l.Delay+l.Jitter {
			t.Errorf("packet %d took %v", a.number, late)
		}
		spread[late] = true
	}
	if len(spread) < 20 {
		t.Errorf("only %d different delays", len(spread))
	}
	l.Reorder = true
	if ordered(send(pair(l), 200, 100, time.Millisecond)) {
		t.Error("nothing was reordered")
	}
}

// TestLossAndBursts compares what is lost with what the link says, for losses one
// by one and in bursts.
func TestLossAndBursts(t *testing.T) {
	const packets = 200_000
	for _, test := range []struct {
		loss, burst float64
		mean        float64 // length of a run of losses
	}{{0.02, 0, 1 / 0.98}, {0.02, 5, 5}, {0.3, 8, 8}, {0.001, 20, 20}, {1, 0, packets}} {
		n := pair(Link{Loss: test.loss, Burst: test.burst})
		lost, runs, in := 0, 0, false
		for range packets {
			gone := n.Send(start, 0, 1, make([]byte, 1)) == Lost
			if gone {
				lost++
			}
			if gone && !in {
				runs++
			}
			in = gone
			n.Due(start)
		}
		share, mean := float64(lost)/packets, float64(lost)/float64(runs)
		if math.Abs(share-test.loss) > 0.25*test.loss {
			t.Errorf("%+v: lost %.4f", test, share)
		}
		if math.Abs(mean-test.mean) > 0.25*test.mean {
			t.Errorf("%+v: %.2f lost in a row", test, mean)
		}
		if got := n.Stats(0, 1); got[Lost] != uint64(lost) || got[Lost]+got[Passes] != packets {
			t.Errorf("%+v: counted %v", test, got)
		}
	}
}

// TestRateAndQueue: 1 Mbit/s is 1,250 bytes in 10 ms; what would wait longer than
// the queue is dropped at the tail.
func TestRateAndQueue(t *testing.T) {
	n := pair(Link{Rate: 1_000_000, Queue: 50 * time.Millisecond})
	var fates []Fate
	for range 10 {
		fates = append(fates, n.Send(start, 0, 1, make([]byte, 1250)))
	}
	want := []Fate{Passes, Passes, Passes, Passes, Passes, Passes, Overflows, Overflows, Overflows, Overflows}
	if !slices.Equal(fates, want) {
		t.Errorf("got %v, want %v", fates, want)
	}
	for i := 1; i <= 6; i++ {
		if at, ok := n.Next(); !ok || at.Sub(start) != time.Duration(i)*10*time.Millisecond {
			t.Errorf("packet %d is due at %v", i, at.Sub(start))
		}
		n.Due(start.Add(time.Hour))
	}
	if n.Send(start.Add(70*time.Millisecond), 0, 1, make([]byte, 1250)) != Passes {
		t.Error("an empty queue takes nothing")
	}
}

// TestRateIsKept: over time no more passes than the rate, however much is offered.
func TestRateIsKept(t *testing.T) {
	n := pair(Link{Rate: 8_000_000, Queue: 20 * time.Millisecond, Delay: 5 * time.Millisecond})
	got := send(n, 10_000, 1000, 500*time.Microsecond) // 16 Mbit/s for 5 s
	if len(got) < 4950 || len(got) > 5030 {
		t.Errorf("%d of 10,000 passed a link of half their rate", len(got))
	}
	for _, a := range n.paths[0][1].stats[Lost:Overflows] {
		if a != 0 {
			t.Error("lost by chance")
		}
	}
}

func TestTooBigForTheMTU(t *testing.T) {
	n := pair(Link{MTU: 1400})
	if f := n.Send(start, 0, 1, make([]byte, 1401)); f != TooBig {
		t.Errorf("1,401 bytes: %v", f)
	}
	if f := n.Send(start, 0, 1, make([]byte, 1400)); f != Passes {
		t.Errorf("1,400 bytes: %v", f)
	}
}

func TestDuplicatesAreTheSameTwice(t *testing.T) {
	got := send(pair(Link{Duplicate: 0.5, Delay: time.Millisecond}), 100, 10, time.Millisecond)
	if len(got) < 125 || len(got) > 175 {
		t.Errorf("%d arrived of 100 sent", len(got))
	}
	n := pair(Link{Duplicate: 1})
	n.Send(start, 0, 1, []byte{1, 2, 3})
	_, a, _ := n.Due(start)
	a[0] = 9 // a buffer is used again
	if _, b, ok := n.Due(start); !ok || !slices.Equal(b, []byte{1, 2, 3}) {
		t.Errorf("the second is %v", b)
	}
}

func TestCutsAreOneWay(t *testing.T) {
	n := pair(Link{Delay: 10 * time.Millisecond})
	n.Send(start, 0, 1, []byte{1})
	n.Cut(0, 1)
	if f := n.Send(start, 0, 1, []byte{2}); f != Blocked {
		t.Errorf("onto a cut path: %v", f)
	}
	if f := n.Send(start, 1, 0, []byte{3}); f != Passes {
		t.Errorf("the other way: %v", f)
	}
	if got := arrivals(n, start.Add(time.Second)); len(got) != 1 || got[0].number != 3 {
		t.Errorf("arrived: %v; what was under way is lost, too", got)
	}
	if s := n.Stats(0, 1); s[Blocked] != 2 || s[Passes] != 0 {
		t.Errorf("counted %v", s)
	}
	n.Heal(0, 1)
	if f := n.Send(start, 0, 1, []byte{4}); f != Passes || n.IsCut(0, 1) {
		t.Errorf("healed: %v", f)
	}
}

func TestASilentHostHearsAndSaysNothing(t *testing.T) {
	n := New(1, Link{})
	a, b, c := n.Add(), n.Add(), n.Add()
	n.Silence(b)
	for _, test := range []struct {
		from, to Host
		want     Fate
	}{{a, b, Blocked}, {b, a, Blocked}, {a, c, Passes}, {c, a, Passes}} {
		if f := n.Send(start, test.from, test.to, []byte{1}); f != test.want {
			t.Errorf("%d to %d: %v", test.from, test.to, f)
		}
	}
	n.Wake(b)
	if f := n.Send(start, a, b, []byte{1}); f != Passes || n.IsSilent(b) {
		t.Errorf("awake: %v", f)
	}
}

// TestASeedRepeatsARun, whatever happens on other links and however late a host
// is added.
func TestASeedRepeatsARun(t *testing.T) {
	l := Link{Delay: 10 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.1, Burst: 3, Duplicate: 0.1, Reorder: true}
	alone := send(pair(l), 200, 100, time.Millisecond)
	busy := pair(l)
	c := busy.Add()
	for range 100 {
		busy.Send(start, c, 0, make([]byte, 10))
	}
	for busy.UnderWay() > 0 {
		busy.Due(start.Add(time.Hour))
	}
	if got := send(busy, 200, 100, time.Millisecond); !slices.Equal(got, alone) {
		t.Error("two runs with one seed differ")
	}
	other := New(2, l)
	other.Add()
	other.Add()
	if slices.Equal(send(other, 200, 100, time.Millisecond), alone) {
		t.Error("another seed gives the same run")
	}
}

func TestWhatIsUnderWayIsBounded(t *testing.T) {
	n := pair(Link{Delay: time.Minute})
	for range maxFlights {
		n.Send(start, 0, 1, nil)
	}
	if f := n.Send(start, 0, 1, nil); f != Overflows {
		t.Errorf("one more: %v", f)
	}
}

func BenchmarkSendAndArrive(b *testing.B) {
	n := pair(Link{Delay: 40 * time.Millisecond, Jitter: time.Millisecond, Loss: 0.02, Burst: 5})
	now, p := start, make([]byte, 1200)
	for b.Loop() {
		now = now.Add(20 * time.Microsecond)
		n.Send(now, 0, 1, p)
		n.Due(now)
	}
}
