//go:build linux

package voters_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/testbed/dropfs"
	"github.com/meridian-video/meridian/testbed/voters"
)

// writer makes companies by nodes in turn until it is stopped, and remembers what was acknowledged.
type writer struct {
	c *voters.Cluster

	mu           sync.Mutex
	acknowledged []string
}

func (w *writer) run(ctx context.Context, tag string) {
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("%s-%d", tag, n)
		status, _, err := w.c.Call(ctx, w.c.Nodes[n%len(w.c.Nodes)], http.MethodPost, "/api/v1/companies", fmt.Sprintf(`{"id":%q,"name":"x"}`, id))
		if err == nil && status == http.StatusCreated {
			w.mu.Lock()
			w.acknowledged = append(w.acknowledged, id)
			w.mu.Unlock()
		}
	}
}

func (w *writer) ids() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.acknowledged...)
}

// Disks that lose what was not synced, names too, under nodes that are killed while they write: the leader
// alone three times, in the end all at once. Nothing that was acknowledged is lost.
func TestPowerCutsLoseNothingAcknowledged(t *testing.T) {
	disks := make([]*dropfs.FS, 3)
	dirs := make([]string, 3)
	for i := range disks {
		dirs[i] = t.TempDir()
		var err error
		if disks[i], err = dropfs.Mount(dirs[i], dropfs.Strict); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := disks[i].Unmount(); err != nil {
				t.Error(err)
			}
		})
	}
	c := start(t, func(i int) string { return dirs[i] })
	w := &writer{c: c}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() { w.run(ctx, fmt.Sprintf("w%d", n)) })
	}
	stop := func() { cancel(); wg.Wait() }
	defer stop()
	grows := func() {
		t.Helper()
		before := len(w.ids())
		wait(t, "writes are acknowledged", func() error {
			if n := len(w.ids()); n < before+30 {
				return fmt.Errorf("%d of %d", n, before+30)
			}
			return nil
		})
	}
	cut := func(list ...int) {
		t.Helper()
		for _, i := range list {
			c.Nodes[i].Kill()
		}
		for _, i := range list {
			if err := disks[i].Drop(); err != nil {
				t.Fatal(err)
			}
			if err := c.Nodes[i].Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 3 {
		grows()
		old := leader(t, c)
		for i, n := range c.Nodes {
			if n == old {
				cut(i)
			}
		}
		grows()
		whole(t, c)
	}
	cut(0, 1, 2)
	whole(t, c)
	stop()
	has(t, c, c.Nodes[0], w.ids()...)
	t.Logf("%d acknowledged writes, 6 power cuts, none lost", len(w.ids()))
}
