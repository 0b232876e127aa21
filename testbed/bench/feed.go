//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/meridian-video/meridian/control/client"
)

// feedCommand measures the change feed to many edges.
type feedCommand struct {
	Meridian    string `placeholder:"BIN" help:"A binary to measure instead of one built now."`
	Dir         string `placeholder:"DIR" help:"Where the node keeps its data: a directory on the disk to measure (a temporary one)."`
	EdgesDir    string `default:"/dev/shm" placeholder:"DIR" help:"Where the edges keep theirs (/dev/shm)."`
	Edges       int    `default:"1000" help:"How many edges follow the feed (1000)."`
	Rooms       int    `default:"100" help:"How many rooms each of them holds (100)."`
	Revocations int    `default:"20" help:"How many keys are revoked, one after the other (20)."`
}

// Run prints a line for each phase.
func (o *feedCommand) Run(ctx context.Context) error {
	if o.Edges < 1 || o.Edges > 5000 || o.Rooms < 0 || o.Rooms > 100_000 || o.Revocations < 1 || o.Revocations > 1000 {
		return fmt.Errorf("%w: --edges is 1 to 5000, --rooms 0 to 100000, --revocations 1 to 1000", errRefused)
	}
	c, err := startControllers(ctx, o.Meridian, o.Dir, 1, 0)
	if err != nil {
		return err
	}
	defer c.close()
	dir, err := os.MkdirTemp(o.EdgesDir, "bench-edges-")
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	defer os.RemoveAll(dir)
	f := &fanOut{controllers: c}
	if err := f.fill(ctx, o.Rooms, o.Revocations); err != nil {
		return err
	}
	progress("enrolling %d edges", o.Edges)
	if f.edges, err = openEdges(ctx, c.Nodes[0], dir, o.Edges); err != nil {
		return err
	}
	defer f.edges.close()
	return f.run(ctx)
}

// fanOut is one run.
type fanOut struct {
	*controllers
	edges *edges
	keys  []string // ids of tenant keys
}

const benchCompany = "/api/v1/companies/acme"

// fill makes a company with rooms and with keys to revoke.
func (f *fanOut) fill(ctx context.Context, rooms, keys int) error {
	if err := f.hurry(ctx); err != nil {
		return err
	}
	if err := f.create(ctx, "/api/v1/companies", `{"id":"acme","name":"ACME"}`, nil); err != nil {
		return err
	}
	for i := range rooms {
		if err := f.create(ctx, benchCompany+"/rooms", fmt.Sprintf(`{"public_id":"r%d","name":"Room"}`, i), nil); err != nil {
			return err
		}
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"name": "bench", "pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))})
	if err != nil {
		return err
	}
	for range keys {
		var made struct{ ID string }
		if err := f.create(ctx, benchCompany+"/keys", string(body), &made); err != nil {
			return err
		}
		f.keys = append(f.keys, made.ID)
	}
	return nil
}

func (f *fanOut) run(ctx context.Context) error {
	alone, err := memoryOf(f.Nodes[0].PID())
	if err != nil {
		return err
	}
	err = f.phase(ctx, "first copies", func() error {
		f.edges.follow(ctx)
		return f.all(ctx)
	})
	if err != nil {
		return err
	}
	full, err := memoryOf(f.Nodes[0].PID())
	if err != nil {
		return err
	}
	fmt.Printf("memory of the node: %.0f MiB without edges, %.0f KiB more an edge\n", alone/1024, (full-alone)/float64(len(f.edges.list)))
	for _, phase := range []struct {
		name string
		do   func() error
	}{
		{"ten seconds of nothing", func() error { return wait(ctx, 10*time.Second) }},
		{fmt.Sprintf("%d revocations", len(f.keys)), func() error { return f.revoke(ctx) }},
		{"all streams cut at once, with a change", func() error { f.edges.cut(); return f.all(ctx) }},
		{"the node killed and started", func() error { return f.restart(ctx) }},
	} {
		if err := f.phase(ctx, phase.name, phase.do); err != nil {
			return err
		}
	}
	return nil
}

// phase does something and prints what it cost the node and what came over the feed.
func (f *fanOut) phase(ctx context.Context, name string, do func() error) error {
	cpu, snapshots, bytes, began := f.spent(), f.count(ctx, "snapshots"), f.edges.received.Load(), time.Now()
	pid := f.Nodes[0].PID()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	took := time.Since(began)
	if f.Nodes[0].PID() != pid { // another process: it has counted from 0 on
		cpu, snapshots = 0, 0
	}
	fmt.Printf("%s: %v; processor time of the node %v; %.0f snapshots, %.1f KiB an edge; load average %s\n", name, took.Round(time.Millisecond),
		(f.spent() - cpu).Round(time.Millisecond), f.count(ctx, "snapshots")-snapshots,
		float64(f.edges.received.Load()-bytes)/1024/float64(len(f.edges.list)), loadAverage())
	return nil
}

func (f *fanOut) spent() time.Duration {
	u, err := usageOf(f.Nodes[0].PID())
	if err != nil {
		return 0
	}
	return u.total
}

func (f *fanOut) count(ctx context.Context, what string) float64 {
	n, err := f.metric(ctx, f.Nodes[0], "meridian_control_feed_"+what+"_total")
	if err != nil {
		return 0
	}
	return n
}

// all makes a change and waits until every edge has it.
func (f *fanOut) all(ctx context.Context) error {
	var changed struct{ Version uint64 }
	if err := f.create(ctx, benchCompany+"/rooms", `{"name":"News"}`, &changed); err != nil {
		return err
	}
	return f.edges.wait(ctx, changed.Version)
}

// restart kills the node; another process goes on with its disk.
func (f *fanOut) restart(ctx context.Context) error {
	f.Nodes[0].Kill()
	if err := f.Nodes[0].Start(); err != nil {
		return err
	}
	if err := f.WaitReady(ctx, f.Nodes[0]); err != nil {
		return err
	}
	return f.all(ctx)
}

// revoke ends one key after the other. What counts is the time from the call to the view of every edge.
func (f *fanOut) revoke(ctx context.Context) error {
	r := &revocation{}
	for _, e := range f.edges.list {
		seen := "" // by the edge's own goroutine
		e.OnChange(func(v *client.View) { r.look(v, &seen) })
	}
	var answers []time.Duration
	for _, key := range f.keys {
		began := r.begin(key)
		status, text, err := f.Call(ctx, f.Nodes[0], http.MethodDelete, benchCompany+"/keys/"+key, "")
		if err == nil && status != http.StatusNoContent {
			err = fmt.Errorf("%d %s", status, text)
		}
		if err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
		answers = append(answers, time.Since(began))
		if err := r.everywhere(ctx, len(f.edges.list)); err != nil {
			return err
		}
	}
	fmt.Printf("from the call to an edge's view: p50 %.0f ms, p99 %.0f ms, at most %.0f ms; to its answer p50 %.0f ms\n",
		quantile(r.took, 0.5), quantile(r.took, 0.99), quantile(r.took, 1), quantile(answers, 0.5))
	return nil
}
