package rtc

import (
	"testing"

	"pgregory.net/rapid"
)

// Every number is taken once, late ones too, and none that is too old to tell.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window
		taken := map[uint64]bool{}
		at := uint64(rapid.IntRange(0, 1<<20).Draw(t, "first"))
		highest := uint64(0)
		for range rapid.IntRange(1, 300).Draw(t, "numbers") {
			at += rapid.SampledFrom([]uint64{1, 1, 1, 2, 63, 64, 65, 900, windowSpan, 5000}).Draw(t, "step")
			i := at - min(at, rapid.SampledFrom([]uint64{0, 0, 0, 1, 5, 64, 900, windowSpan - 1, windowSpan, 4000}).Draw(t, "back"))
			want := !taken[i] && (len(taken) == 0 || i+windowSpan > highest)
			if got := w.claim(i); got != want {
				t.Fatalf("number %d after %d: %v", i, highest, got)
			}
			if want {
				taken[i], highest = true, max(highest, i)
			}
		}
	})
}
