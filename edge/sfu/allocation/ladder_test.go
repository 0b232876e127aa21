package allocation

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/edge/sfu"
)

func (l *ladder) String() string {
	var b strings.Builder
	for level := 1; level <= l.top; level++ {
		at := l.layer(level)
		fmt.Fprintf(&b, "S%dT%d:%d ", at.Spatial, at.Temporal, l.cost(level)/1000)
	}
	return strings.TrimSpace(b.String())
}

func TestLadders(t *testing.T) {
	planes := func(temporals int, bitrates ...int) (all []sfu.LayerStats) {
		for i, b := range bitrates {
			all = append(all, layers(i, temporals, b*1000, 180<<i)...)
		}
		return all
	}
	portrait := []sfu.LayerStats{{Bitrate: 1000, Width: 360, Height: 640}, {Layer: sfu.Layer{Spatial: 1}, Bitrate: 2000, Width: 720, Height: 1280}}
	for _, c := range []struct {
		name string
		slot Slot
		want string
	}{
		{"one layer", Slot{Layers: planes(1, 800)}, "S0T0:800"},
		{"a camera gives up size first", Slot{Layers: planes(3, 150, 500, 1500)}, "S0T1:90 S0T2:150 S1T2:500 S2T2:1500"},
		{"a screen gives up frames first", Slot{Screen: true, Layers: planes(3, 150, 500, 1500)}, "S0T0:60 S1T0:200 S2T0:600 S2T1:900 S2T2:1500"},
		{"the tile bounds it", Slot{Height: 360, Layers: planes(1, 150, 500, 1500)}, "S0T0:150 S1T0:500"},
		{"a line more needs the next", Slot{Height: 361, Layers: planes(1, 150, 500, 1500)}, "S0T0:150 S1T0:500 S2T0:1500"},
		{"the lowest is wanted by the smallest tile", Slot{Height: 1, Layers: planes(1, 150, 500)}, "S0T0:150"},
		{"a tile larger than all", Slot{Height: 4000, Layers: planes(1, 150, 500)}, "S0T0:150 S1T0:500"},
		{"nothing known", Slot{}, "S0T3:150 S1T3:500 S2T3:1500"},
		{"nothing known of a small tile", Slot{Height: 300}, "S0T3:150 S1T3:500"},
		{"paused layers cost the usual", Slot{Layers: planes(3, 100, 0)}, "S0T1:60 S0T2:100 S1T2:500"},
		{"costs never fall", Slot{Layers: planes(1, 700, 500)}, "S0T0:700 S1T0:700"},
		{"a gap", Slot{Layers: planes(1, 150, 500, 1500)[2:]}, "S2T0:1500"},
		{"layers out of bounds", Slot{Layers: []sfu.LayerStats{{Layer: sfu.Layer{Spatial: 4}}, {Layer: sfu.NoLayer}, {Layer: sfu.Layer{Temporal: 9}}}},
			"S0T3:150 S1T3:500 S2T3:1500"},
		{"a screen is fitted by its width", Slot{Screen: true, Width: 300, Height: 1000, Layers: portrait}, "S0T0:1"},
		{"a camera fills the tile", Slot{Width: 300, Height: 1000, Layers: portrait}, "S0T0:1 S1T0:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l ladder
			l.set(&c.slot)
			if got := l.String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			slices.Reverse(c.slot.Layers)
			l.set(&c.slot)
			if got := l.String(); got != c.want {
				t.Errorf("in another order: %s", got)
			}
		})
	}
}

// TestHeldLayerIsFoundAgain: what was forwarded keeps its place when more
// becomes known of the source.
func TestHeldLayerIsFoundAgain(t *testing.T) {
	var before, after ladder
	before.set(&Slot{})
	after.set(&Slot{Layers: slices.Concat(layers(0, 3, 150_000, 180), layers(1, 3, 500_000, 360), layers(2, 3, 1_500_000, 720))})
	for level, want := range []int{0, 2, 3, 4} {
		if got := after.level(before.layer(level)); got != want {
			t.Errorf("level %d became %d, want %d", level, got, want)
		}
	}
	if got := before.level(sfu.Layer{}); got != 1 {
		t.Errorf("a layer below all became level %d: it was not paused", got)
	}
}

func TestReasonsHaveNames(t *testing.T) {
	for r, want := range map[Reason]string{Enough: "enough", Bandwidth: "bandwidth", Hidden: "hidden", NoSource: "no source", 9: "unknown"} {
		if r.String() != want {
			t.Errorf("%d is called %q", r, r)
		}
	}
}
