package loudness

import (
	"math/rand/v2"
	"testing"
	"time"
)

// watch feeds a microphone and says when each reading was first and last so.
func watch(mic microphone, until time.Duration) (active, speaking [][2]time.Duration, last Reading) {
	var m Meter
	rng := rand.New(rand.NewPCG(3, 4))
	note := func(list [][2]time.Duration, on bool, at time.Duration) [][2]time.Duration {
		n := len(list)
		switch {
		case !on:
		case n > 0 && list[n-1][1] == at-frame:
			list[n-1][1] = at
		default:
			list = append(list, [2]time.Duration{at, at})
		}
		return list
	}
	for at := frame; at <= until; at += frame {
		if level, ok := mic.packet(at, rng); ok {
			m.Observe(level, at)
		}
		last = m.Read(at)
		active, speaking = note(active, last.Active, at), note(speaking, last.Speaking, at)
	}
	return active, speaking, last
}

// TestMeterFollowsSpeech: from the first packet, and until the hold after the
// last; with and without packets in the pauses.
func TestMeterFollowsSpeech(t *testing.T) {
	for _, dtx := range []bool{false, true} {
		mic := microphone{id: "a", background: 70, dtx: dtx, says: []utterance{talk(1000*ms, 4000*ms)}}
		active, speaking, last := watch(mic, 10*time.Second)
		if len(active) != 1 || active[0][0] != 1000*ms {
			t.Fatalf("dtx %v: active %v, want once and from the first packet", dtx, active)
		}
		if end := active[0][1] - 3980*ms; end < Hold-60*ms || end > Hold {
			t.Errorf("dtx %v: active for %v after the last packet", dtx, end)
		}
		if len(speaking) != 1 || speaking[0][0] > 1080*ms {
			t.Errorf("dtx %v: speaking %v, want once and soon", dtx, speaking)
		}
		if end := speaking[0][1] - 3980*ms; end < ringHold-60*ms || end > ringHold {
			t.Errorf("dtx %v: speaking for %v after the last packet", dtx, end)
		}
		if last.Level < 23 || last.Level > 32 {
			t.Errorf("dtx %v: level of the speech %d, want that of its vowels", dtx, last.Level)
		}
		if last.Activity != (Activity{}) {
			t.Errorf("dtx %v: activity in silence: %+v", dtx, last.Activity)
		}
	}
}

func TestMeterTellsNoiseFromSpeech(t *testing.T) {
	tests := []struct {
		name   string
		mic    microphone
		active time.Duration // at the most, in 30 s
		speaks bool
	}{
		{"quiet room", microphone{background: 62}, 0, false},
		{"digital silence", microphone{background: 125}, 0, false},
		{"a click", microphone{background: 70, says: []utterance{{5000 * ms, 5020 * ms, 20, true}}}, clickHold, false},
		{"a fan is learnt", microphone{background: 38}, 8 * time.Second, true},
		{"speech over a fan", microphone{background: 40, says: []utterance{{15 * time.Second, 25 * time.Second, 24, false}}}, 20 * time.Second, true},
	}
	for _, test := range tests {
		active, speaking, _ := watch(test.mic, 30*time.Second)
		var sum time.Duration
		for _, a := range active {
			sum += a[1] - a[0] + frame
		}
		if sum > test.active || (len(speaking) > 0) != test.speaks {
			t.Errorf("%s: active for %v (want at most %v), speaking %v", test.name, sum, test.active, speaking)
		}
	}
	_, speaking, last := watch(tests[4].mic, 20*time.Second)
	if n := len(speaking); !last.Speaking || speaking[n-1][0] > 15100*ms {
		t.Errorf("speech over a fan is seen at %v", speaking)
	}
}

// TestMeterTakesPacketsAsTheyCome: long packets, jitter, loss and reordering look
// like steady speech.
func TestMeterTakesPacketsAsTheyCome(t *testing.T) {
	tests := map[string][]int{ // arrivals in ms after the one before
		"20 ms":   {20},
		"60 ms":   {60},
		"jitter":  {5, 38, 12, 25, 20},
		"loss":    {20, 60, 20, 40},
		"bursts":  {0, 0, 60},
		"too old": {20, -10, 30},
	}
	for name, gaps := range tests {
		var m Meter
		at := time.Second
		for i := 0; at < 3*time.Second; i++ {
			m.Observe(25, at)
			at += time.Duration(gaps[i%len(gaps)]) * ms
		}
		if got := m.Read(at).Activity; got != (Activity{immediateParts - 1, mediumParts, longParts}) {
			t.Errorf("%s: activity %+v", name, got)
		}
	}
}

// TestActivityCounts: a second of silence, then speech packet by packet.
func TestActivityCounts(t *testing.T) {
	var m Meter
	at := time.Duration(0)
	feed := func(level uint8, n int) {
		for range n {
			at += frame
			m.Observe(level, at)
		}
	}
	steps := []struct {
		level uint8
		n     int
		want  Activity
	}{
		{70, 50, Activity{0, 0, 0}},
		{30, 1, Activity{10, 1, 0}},
		{30, 2, Activity{10, 3, 0}},
		{30, 1, Activity{10, 4, 1}},
		{30, 5, Activity{10, 5, 2}},
		{70, 2, Activity{0, 3, 1}},
		{10, 41, Activity{13, 5, 9}},
		{127, 5, Activity{0, 0, 8}},
		{255, 50, Activity{0, 0, 0}}, // above 127 is silence
	}
	for i, s := range steps {
		feed(s.level, s.n)
		if got := m.Read(at).Activity; got != s.want {
			t.Errorf("step %d: %+v, want %+v", i, got, s.want)
		}
	}
}

// FuzzMeter: whatever comes, readings stay within their bounds.
func FuzzMeter(f *testing.F) {
	f.Add([]byte{30, 20, 30, 20, 127, 255, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Meter
		at := time.Duration(0)
		for ; len(b) >= 2; b = b[2:] {
			at += time.Duration(int8(b[1])) * 7 * ms
			m.Observe(b[0], at)
			r := m.Read(max(at, m.last))
			if r.Level > Silence || r.Immediate > immediateParts || r.Medium > mediumParts || r.Long > longParts || r.Speaking && !r.Active {
				t.Fatalf("after %d at %v: %+v", b[0], at, r)
			}
		}
	})
}
