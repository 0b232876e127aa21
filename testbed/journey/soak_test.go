//go:build linux

package journey

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/meridian-video/meridian/testbed/bench/light"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// cycles are joins and leaves of the soak.
var cycles = flag.Int("soak", 1000, "joins and leaves of TestSoak")

const (
	soakWidth = 20  // viewers at a time
	soakFirst = 100 // cycles after which memory has its usual size
	// heapGrowth is how many bytes the heap may grow after the first cycles:
	// less than 30 viewers hold, and 2,000 cycles of a leak of 4 KiB each.
	heapGrowth = 8 << 20
	anything   = 1e12
)

// vital is what must be as it was when all have left.
type vital struct{ goroutines, sockets, heap float64 }

func (n *net) vital(pop string) vital {
	return vital{n.Metric(pop, "go_goroutines"), n.Metric(pop, "process_open_fds"), n.Metric(pop, "go_memstats_heap_inuse_bytes")}
}

// TestSoak: viewers come and go by WHEP, and nothing of them stays behind.
func TestSoak(t *testing.T) {
	n := start(t, "fra")
	viewers, err := light.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(viewers.Close)
	n.publish(viewers, "fra")
	n.cycle(viewers, "fra", soakWidth) // what is made once is there
	before := n.settled("fra", vital{anything, anything, anything})
	n.cycle(viewers, "fra", soakFirst)
	usual := n.settled("fra", vital{before.goroutines, before.sockets, anything})
	n.cycle(viewers, "fra", max(*cycles-soakFirst, 0))
	after := n.settled("fra", vital{before.goroutines, before.sockets, usual.heap + heapGrowth})
	t.Logf("%d cycles: %+v before, %+v after %d, %+v at the end", *cycles, before, usual, soakFirst, after)
}

// publish sends from one publisher until the test ends.
func (n *net) publish(viewers *light.Network, pop string) {
	n.t.Helper()
	c, err := viewers.Client(light.Options{})
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := enter(n.t.Context(), c, n.Edges[pop].URL+"/whip/soak", light.Section{Send: true}, light.Section{Video: true, Send: true}); err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Publish().Run(ctx)
	}()
	n.t.Cleanup(func() { cancel(); <-done; c.Close() })
}

// cycle has so many viewers join, see a picture and leave.
func (n *net) cycle(viewers *light.Network, pop string, count int) {
	n.t.Helper()
	var left atomic.Int64
	left.Store(int64(count))
	var wg sync.WaitGroup
	errs := make([]error, soakWidth)
	for i := range errs {
		wg.Go(func() {
			for left.Add(-1) >= 0 && errs[i] == nil {
				errs[i] = view(n.t.Context(), viewers, n.Edges[pop].URL+"/whep/soak")
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		n.t.Fatal(err)
	}
}

func view(ctx context.Context, viewers *light.Network, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := viewers.Client(light.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	session, err := enter(ctx, c, endpoint, light.Section{}, light.Section{Video: true})
	if err != nil {
		return err
	}
	select {
	case <-c.Packet():
		return leave(ctx, session)
	case <-ctx.Done():
		return errMissing
	}
}

// enter exchanges descriptions by WHIP or WHEP, connects, and returns the
// session's URL.
func enter(ctx context.Context, c *light.Client, endpoint string, sections ...light.Section) (string, error) {
	res, answer, err := exchange(ctx, http.MethodPost, endpoint, c.Offer(sections...))
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("POST %s: %s: %s", endpoint, res.Status, answer)
	}
	session, err := res.Location()
	if err != nil {
		return "", err
	}
	if err := c.SetAnswer(answer); err != nil {
		return "", err
	}
	return session.String(), c.Connect(ctx)
}

// leave ends a session as the standards have it.
func leave(ctx context.Context, session string) error {
	res, answer, err := exchange(ctx, http.MethodDelete, session, "")
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("DELETE %s: %s: %s", session, res.Status, answer)
	}
	return err
}

func exchange(ctx context.Context, method, url, body string) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", "application/sdp")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res, string(answer), err
}

// settled waits until only the publisher is there and what is left is within
// a limit, give or take what comes and goes by itself, and returns it.
func (n *net) settled(pop string, limit vital) (v vital) {
	n.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	cluster.Wait(n.t, patience, "nothing of the viewers is left", func() error {
		if left := n.Metric(pop, "meridian_rtc_transports"); left != 1 {
			return fmt.Errorf("%.0f transports", left)
		}
		v = n.vital(pop)
		if v.goroutines > limit.goroutines+10 || v.sockets > limit.sockets+5 || v.heap > limit.heap {
			return fmt.Errorf("%+v, at most %+v", v, limit)
		}
		return nil
	})
	return v
}
