package loudness

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestRankingSteps: each step says who is active, loudest first in the alphabet
// unless a level is given, and what the order is then.
func TestRankingSteps(t *testing.T) {
	voice := func(id string, level, long uint8) Voice { return Voice{id, level, Activity{Long: long}} }
	var r Ranking
	steps := []struct {
		name     string
		at       time.Duration
		voices   []Voice
		dominant string
		want     string
	}{
		{"two come at once: the louder first", 0, []Voice{voice("a", 30, 1), voice("b", 20, 1)}, "", "[b a]"},
		{"the next comes last", 100 * ms, []Voice{voice("a", 30, 5), voice("b", 20, 5), voice("c", 10, 1)}, "", "[b a c]"},
		{"loud, but others are new", 1000 * ms, []Voice{voice("a", 30, 5), voice("b", 20, 5), voice("c", 10, 9)}, "", "[b a c]"},
		{"loud, but not for long", 1500 * ms, []Voice{voice("a", 30, 5), voice("b", 20, 5), voice("c", 10, 4)}, "", "[b a c]"},
		{"clearly louder than both", 1600 * ms, []Voice{voice("a", 30, 5), voice("b", 20, 5), voice("c", 14, 5)}, "", "[c b a]"},
		{"5 dB are not clearly", 9000 * ms, []Voice{voice("a", 15, 9), voice("b", 20, 5), voice("c", 14, 5)}, "", "[c b a]"},
		{"the dominant one is first", 9100 * ms, []Voice{voice("a", 15, 9), voice("b", 20, 5), voice("c", 14, 5)}, "a", "[a c b]"},
		{"and stays so", 20000 * ms, []Voice{voice("a", 40, 9), voice("b", 20, 9), voice("c", 14, 9)}, "a", "[a c b]"},
		{"the silent fall behind", 20020 * ms, []Voice{voice("b", 20, 9)}, "a", "[b a c]"},
		{"and keep their order", 30000 * ms, nil, "a", "[b a c]"},
		{"before whom they came", 30020 * ms, []Voice{voice("d", 40, 0)}, "a", "[d b a c]"},
		{"until they speak", 30040 * ms, []Voice{voice("c", 40, 0), voice("d", 40, 0)}, "a", "[d c b a]"},
	}
	before := "[]"
	for _, s := range steps {
		changed := r.Update(s.at, s.voices, s.dominant)
		got := fmt.Sprint(r.Loudest(9, nil, nil))
		if got != s.want || changed != (got != before) {
			t.Errorf("%s: %s, changed %v; want %s", s.name, got, changed, s.want)
		}
		before = got
	}
}

func TestLoudestHasPlacesForThePinned(t *testing.T) {
	var r Ranking
	r.Update(0, []Voice{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}, "")
	notB := func(id string) bool { return id != "b" }
	tests := []struct {
		n      int
		pinned []string
		may    func(string) bool
		want   string
	}{
		{2, nil, nil, "[a b]"},
		{2, nil, notB, "[a c]"},
		{2, []string{"d", "x", "d"}, nil, "[d x a b]"},
		{2, []string{"b", "a"}, notB, "[a c d]"},
		{0, []string{"c"}, nil, "[c]"},
		{-1, nil, nil, "[]"},
		{9, nil, nil, "[a b c d]"},
	}
	for _, test := range tests {
		if got := fmt.Sprint(r.Loudest(test.n, test.pinned, test.may)); got != test.want {
			t.Errorf("%d of them, pinned %v: %s, want %s", test.n, test.pinned, got, test.want)
		}
	}
}

// TestRankingIsBounded: a day of people who come, speak and go.
func TestRankingIsBounded(t *testing.T) {
	var r Ranking
	for i := range 1000 {
		r.Update(time.Duration(i)*time.Second, []Voice{{ID: fmt.Sprint(i)}, {ID: fmt.Sprint(i + 1)}}, "")
		if n := len(r.order); n > maxQuiet+2 {
			t.Fatalf("remembers %d", n)
		}
	}
}

// crowd is a random meeting: so many people who speak now and then.
func crowd(n int, rng *rand.Rand) []microphone {
	mics := make([]microphone, n)
	for i := range mics {
		m := microphone{id: fmt.Sprintf("m%02d", i), background: 55 + uint8(rng.IntN(30)), dtx: rng.IntN(2) == 0}
		for at := time.Duration(rng.IntN(8000)) * ms; at < 60*time.Second; {
			to := at + time.Duration(100+rng.IntN(6000))*ms
			m.says = append(m.says, utterance{at, to, 10 + uint8(rng.IntN(30)), false})
			at = to + time.Duration(500+rng.IntN(20000))*ms
		}
		mics[i] = m
	}
	return mics
}

// TestLoudestNeverFlaps: in random meetings nobody who comes in goes out within
// the hold, unless silent or for the dominant speaker; whoever begins to speak
// while there is a place is in at once; and there are never more than the places.
func TestLoudestNeverFlaps(t *testing.T) {
	const n = 3
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := newMeeting(crowd(4+rng.IntN(46), rng)...)
		in := map[string]time.Duration{} // since when
		for m.now < 60*time.Second {
			dominant := m.dominant
			m.step()
			set := m.ranking.Loudest(n, nil, nil)
			active := func(id string) bool { return slices.ContainsFunc(m.voices, func(v Voice) bool { return v.ID == id }) }
			if len(set) > n {
				t.Fatalf("seed %d: %d places are taken", seed, len(set))
			}
			for id, since := range in {
				if !slices.Contains(set, id) {
					delete(in, id)
					if active(id) && m.now-since < Hold && m.dominant == dominant {
						t.Errorf("seed %d, %v: %s was in for %v only", seed, m.now, id, m.now-since)
					}
				}
			}
			heard := 0
			for _, id := range set {
				if _, ok := in[id]; !ok {
					in[id] = m.now
				}
				if active(id) {
					heard++
				}
			}
			if want := min(len(m.voices), n); heard != want {
				t.Errorf("seed %d, %v: %d of %d voices are heard, want %d", seed, m.now, heard, len(m.voices), want)
			}
		}
	}
}

// TestRankingIsDeterministic: the order of the voices in the list is nothing.
func TestRankingIsDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	m := newMeeting(crowd(20, rng)...)
	var other Ranking
	for m.now < 30*time.Second {
		m.step()
		rng.Shuffle(len(m.voices), func(i, j int) { m.voices[i], m.voices[j] = m.voices[j], m.voices[i] })
		other.Update(m.now, m.voices, m.dominant)
		if !slices.Equal(m.ranking.order, other.order) {
			t.Fatalf("%v: %v and %v", m.now, m.ranking.order, other.order)
		}
	}
}

// BenchmarkMeeting is what a node does every 20 ms for a room's microphones, a
// tenth of which speak.
func BenchmarkMeeting(b *testing.B) {
	for _, n := range []int{50, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			meters := make([]Meter, n)
			voices := make([]Voice, 0, n)
			ids := make([]string, n)
			for i := range ids {
				ids[i] = fmt.Sprint("m", i)
			}
			var r Ranking
			now := time.Duration(0)
			b.ReportAllocs()
			for b.Loop() {
				now += frame
				voices = voices[:0]
				for i := range meters {
					level := uint8(70)
					if i%10 == 0 {
						level = uint8(20 + (int(now/frame)+i)%30)
					}
					meters[i].Observe(level, now)
					if x := meters[i].Read(now); x.Active {
						voices = append(voices, Voice{ids[i], x.Level, x.Activity})
					}
				}
				r.Update(now, voices, "")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/mic")
		})
	}
}
