package edge

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/edge/sfu"
)

// encodings makes one layer of each spatial one at so many kbit/s; a negative
// rate is one that has stopped.
func encodings(kbps ...int) (out []sfu.LayerStats) {
	for i, k := range kbps {
		l := sfu.LayerStats{Layer: sfu.Layer{Spatial: int8(i)}, Live: k > 0, Bitrate: max(k, -k) * 1000}
		out = append(out, l)
	}
	return out
}

// after looks each 100 ms for so long at what comes.
func (x *excess) after(now *time.Duration, d time.Duration, limit int, layers []sfu.LayerStats) (out []sfu.LayerStats, blocked bool) {
	for end := *now + d; *now < end; *now += 100 * time.Millisecond {
		out, blocked = x.within(*now, limit, layers)
	}
	return out, blocked
}

func TestExcess(t *testing.T) {
	for _, tc := range []struct {
		name    string
		limit   int
		layers  []sfu.LayerStats
		want    int // layers that may be forwarded
		blocked bool
	}{
		{"without a cap", 0, encodings(100, 300, 900), 3, false},
		{"all within", 1_000_000, encodings(100, 300, 900), 3, false},
		{"a little above", 1_000_000, encodings(100, 300, 1200), 3, false},
		{"the top above", 600_000, encodings(100, 300, 900), 2, false},
		{"one above in the middle takes those above it along", 300_000, encodings(100, 500, 200), 1, false},
		{"the only one above", 100_000, encodings(900), 0, true},
		{"all above", 50_000, encodings(100, 300, 900), 0, true},
		{"stopped above", 300_000, encodings(100, 300, -900), 3, false},
		{"nothing known", 300_000, nil, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var x excess
			now := time.Second
			if out, blocked := x.after(&now, excessSpan, tc.limit, tc.layers); len(out) != len(tc.layers) || blocked {
				t.Errorf("at first %d layers, blocked %v", len(out), blocked)
			}
			out, blocked := x.after(&now, time.Second, tc.limit, tc.layers)
			if len(out) != tc.want || blocked != tc.blocked {
				t.Errorf("then %d layers, blocked %v; want %d, %v", len(out), blocked, tc.want, tc.blocked)
			}
			for _, l := range out {
				if tc.limit > 0 && l.Bitrate > tc.limit {
					t.Errorf("%v costs %d", l.Layer, l.Bitrate)
				}
			}
		})
	}
}

// Lower temporal layers of a layer that is too much may pass.
func TestExcessKeepsLowerTemporalLayers(t *testing.T) {
	var x excess
	now := time.Second
	layers := []sfu.LayerStats{
		{Layer: sfu.Layer{Temporal: 0}, Live: true, Bitrate: 200_000},
		{Layer: sfu.Layer{Temporal: 1}, Live: true, Bitrate: 300_000},
		{Layer: sfu.Layer{Temporal: 2}, Live: true, Bitrate: 500_000},
	}
	if out, _ := x.after(&now, excessSpan+time.Second, 300_000, layers); len(out) != 2 {
		t.Errorf("%d layers pass, want two", len(out))
	}
}

func TestExcessIsForgiven(t *testing.T) {
	var x excess
	now := time.Second
	const limit = 600_000
	check := func(what string, d time.Duration, layers []sfu.LayerStats, want int) {
		t.Helper()
		if out, _ := x.after(&now, d, limit, layers); len(out) != want {
			t.Errorf("%s %d layers pass, want %d", what, len(out), want)
		}
	}
	above, within := encodings(100, 300, 900), encodings(100, 300, 550)
	check("above for long", excessSpan+time.Second, above, 2)
	check("just above", time.Minute, encodings(100, 300, 620), 2)
	check("when it has come down", time.Second, within, 3)
	check("above again", excessSpan+time.Second, above, 2)
	check("while it goes on, however long,", time.Hour, above, 2)
	check("when it has stopped in the meantime", time.Second, encodings(100, 300, -900), 3)
	check("above a third time", excessSpan+time.Second, above, 2)
	check("stopped, but not for long enough,", 100*time.Second, encodings(100, 300, -900), 2)
	check("stopped for long enough", 30*time.Second, encodings(100, 300, -900), 3)
}

// A keyframe or two above the cap hold nothing back.
func TestShortExcessIsNone(t *testing.T) {
	var x excess
	now := time.Second
	for range 10 {
		if out, _ := x.after(&now, excessSpan-time.Second, 300_000, encodings(900)); len(out) != 1 {
			t.Fatal("held back after a moment")
		}
		x.after(&now, time.Second, 300_000, encodings(250))
	}
}

// What is never above passes; what is above for long does not; costs are within
// the limit.
func TestExcessProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x excess
		now, limit := time.Second, rapid.IntRange(30_000, 5_000_000).Draw(t, "limit")
		over := map[sfu.Layer]time.Duration{}
		for range rapid.IntRange(1, 60).Draw(t, "rounds") {
			var layers []sfu.LayerStats
			for s := range int8(3) {
				layers = append(layers, sfu.LayerStats{
					Layer: sfu.Layer{Spatial: s}, Live: rapid.Bool().Draw(t, "live"), Bitrate: rapid.IntRange(0, 6_000_000).Draw(t, "rate"),
				})
			}
			for range 5 {
				out, blocked := x.within(now, limit, layers)
				passes := map[sfu.Layer]bool{}
				for _, l := range out {
					passes[l.Layer] = true
					if l.Bitrate > limit {
						t.Fatalf("%v costs %d above %d", l.Layer, l.Bitrate, limit)
					}
				}
				for _, l := range layers {
					if !l.Live || float64(l.Bitrate) <= capSlack*float64(limit) {
						delete(over, l.Layer)
					} else if _, ok := over[l.Layer]; !ok {
						over[l.Layer] = now
					}
					if since, ok := over[l.Layer]; ok && now-since > excessSpan && passes[l.Layer] {
						t.Fatalf("%v passes %v above the limit", l.Layer, now-since)
					}
				}
				if blocked != (len(out) == 0) {
					t.Fatalf("%d pass, blocked %v", len(out), blocked)
				}
				now += 500 * time.Millisecond
			}
		}
	})
}
