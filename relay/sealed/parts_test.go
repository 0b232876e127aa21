package sealed

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDoublesComeInOrderAndAreBounded(t *testing.T) {
	var d doubles
	for i := range maxDoubles + 10 {
		d.push([]byte{byte(i), byte(i >> 8)}, 0, time.Duration(i), true)
		if i == 5 {
			d.pop() // the ring is not at its beginning when it grows
		}
	}
	n := 1
	for ; d.next() != nil; d.pop() {
		if got := d.next(); int(got.record[0])|int(got.record[1])<<8 != n || got.due != time.Duration(n) {
			t.Fatalf("double %d is %v", n, got)
		}
		n++
	}
	if n != maxDoubles+1 {
		t.Errorf("%d kept of at most %d", n-1, maxDoubles)
	}
}

func TestWaveRunsAreOfOneSize(t *testing.T) {
	for _, c := range []struct {
		sizes []int
		limit int
		want  [][2]int // bytes, size
	}{
		{nil, 44, nil},
		{[]int{9}, 44, [][2]int{{9, 9}}},
		{[]int{9, 9, 9}, 44, [][2]int{{27, 9}}},
		{[]int{9, 9, 4}, 44, [][2]int{{22, 9}}},
		{[]int{9, 4, 4}, 44, [][2]int{{13, 9}, {4, 4}}},
		{[]int{9, 4, 9}, 44, [][2]int{{13, 9}, {9, 9}}},
		{[]int{4, 9}, 44, [][2]int{{4, 4}, {9, 9}}},
		{[]int{9, 9, 9}, 2, [][2]int{{18, 9}, {9, 9}}},
		{[]int{9, 9, 9}, 1, [][2]int{{9, 9}, {9, 9}, {9, 9}}},
		{[]int{60, 60}, 44, [][2]int{{60, 60}, {60, 60}}},
	} {
		w := Wave{Sizes: c.sizes}
		for i, size := range c.sizes {
			w.Buf = append(w.Buf, slices.Repeat([]byte{byte(i)}, size)...)
		}
		var got [][2]int
		var all []byte
		w.Runs(c.limit, 100, func(run []byte, size int) {
			got = append(got, [2]int{len(run), size})
			all = append(all, run...)
		})
		if !cmp.Equal(got, c.want) || !slices.Equal(all, w.Buf) {
			t.Errorf("%v by %d: %v, want %v", c.sizes, c.limit, got, c.want)
		}
	}
}

func TestRecentKnowsWhatCameTwice(t *testing.T) {
	var r Recent
	for i := range 3 * recentSize {
		seq, ts := uint16(i), uint32(i/3)
		if r.Again(seq, ts) {
			t.Fatalf("packet %d is new", i)
		}
		if !r.Again(seq, ts) {
			t.Fatalf("packet %d came before", i)
		}
		if back := i - recentSize/2; back >= 0 && !r.Again(uint16(back), uint32(back/3)) {
			t.Fatalf("packet %d came before %d", back, i)
		}
	}
	if r.Again(5, 1<<20) {
		t.Error("a restarted stream is new")
	}
}

// TestGapsAreAskedForByHalfARoundTrip, four times at most and not past their time.
func TestGapsAreAskedForByHalfARoundTrip(t *testing.T) {
	for _, c := range []struct {
		rtt  time.Duration
		want []time.Duration // milliseconds after the gap was seen
	}{
		{0, []time.Duration{8, 23, 38, 53}},
		{80 * time.Millisecond, []time.Duration{8, 48, 88}},
		{250 * time.Millisecond, []time.Duration{8}},
	} {
		var g gaps
		var shelf shelf
		g.add(7, 0)
		var asked []time.Duration
		for now := time.Duration(0); now < time.Second; now += time.Millisecond {
			g.prune(now, c.rtt, &shelf)
			var r receipt
			if ripe := g.ripe(now); ripe {
				due, ok := g.next(c.rtt)
				g.ask(now, c.rtt, &r)
				if r.asked != 1 || r.missing[0] != (missing{7, 1}) || !ok || due != now {
					t.Fatalf("asked %+v at %v, due %v", r.missing[:r.asked], now, due)
				}
				asked = append(asked, now/time.Millisecond)
			}
		}
		if !cmp.Equal(asked, c.want) || g.lost != 1 {
			t.Errorf("round trip %v: asked at %v ms, %d given up", c.rtt, asked, g.lost)
		}
	}
}

func TestMissingRunsAreJoined(t *testing.T) {
	var r receipt
	for seq := uint64(100); seq < 400; seq++ {
		r.ask(seq)
	}
	r.ask(500)
	if want := []missing{{100, 255}, {355, 45}, {500, 1}}; !cmp.Equal(r.missing[:r.asked], want, cmp.AllowUnexported(missing{})) {
		t.Errorf("runs %v", r.missing[:r.asked])
	}
	for seq := uint64(1000); r.asked < maxMissing; seq += 2 {
		r.ask(seq)
	}
	if r.ask(5000) {
		t.Error("more runs than fit")
	}
	if n := overhead + clockSize + len(appendReceipt(nil, &r)); n > BaseSize {
		t.Errorf("the largest receipt has %d bytes", n)
	}
}

func TestReceiptRoundTrip(t *testing.T) {
	want := receipt{echo: 1, hold: 2, datagrams: 1 << 40, bytes: 1 << 50, lost: 3, largest: 1400, minDelay: 4, meanDelay: 5, maxDelay: 6}
	want.bursts[7] = 9
	want.ask(1 << 47)
	want.ask(77)
	b := appendReceipt(nil, &want)
	var got receipt
	if err := got.decode(append(b, "later fields"...)); err != nil || got != want {
		t.Errorf("%+v became %+v, %v", want, got, err)
	}
	for n := range b {
		if got.decode(b[:n]) == nil {
			t.Errorf("%d bytes of %d decoded", n, len(b))
		}
	}
}

// TestOldReceiptsTellNothing: they came late, over another way through the network.
func TestOldReceiptsTellNothing(t *testing.T) {
	var h history
	if _, ok := h.take(0, &receipt{datagrams: 10, lost: 5}); !ok {
		t.Fatal("the first tells nothing")
	}
	if _, ok := h.take(0, &receipt{datagrams: 9}); ok {
		t.Error("an older one tells something")
	}
	if f, ok := h.take(0, &receipt{datagrams: 14, lost: 2}); !ok || f.Datagrams != 4 || f.Lost != 0 {
		t.Errorf("told %+v", f)
	}
}

func TestBurstsFadeAndGiveParity(t *testing.T) {
	var b bursts
	if b.rows() != 2 {
		t.Errorf("%d rows without loss", b.rows())
	}
	b.add(0, [maxBurst]uint16{4: 20, 0: 1})
	if b.typical() != 5 || b.rows() != 6 {
		t.Errorf("bursts of 5: typical %d, %d rows", b.typical(), b.rows())
	}
	for now := time.Duration(0); now < 3*time.Minute; now += time.Second {
		b.add(now, [maxBurst]uint16{})
	}
	if b.rows() != 2 {
		t.Errorf("%d rows long after", b.rows())
	}
}
