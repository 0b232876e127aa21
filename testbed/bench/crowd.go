//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/bench/light"
)

// crowdCommand measures what the viewers of a webinar cost that only watch.
type crowdCommand struct {
	Viewers  []int         `default:"250,500,1000,2000" placeholder:"N" help:"Audiences, each on a network of its own (250,500,1000,2000)."`
	AtOnce   int           `default:"24" placeholder:"N" help:"Joins under way at a time (24)."`
	Rest     time.Duration `default:"5s" placeholder:"D" help:"How long the full webinar is watched (5s)."`
	Meridian string        `placeholder:"FILE" help:"A binary to measure instead of one built now."`
}

// Help says what is measured.
func (*crowdCommand) Help() string {
	return `Viewers join a webinar through three POPs, which are one process here, each with a WebSocket and the smallest media connection there is: one audio slot in which nothing plays. The company has exactly as many places for viewers; one more must be refused. Read ratios of one run.`
}

// Run prints a line for each audience.
func (o *crowdCommand) Run(ctx context.Context) error {
	for _, n := range o.Viewers {
		if n < 1 || n > 5000 {
			return fmt.Errorf("%w: --viewers are 1 to 5000", errRefused)
		}
	}
	if o.AtOnce < 1 || o.AtOnce > 200 {
		return fmt.Errorf("%w: --at-once is 1 to 200", errRefused)
	}
	m := &meridian{}
	bin, err := m.build(ctx, o.Meridian)
	if m.bin != "" {
		defer os.RemoveAll(m.bin)
	}
	if err != nil {
		return err
	}
	for _, n := range o.Viewers {
		if err := o.measure(ctx, bin, n); err != nil {
			return fmt.Errorf("%d viewers: %w", n, err)
		}
	}
	return nil
}

// hall is a webinar on a network of three POPs.
type hall struct {
	*program
	said
	network *light.Network

	again atomic.Int64 // joins that had to be tried again

	mu      sync.Mutex
	viewers []*attachment
}

// insistences bounds how often a join is tried.
const insistences = 5

func openHall(ctx context.Context, bin string, places int) (_ *hall, err error) {
	h := &hall{}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	port, err := freePorts(4) // the control API is one below the POPs
	if err != nil {
		return h, err
	}
	if h.program, err = launch(nil, bin, "dev", "--pops", "3", "--json", "--port", fmt.Sprint(port+1), "--data", "{dir}"); err != nil {
		return h, err
	}
	err = h.ready(ctx, func(context.Context) bool {
		b, err := os.ReadFile(h.log)
		return err == nil && json.Unmarshal(b, &h.said) == nil && h.said.Ready
	})
	if err != nil {
		return h, err
	}
	if err := h.allow(ctx, fmt.Sprintf(`{"max_viewers":%d}`, places)); err != nil {
		return h, err
	}
	h.network, err = light.Open(2)
	return h, errors.Join(err, wait(ctx, 2*time.Second)) // until every POP knows
}

func (h *hall) close() {
	var wg sync.WaitGroup
	for _, a := range h.viewers {
		wg.Go(a.close)
	}
	wg.Wait()
	if h.network != nil {
		h.network.Close()
	}
	if h.program != nil {
		h.stop()
	}
}

// enter joins the i-th viewer.
func (h *hall) enter(ctx context.Context, i int) error {
	c, err := h.network.Client(light.Options{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	pop := &meridian{host: strings.TrimPrefix(h.POPs[i%len(h.POPs)].URL, "http://")}
	a, err := pop.join(ctx, room, fmt.Sprintf("Viewer %d", i), c, slotPlan{audio: 1, watches: true}, signal.Media{}, false)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.viewers = append(h.viewers, a)
	return nil
}

// insist tries again unless the viewer is not wanted, as a page does: a machine that
// is busy with other things makes nodes look gone, and handshakes late.
func (h *hall) insist(ctx context.Context, i int) (err error) {
	for range insistences {
		err = h.enter(ctx, i)
		refusal, refused := errors.AsType[*signal.Error](err)
		if err == nil || refused && refusal.Code != signal.TryAgain || ctx.Err() != nil {
			return err
		}
		h.again.Add(1)
	}
	return err
}

// fill joins n viewers, some at a time.
func (h *hall) fill(ctx context.Context, n, atOnce int) error {
	next := make(chan int)
	errs := make([]error, atOnce)
	var wg sync.WaitGroup
	for w := range atOnce {
		wg.Go(func() {
			for i := range next {
				if err := h.insist(ctx, i); err != nil && errs[w] == nil {
					errs[w] = fmt.Errorf("viewer %d: %w", i, err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return errors.Join(errs...)
}

// heard is how many bytes of messages all viewers were sent.
func (h *hall) heard() (bytes int64) {
	for _, a := range h.viewers {
		bytes += a.heard.Load()
	}
	return bytes
}

// measure fills a webinar and prints what that cost the network.
func (o *crowdCommand) measure(ctx context.Context, bin string, n int) error {
	h, err := openHall(ctx, bin, n)
	if err != nil {
		return err
	}
	defer h.close()
	before, err := usageOf(h.pid())
	if err != nil {
		return err
	}
	empty, err := memoryOf(h.pid())
	if err != nil {
		return err
	}
	began := time.Now()
	if err := h.fill(ctx, n, o.AtOnce); err != nil {
		return err
	}
	took := time.Since(began)
	if err := wait(ctx, 2*time.Second); err != nil { // the last number of viewers is told
		return err
	}
	joined, err := usageOf(h.pid())
	if err != nil {
		return err
	}
	bytes := h.heard()
	err = h.enter(ctx, n)
	if refusal, ok := errors.AsType[*signal.Error](err); !ok || refusal.Code != signal.Full {
		return fmt.Errorf("one too many is not told that it is full: %w", err)
	}
	rested, err := usageOf(h.pid())
	if err != nil {
		return err
	}
	if err := wait(ctx, o.Rest); err != nil {
		return err
	}
	after, err := usageOf(h.pid())
	if err != nil {
		return err
	}
	full, err := memoryOf(h.pid())
	if err != nil {
		return err
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
	fmt.Printf("%d viewers on 3 POPs: %.0f joins/s; processor time %.2f ms a join, %.0f us a viewer and second then; %.0f KiB a viewer; %.1f KiB told to each; %d joins tried again; one more: full; load average %s\n",
		n, float64(n)/took.Seconds(), each(joined.total-before.total)/1000, each(after.total-rested.total)/o.Rest.Seconds(),
		(full-empty)/float64(n), float64(bytes)/float64(n)/1024, h.again.Load(), loadAverage())
	return nil
}
