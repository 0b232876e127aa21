package congestion

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var all = Layers{127, 127}

// camera has three encodings of 150, 500 and 1,500 kbit/s times size.
func camera(id uint64, size float64) Stream {
	return Stream{ID: id, Wanted: all, Rates: []float64{0.15 * mbit * size, 0.5 * mbit * size, 1.5 * mbit * size}}
}

func voice(id uint64) Stream {
	return Stream{ID: id, Audio: true, Wanted: all, Rates: []float64{0.04 * mbit}}
}

func screen(id uint64) Stream {
	return Stream{ID: id, Share: true, Wanted: all, Rates: []float64{2.5 * mbit}}
}

func brief(passing []Layers) string {
	var out []string
	for _, l := range passing {
		switch l {
		case all:
			out = append(out, "all")
		case Nothing:
			out = append(out, "-")
		default:
			text := fmt.Sprint(l.Spatial)
			if l.Temporal < 127 {
				text += fmt.Sprint("t", l.Temporal)
			}
			out = append(out, text)
		}
	}
	return strings.Join(out, " ")
}

// TestOrderOfShedding: highest spatial layers of the largest first, temporal ones next,
// screens after cameras, whole tracks last, audio never.
func TestOrderOfShedding(t *testing.T) {
	streams := []Stream{voice(1), camera(2, 1), camera(3, 2), camera(4, 1), screen(5)}
	for _, c := range []struct {
		rate float64
		want string
	}{
		{20, "all all all all all"},
		{11, "all all 1 all all"},
		{7.6, "all 1 1 all all"},
		{6, "all 1 1 1 all"},
		{5.2, "all 1 0 1 all"},
		{3.5, "all 0 0 0 all"},
		{3.2, "all 0 0t0 0 all"},
		{3, "all 0t0 0t0 0t0 all"},
		{2.5, "all 0t0 0t0 0t0 0t1"},
		{1.8, "all 0t0 0t0 0t0 0t0"},
		{1.6, "all 0t0 - 0t0 0t0"},
		{1.4, "all - - - 0t0"},
		{1.1, "all - - - -"},
		{0.01, "all - - - -"},
	} {
		var s Shed
		if got := brief(s.Update(0, c.rate*mbit, false, streams)); got != c.want {
			t.Errorf("%v Mbit/s: %s, want %s", c.rate, got, c.want)
		}
	}
}

func TestLayersComeBackOneByOneAfterRoomForASecond(t *testing.T) {
	var s Shed
	streams := []Stream{voice(1), camera(2, 1), camera(3, 1), camera(4, 1)}
	var log []string
	note := func(now time.Duration, passing []Layers) {
		if text := brief(passing); len(log) == 0 || !strings.HasSuffix(log[len(log)-1], text) {
			log = append(log, fmt.Sprint(now, " ", text))
		}
	}
	for now := time.Duration(0); now < 5*sec; now += 100 * ms {
		rate := 2.5
		if now >= sec {
			rate = 20
		}
		note(now, s.Update(now, rate*mbit, false, streams))
	}
	want := []string{"0s all 1 1 1", "2s all 1 1 all", "3.1s all 1 all all", "4.2s all all all all"}
	if len(log) > 1 && log[1][0] == '1' {
		t.Errorf("given back before a second: %v", log)
	}
	// The equal ones come back in the reverse order of their going.
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}
	if s.Next() != 0 || s.Shedding() != 0 {
		t.Errorf("next %v, %d shed", s.Next(), s.Shedding())
	}
}

func TestWhatWasGivenBackTooEarlyWaitsLonger(t *testing.T) {
	var s Shed
	streams := []Stream{camera(1, 1), camera(2, 1)}
	s.Update(0, 3*mbit, false, streams)
	var waits []time.Duration
	last := time.Duration(0)
	for now := time.Duration(0); now < 60*sec && len(waits) < 6; now += 100 * ms {
		before := s.Shedding()
		s.Update(now, 5*mbit, false, streams)
		if s.Shedding() < before {
			waits = append(waits, (now - last).Round(sec))
			now += 200 * ms
			s.Update(now, 3*mbit, false, streams) // it did not fit after all
			last = now
		}
	}
	if want := []time.Duration{1 * sec, 2 * sec, 4 * sec, 8 * sec, 16 * sec, 16 * sec}; !slices.Equal(waits, want) {
		t.Errorf("given back after %v, want %v", waits, want)
	}
}

func TestAnEagerStartDoesNotWait(t *testing.T) {
	var s Shed
	streams := []Stream{camera(1, 1), camera(2, 1)}
	if got := brief(s.Update(0, 3*mbit, true, streams)); got != "1 all" {
		t.Fatalf("%s pass of 3 Mbit/s", got)
	}
	if next := s.Next() / mbit; next < 4.7 || next > 4.8 {
		t.Errorf("more would pass at %.2f Mbit/s", next)
	}
	if got := brief(s.Update(100*ms, 4.4*mbit, true, streams)); got != "all all" {
		t.Errorf("%s pass of 4.4 Mbit/s", got)
	}
}

func TestLayersThatAppearPass(t *testing.T) {
	var s Shed
	c := camera(1, 1)
	c.Rates = c.Rates[:1]
	if got := s.Update(0, 10*mbit, false, []Stream{c}); got[0] != all {
		t.Errorf("%v passes", got)
	}
	c.Wanted = Layers{1, 1}
	if got := s.Update(0, 10*mbit, false, []Stream{c}); got[0] != c.Wanted {
		t.Errorf("%v passes, %v wanted", got, c.Wanted)
	}
}

// TestShedKeepsItsPromises over random streams and rates.
func TestShedKeepsItsPromises(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		var streams []Stream
		for id := range uint64(r.IntN(30)) {
			s := Stream{ID: id, Audio: r.IntN(3) == 0, Share: r.IntN(5) == 0, Wanted: Layers{int8(r.IntN(5) - 1), int8(r.IntN(4) - 1)}}
			for range r.IntN(4) {
				s.Rates = append(s.Rates, float64(r.IntN(3))*r.Float64()*mbit)
			}
			streams = append(streams, s)
		}
		var s Shed
		now := time.Duration(0)
		for range 30 {
			rate := r.Float64() * 20 * mbit
			now += time.Duration(r.Int64N(int64(sec)))
			passing := s.Update(now, rate, r.IntN(4) == 0, streams)
			promised(t, seed, rate, streams, passing)
			if again := s.Update(now, rate, false, streams); !slices.Equal(passing, again) {
				t.Fatalf("seed %d: %v became %v with nothing changed", seed, passing, again)
			}
			if s.Next() != 0 && s.Next() > s.Wanted()/headroom+1 {
				t.Fatalf("seed %d: next at %v, wanted %v", seed, s.Next(), s.Wanted())
			}
			r.Shuffle(len(streams), func(i, j int) { streams[i], streams[j] = streams[j], streams[i] })
		}
	}
}

func promised(t *testing.T, seed uint64, rate float64, streams []Stream, passing []Layers) {
	t.Helper()
	total, video := 0.0, 0.0
	for i := range streams {
		o, l := &streams[i], passing[i]
		if o.Audio && l != o.Wanted {
			t.Fatalf("seed %d: audio wanted %v, passes %v", seed, o.Wanted, l)
		}
		if l.Spatial > o.Wanted.Spatial || l.Temporal > o.Wanted.Temporal {
			t.Fatalf("seed %d: %v passes of %v", seed, l, o.Wanted)
		}
		takes := o.rate(o.normal(l))
		total += takes
		if !o.Audio {
			video += takes
		}
	}
	if total > rate+1 && video > 0 {
		t.Fatalf("seed %d: %v of %v, %v of it video", seed, total, rate, video)
	}
}

func FuzzShed(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{0xff, 0, 0, 0x80, 0x7f, 0xff, 1, 1, 0, 9, 9, 9, 9, 9, 9, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 8*64 {
			return
		}
		var streams []Stream
		for ; len(b) >= 8; b = b[8:] {
			streams = append(streams, Stream{
				ID: uint64(len(b)), Audio: b[0]&1 != 0, Share: b[0]&2 != 0, Wanted: Layers{int8(b[1]), int8(b[2])},
				Rates: []float64{float64(b[3]), float64(b[4]), float64(b[5]), float64(b[6])}[:b[7]%5],
			})
		}
		var s Shed
		for now := range 20 * time.Second / sec {
			rate := float64((now * 37) % 900)
			promised(t, 0, rate, streams, s.Update(now*sec, rate, now%7 == 0, streams))
		}
	})
}
