package trial

import (
	"errors"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/geo"
)

// Each step is a call: who called, "+" where media came through, and whether the
// node is gray after it.
func TestVerdicts(t *testing.T) {
	dead := errors.New("no answer to checks")
	for _, c := range []struct {
		name   string
		others int
		steps  string
	}{
		{"sound", 3, "a+:sound b+:sound"},
		{"one failure is no verdict", 3, "a-:sound b+:sound a-:sound b-:sound a+:sound"},
		{"three by two nodes are", 3, "a-:sound b-:sound a-:gray b-:gray"},
		{"a caller with a fault of its own convicts nobody", 3, "a-:sound a-:sound a-:sound a-:sound b+:sound a-:sound"},
		{"until another fails, too", 3, "a-:sound a-:sound a-:sound b-:gray"},
		{"the only other is believed", 1, "a-:sound a-:sound a-:gray"},
		{"two successes heal", 3, "a-:sound b-:sound a-:gray b+:gray a-:gray b+:gray a+:sound b-:sound"},
		{"alone, behind NAT", 0, "self-:sound self-:sound self-:sound self-:sound self-:sound"},
		{"alone, and it worked before", 0, "self+:sound self-:sound self-:sound self-:gray self+:gray self+:sound"},
	} {
		var j Jury
		gray := false
		for i, step := range strings.Fields(c.steps) {
			call, want, _ := strings.Cut(step, ":")
			var err error
			if strings.HasSuffix(call, "-") {
				err = dead
			}
			turned := j.Hear(geo.NodeID(strings.TrimRight(call, "+-")), "self", c.others, err)
			if turned != (gray != (want == "gray")) {
				t.Errorf("%s: step %d turned: %v", c.name, i, turned)
			}
			gray = want == "gray"
			if got := j.Err() != nil; got != gray {
				t.Fatalf("%s: step %d (%s): %v", c.name, i, step, j.Err())
			}
			if gray && (!errors.Is(j.Err(), dead) || !strings.Contains(j.Err().Error(), "announced address")) {
				t.Errorf("%s: the cause is %v", c.name, j.Err())
			}
		}
	}
}
