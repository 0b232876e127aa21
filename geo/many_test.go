package geo

import (
	"testing"
	"testing/synctest"
	"time"
)

// Sixty nodes find each other, and a silent death is seen by all of them. What
// gossip does not bring to the last is repaired by push/pull, after 20 s or so.
func TestManyNodes(t *testing.T) {
	const n = many
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(40 * time.Millisecond)
		var all []*Members
		for i := range n {
			all = append(all, f.start(t, i))
			time.Sleep(50 * time.Millisecond) // no operator starts all at one instant
		}
		joined := within(t, 60*time.Second, "join", allSee(all, n))
		dead := fabricAddr(n - 1)
		f.sever(func(from, to string) bool { return from == dead || to == dead })
		took := within(t, 15*time.Second, "death", allSee(all[:n-1], n-1))
		t.Logf("joined %v after the last was started, death seen by all after %v", joined, took)
	})
}
