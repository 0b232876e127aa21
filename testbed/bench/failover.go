//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/meridian-video/meridian/testbed/voters"
)

// failoverCommand measures how long nobody can change anything when the leader dies.
type failoverCommand struct {
	Meridian string `placeholder:"BIN" help:"A binary to measure instead of one built now."`
	Dir      string `placeholder:"DIR" help:"Where the nodes keep their data: a directory on the disk to measure (a temporary one)."`
	Kills    int    `default:"20" help:"How often the leader is killed (20)."`
}

// Run prints what each kill cost and the quantiles.
func (o *failoverCommand) Run(ctx context.Context) error {
	if o.Kills < 1 || o.Kills > 1000 {
		return fmt.Errorf("%w: --kills %d is not 1 to 1000", errRefused, o.Kills)
	}
	dir, err := os.MkdirTemp(o.Dir, "bench-failover-")
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	defer os.RemoveAll(dir)
	bin := o.Meridian
	if bin == "" {
		if bin, err = voters.Build(ctx, dir); err != nil {
			return err
		}
	}
	f := &failover{acknowledged: map[string]bool{}}
	if f.cluster, err = voters.New(bin, dir, 3, nil); err != nil {
		return err
	}
	defer f.cluster.Close()
	return f.run(ctx, o.Kills)
}

// failover is one run.
type failover struct {
	cluster      *voters.Cluster
	acknowledged map[string]bool // ids of companies
	took         []time.Duration
	number       int
}

func (f *failover) run(ctx context.Context, kills int) error {
	began := time.Now()
	if err := f.cluster.Start(); err != nil {
		return err
	}
	if err := f.cluster.WaitReady(ctx, f.cluster.Nodes...); err != nil {
		return err
	}
	fmt.Printf("three nodes are one cluster after %v\n", time.Since(began).Round(time.Millisecond))
	for k := range kills {
		took, err := f.kill(ctx)
		if err != nil {
			return err
		}
		f.took = append(f.took, took)
		fmt.Printf("kill %2d: next write accepted after %v\n", k+1, took.Round(time.Millisecond))
	}
	lost, err := f.lost(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d kills: p50 %.0f ms, p99 %.0f ms; %d writes acknowledged, %d lost\n",
		kills, quantile(f.took, 0.5), quantile(f.took, 0.99), len(f.acknowledged), lost)
	if lost > 0 {
		return fmt.Errorf("%d acknowledged writes are lost", lost)
	}
	return nil
}

// kill ends the leader while writes go on by another node, and returns when the first was accepted that was
// sent after that. Then the old leader comes back.
func (f *failover) kill(ctx context.Context) (time.Duration, error) {
	leader, err := f.cluster.Leader(ctx)
	if err != nil {
		return 0, err
	}
	by := f.cluster.Others(leader)[f.number%2]
	for range 20 {
		if _, err := f.write(ctx, by); err != nil {
			return 0, err
		}
	}
	at := time.Now()
	leader.Kill()
	for accepted := false; !accepted; {
		if time.Since(at) > time.Minute {
			return 0, fmt.Errorf("no write was accepted within a minute of the death of %s", leader.Name)
		}
		if accepted, err = f.write(ctx, by); err != nil {
			return 0, err
		}
	}
	took := time.Since(at)
	if err := leader.Start(); err != nil {
		return 0, err
	}
	if err := f.cluster.WaitReady(ctx, leader); err != nil {
		return 0, err
	}
	return took, f.cluster.WaitWhole(ctx)
}

// write makes a company; what the node refused for want of a leader is no error.
func (f *failover) write(ctx context.Context, by *voters.Node) (accepted bool, err error) {
	f.number++
	id := fmt.Sprintf("w%d", f.number)
	status, body, err := f.cluster.Call(ctx, by, http.MethodPost, "/api/v1/companies", fmt.Sprintf(`{"id":%q,"name":"x"}`, id))
	switch {
	case err != nil:
		return false, fmt.Errorf("write by %s: %w", by.Name, err)
	case status == http.StatusCreated:
		f.acknowledged[id] = true
		return true, nil
	case status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		return false, nil
	}
	return false, fmt.Errorf("write by %s: %d %s", by.Name, status, body)
}

// lost counts acknowledged writes that some node does not have.
func (f *failover) lost(ctx context.Context) (lost int, err error) {
	asked := 0
	for id := range f.acknowledged {
		asked++
		status, body, err := f.cluster.Call(ctx, f.cluster.Nodes[asked%len(f.cluster.Nodes)], http.MethodGet, "/api/v1/companies/"+id, "")
		if err != nil {
			return lost, err
		}
		switch status {
		case http.StatusOK:
		case http.StatusNotFound:
			lost++
		default:
			return lost, fmt.Errorf("read %s: %d %s", id, status, body)
		}
	}
	return lost, nil
}
