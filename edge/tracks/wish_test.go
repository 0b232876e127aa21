package tracks

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/relay/wire"
)

func layer(spatial, temporal int8) sfu.Layer { return sfu.Layer{Spatial: spatial, Temporal: temporal} }

func TestWish(t *testing.T) {
	w := wish{asked: sfu.TopLayer}
	for i, step := range []struct {
		ms     int
		wanted sfu.Layer
		asked  sfu.Layer
	}{
		{0, layer(2, 2), sfu.TopLayer}, // less, for the first time
		{480, layer(2, 2), sfu.TopLayer},
		{500, layer(2, 2), layer(2, 2)},
		{600, layer(0, 2), layer(2, 2)},
		{1000, layer(2, 2), layer(2, 2)}, // only for a moment
		{1100, layer(0, 2), layer(2, 2)},
		{1300, layer(1, 0), layer(2, 2)},
		{1400, layer(0, 0), layer(2, 2)},
		{1600, layer(0, 0), layer(1, 2)}, // the most that was wanted meanwhile
		{1700, layer(0, 0), layer(1, 2)},
		{2200, layer(0, 0), layer(0, 0)},
		{2210, sfu.NoLayer, layer(0, 0)},
		{2800, sfu.NoLayer, sfu.NoLayer},
		{2801, layer(1, 1), layer(1, 1)}, // more, at once
		{2802, layer(0, 2), layer(1, 2)}, // more of the one, less of the other
		{3302, layer(0, 2), layer(0, 2)},
	} {
		if got := w.update(time.Duration(step.ms)*time.Millisecond, step.wanted); got != step.asked {
			t.Fatalf("step %d: %v wanted, %v asked for, want %v", i, step.wanted, got, step.asked)
		}
	}
}

// TestWishIsNeverTooLittle: what is asked for serves what is wanted, and is
// just that when nothing has changed for twice the hold.
func TestWishIsNeverTooLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := wish{asked: sfu.TopLayer}
		var now, still time.Duration
		wanted := sfu.TopLayer
		for range rapid.IntRange(1, 100).Draw(t, "ticks") {
			if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
				wanted = layer(int8(rapid.IntRange(0, 3).Draw(t, "spatial")), int8(rapid.IntRange(0, 3).Draw(t, "temporal")))
				still = now
			}
			asked := w.update(now, wanted)
			if upper(asked, wanted) != asked || (now-still > 2*wishHold+200*time.Millisecond && asked != wanted) {
				t.Fatalf("%v wanted for %v, %v asked for", wanted, now-still, asked)
			}
			now += time.Duration(rapid.IntRange(1, 100).Draw(t, "ms")) * time.Millisecond
		}
	})
}

func TestCodecsOfLinks(t *testing.T) {
	for _, c := range []sfu.Codec{sfu.Opus, sfu.RED, sfu.VP8, sfu.VP9, sfu.H264, sfu.AV1} {
		n := wireCodec(c)
		if got, ok := codecOf(n); n == wire.NoCodec || got != c || !ok {
			t.Errorf("%v crosses a link as %d and becomes %v, %v", c, n, got, ok)
		}
	}
	if c, ok := codecOf(wire.NoCodec); c != sfu.NoCodec || !ok {
		t.Errorf("no codec becomes %v, %v", c, ok)
	}
	if c, ok := codecOf(200); ok {
		t.Errorf("an unknown codec becomes %v", c)
	}
}

func TestTargetsOfLinks(t *testing.T) {
	for _, c := range []struct {
		asked wire.Layers
		want  sfu.Layer
	}{
		{wire.AllLayers, sfu.TopLayer},
		{wire.NoLayers, sfu.NoLayer},
		{wire.Layers{Spatial: 1, Temporal: -7}, sfu.NoLayer},
		{wire.Layers{Spatial: 9, Temporal: 1}, layer(3, 1)},
		{wireLayers(layer(1, 2)), layer(1, 2)},
		{wireLayers(sfu.TopLayer), sfu.TopLayer},
		{wireLayers(sfu.NoLayer), sfu.NoLayer},
	} {
		if got := target(c.asked); got != c.want {
			t.Errorf("%v is %v, want %v", c.asked, got, c.want)
		}
	}
}
