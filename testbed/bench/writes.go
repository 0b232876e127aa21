//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/meridian-video/meridian/testbed/voters"
)

// writesCommand measures what reads and durable writes over the API cost.
type writesCommand struct {
	Meridian string        `placeholder:"BIN" help:"A binary to measure instead of one built now."`
	Dir      string        `placeholder:"DIR" help:"Where the nodes keep their data: a directory on the disk to measure (a temporary one)."`
	Voters   int           `default:"1" help:"How many control nodes (1)."`
	Clients  int           `default:"128" help:"How many clients call at a time, on the same machine (128)."`
	Duration time.Duration `default:"10s" help:"How long each kind of call is measured (10s)."`
	Sync     time.Duration `help:"What every sync takes, on a disk in memory; 0 is the real disk."`
}

// benchRooms is how many rooms the calls are about.
const benchRooms = 1000

// Run prints a line for reads and one for writes.
func (o *writesCommand) Run(ctx context.Context) error {
	if o.Voters < 1 || o.Voters > 5 || o.Clients < 1 || o.Clients > 1000 || o.Duration < time.Second || o.Duration > 10*time.Minute || o.Sync < 0 {
		return fmt.Errorf("%w: --voters is 1 to 5, --clients 1 to 1000, --duration 1s to 10m, --sync not below 0", errRefused)
	}
	c, err := startControllers(ctx, o.Meridian, o.Dir, o.Voters, o.Sync)
	if err != nil {
		return err
	}
	defer c.close()
	w := &writes{controllers: c, options: o}
	if err := w.fill(ctx); err != nil {
		return err
	}
	for _, k := range []kind{
		{"reads", http.MethodGet, ""}, {"writes", http.MethodPatch, `{"name":"Renamed"}`},
	} {
		if err := w.measure(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// writes is one run.
type writes struct {
	*controllers
	options *writesCommand
	rooms   []string // ids
}

// kind of call.
type kind struct{ name, method, body string }

// fill makes the company and its rooms.
func (w *writes) fill(ctx context.Context) error {
	if err := w.hurry(ctx); err != nil {
		return err
	}
	if err := w.create(ctx, "/api/v1/companies", `{"id":"acme","name":"ACME"}`, nil); err != nil {
		return err
	}
	for i := range benchRooms {
		var room struct{ ID string }
		if err := w.create(ctx, benchCompany+"/rooms", fmt.Sprintf(`{"public_id":"r%d","name":"Room"}`, i), &room); err != nil {
			return err
		}
		w.rooms = append(w.rooms, room.ID)
	}
	return nil
}

// spent is what nodes have used so far.
type spent struct {
	leader, all time.Duration // of processors
	syncs       float64       // of the leader's disk
}

func (w *writes) spent(ctx context.Context, leader *voters.Node) (s spent, err error) {
	for i, n := range w.Nodes {
		u, err := usageOf(n.PID())
		if err != nil {
			return s, err
		}
		s.all += u.total
		if n != leader {
			continue
		}
		s.leader = u.total
		if len(w.disks) > 0 {
			s.syncs = float64(w.disks[i].Syncs())
			continue
		}
		transactions, err := w.metric(ctx, n, "meridian_control_log_writes_total")
		if err != nil {
			return s, err
		}
		s.syncs = 2 * transactions // of the log; history and snapshots sync, too, but seldom
	}
	return s, nil
}

// measure makes one kind of call by all clients at once, to the leader.
func (w *writes) measure(ctx context.Context, k kind) error {
	leader, err := w.leads(ctx)
	if err != nil {
		return err
	}
	before, err := w.spent(ctx, leader)
	if err != nil {
		return err
	}
	began := time.Now()
	took, refused, err := w.call(ctx, leader, k)
	if err != nil {
		return err
	}
	elapsed := time.Since(began)
	after, err := w.spent(ctx, leader)
	if err != nil {
		return err
	}
	n := float64(len(took))
	micro := func(d time.Duration) float64 { return float64(d.Microseconds()) / n }
	fmt.Printf("%s: %.0f a second by %d clients; processor time of the leader %.0f µs, of all nodes %.0f µs; %.3f syncs; p50 %.1f ms, p99 %.1f ms; %d refused; load average %s\n",
		k.name, n/elapsed.Seconds(), w.options.Clients, micro(after.leader-before.leader), micro(after.all-before.all), (after.syncs-before.syncs)/n,
		quantile(took, 0.5), quantile(took, 0.99), refused, loadAverage())
	return nil
}

// call calls until the time is over, and returns how long each call took that was answered. On a machine that is
// busy enough voters change their leader and refuse meanwhile; anything else ends the bench.
func (w *writes) call(ctx context.Context, leader *voters.Node, k kind) (took []time.Duration, refused int, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	over := time.Now().Add(w.options.Duration)
	var clients sync.WaitGroup
	var mu sync.Mutex
	for client := range w.options.Clients {
		clients.Go(func() {
			mine, no, err := w.repeat(ctx, leader, k, client, over)
			if err != nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			took, refused = append(took, mine...), refused+no
		})
	}
	clients.Wait()
	return took, refused, context.Cause(ctx)
}

// repeat is one client. It goes through the rooms, each client from another one on.
func (w *writes) repeat(ctx context.Context, leader *voters.Node, k kind, client int, over time.Time) (took []time.Duration, refused int, err error) {
	for i := client * len(w.rooms) / w.options.Clients; ; i++ {
		began := time.Now()
		if !began.Before(over) || ctx.Err() != nil {
			return took, refused, nil
		}
		status, text, err := w.Call(ctx, leader, k.method, benchCompany+"/rooms/"+w.rooms[i%len(w.rooms)], k.body)
		switch {
		case err != nil:
			return took, refused, fmt.Errorf("%s: %w", k.name, err)
		case status == http.StatusOK:
			took = append(took, time.Since(began))
		case status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
			refused++
		default:
			return took, refused, fmt.Errorf("%s: %d %s", k.name, status, text)
		}
	}
}
