package geo

import (
	"testing"
	"testing/synctest"
	"time"
)

// Sixty nodes find each other, and a silent death is seen by all of them.
func TestSixtyNodes(t *testing.T) {
	const n = 60
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(40 * time.Millisecond)
		var all []*Members
		for i := range n {
			all = append(all, f.start(t, i))
		}
		joined := within(t, 30*time.Second, "join", allSee(all, n))
		dead := fabricAddr(n - 1)
		f.sever(func(from, to string) bool { return from == dead || to == dead })
		took := within(t, 10*time.Second, "death", allSee(all[:n-1], n-1))
		t.Logf("joined after %v, death seen by all after %v", joined, took)
	})
}
