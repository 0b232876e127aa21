package loudness

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var (
	talks  = Activity{9, 5, 9}
	begins = Activity{9, 5, 2}
	pauses = Activity{0, 0, 7}
	rests  = Activity{0, 0, 0}
)

func TestDominant(t *testing.T) {
	tests := []struct {
		name string
		in   []Candidate
		want string
	}{
		{"nobody", nil, ""},
		{"nobody has spoken long enough", []Candidate{{"a", begins, false}}, ""},
		{"the first to speak", []Candidate{{"a", talks, false}, {"b", begins, false}}, "a"},
		{"silence changes nothing", []Candidate{{"a", rests, true}}, "a"},
		{"nor does a cough", []Candidate{{"a", rests, true}, {"b", begins, false}}, "a"},
		{"an answer takes over", []Candidate{{"a", rests, true}, {"b", talks, false}}, "b"},
		{"double talk does not", []Candidate{{"a", talks, true}, {"b", talks, false}}, "a"},
		{"nor somebody who has spoken more", []Candidate{{"a", Activity{9, 5, 4}, true}, {"b", Activity{9, 5, 10}, false}}, "a"},
		{"a pause of who has spoken more", []Candidate{{"a", pauses, true}, {"b", Activity{9, 5, 5}, false}}, "a"},
		{"a pause of who has spoken less", []Candidate{{"a", pauses, true}, {"b", talks, false}}, "b"},
		{"the most active takes over", []Candidate{{"a", rests, true}, {"b", Activity{9, 5, 6}, false}, {"c", talks, false}}, "c"},
		{"the smaller id of equals", []Candidate{{"c", talks, false}, {"b", talks, false}}, "b"},
		{"two say they are", []Candidate{{"a", pauses, true}, {"b", talks, true}}, "b"},
		{"two equals say they are", []Candidate{{"b", talks, true}, {"a", talks, true}}, "a"},
		{"counts out of bounds", []Candidate{{"a", Activity{255, 255, 255}, false}}, "a"},
	}
	for _, test := range tests {
		if got := Dominant(test.in); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestDominantIgnoresOrder: the same candidates give the same speaker, and two
// nodes that each believe in their own speaker agree after one exchange.
func TestDominantIgnoresOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		in := make([]Candidate, 1+rng.IntN(6))
		for i := range in {
			a := Activity{uint8(rng.IntN(14)), uint8(rng.IntN(6)), uint8(rng.IntN(11))}
			in[i] = Candidate{string(rune('a' + i)), a, rng.IntN(3) == 0}
		}
		want := Dominant(in)
		rng.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		if got := Dominant(in); got != want {
			t.Fatalf("%+v: %q, or %q in another order", in, want, got)
		}
		for i := range in {
			in[i].Dominant = in[i].ID == want
		}
		if got := Dominant(in); got != want {
			t.Fatalf("%+v: %q does not stay", in, want)
		}
	}
}

// TestScores: more activity scores more in the longer intervals, and silence
// nowhere.
func TestScores(t *testing.T) {
	for _, s := range []scores{mediumScores, longScores} {
		if !slices.IsSorted(s) || s[0] != least {
			t.Errorf("scores %v", s)
		}
	}
	if immediateScores[0] != least || immediateScores[10] < 1 || math.IsNaN(immediateScores[13]) {
		t.Errorf("immediate %v", immediateScores)
	}
}

// TestConversations are scripts of a whole meeting: who is dominant, and the two
// loudest. The instants are part of what is wanted.
func TestConversations(t *testing.T) {
	tests := []struct {
		name string
		mics []microphone
		want []string
	}{
		{"turns", []microphone{
			says("ann", talk(1000*ms, 5000*ms)), says("bob", talk(5200*ms, 9000*ms)), says("cyd", talk(9200*ms, 12000*ms)),
		}, []string{
			"20ms  []",
			"1s  [ann]",
			"1.36s ann [ann]",
			"5.2s ann [ann bob]",
			"5.62s bob [ann bob]",
			"9.2s bob [bob cyd]",
			"9.62s cyd [bob cyd]",
		}},
		{"a cough takes a free place only", []microphone{
			says("ann", talk(1000*ms, 12000*ms)), says("bob", talk(2000*ms, 12000*ms)),
			says("cyd", utterance{6000 * ms, 6300 * ms, 12, true}),
		}, []string{
			"20ms  []",
			"1s  [ann]",
			"1.36s ann [ann]",
			"2s ann [ann bob]",
		}},
		{"shouting over two others", []microphone{
			says("ann", talk(1000*ms, 12000*ms)), says("bob", utterance{2000 * ms, 12000 * ms, 33, false}),
			says("cyd", utterance{6000 * ms, 9000 * ms, 15, false}),
		}, []string{
			"20ms  []",
			"1s  [ann]",
			"1.36s ann [ann]",
			"2s ann [ann bob]",
			"6.46s ann [ann cyd]",
			"10.48s ann [ann bob]",
		}},
	}
	for _, test := range tests {
		got := newMeeting(test.mics...).timeline(14*time.Second, 2)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:", test.name)
			for _, line := range got {
				t.Errorf("  %q,", line)
			}
		}
	}
}
