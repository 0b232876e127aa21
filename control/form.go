package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/cluster"
	"github.com/meridian-video/meridian/control/store"
)

// errForming is returned by Ready while the node is in no cluster or behind it.
var errForming = errors.New("waiting for the other control nodes")

// How often a node without a cluster asks the others.
const (
	askFirst = 100 * time.Millisecond
	askMost  = time.Second
	askLimit = 2 * time.Second // one question
)

func (n *Node) raftDir() string { return filepath.Join(n.cfg.Dir, "raft") }

// form returns when the node's disk knows which cluster it belongs to.
func (n *Node) form(ctx context.Context, b cluster.Birth) (err error) {
	said := ""
	for wait := askFirst; b.Record == nil; wait = min(2*wait, askMost) {
		step := n.decide(ctx)
		if step.Why != "" && step.Why != said {
			said = step.Why
			n.log.Info("waiting for a cluster", "why", said)
		}
		if b.Record, err = n.take(ctx, step); err != nil {
			n.log.Warn("not in a cluster yet", "err", err)
		}
		if b.Record != nil {
			break
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("form a cluster: %w (last: %s)", err, said)
		}
	}
	if err := b.Save(n.raftDir()); err != nil { // before anyone hears of it
		return err
	}
	n.birth.Store(&b)
	return nil
}

// loadBirth reads what the disk knows, before anybody may ask for it. A voter from before there were records is a cluster of its own.
func (n *Node) loadBirth() (cluster.Birth, error) {
	older := store.Holds(n.raftDir())
	b, err := cluster.LoadBirth(n.raftDir())
	if err != nil {
		return b, err
	}
	n.birth.Store(&cluster.Birth{Born: b.Born, Record: b.Record})
	if b.Record == nil && (older || len(n.cfg.Join) == 0) {
		b.Record = &cluster.Record{ID: cluster.NewID(), Founders: []cluster.Founder{n.founder(b)}}
	}
	return b, nil
}

func (n *Node) founder(b cluster.Birth) cluster.Founder {
	return cluster.Founder{Node: string(n.cfg.NodeID), Born: b.Born, Raft: n.raftAddr()}
}

// raftAddr is where other voters reach this one; empty for one that stays alone.
func (n *Node) raftAddr() string {
	if n.cfg.RaftAdvertise == "" && n.cfg.Raft != nil {
		return n.cfg.Raft.Addr().String()
	}
	return n.cfg.RaftAdvertise
}

// self is what this node tells others of itself.
func (n *Node) self() cluster.Peer {
	b := n.birth.Load()
	p := cluster.Peer{Node: string(n.cfg.NodeID), Born: b.Born, Raft: n.raftAddr(), Flags: n.flags(), Record: b.Record}
	if n.serving.Load() {
		p.Leader, _ = n.store.Leader()
		p.Index = n.store.View().Index()
	}
	return p
}

// flags digests what must be set alike on the nodes that found a cluster. The order counts: of a list that is
// longer than bootstrap_expect the first ones found, and two orders would be two sets of founders.
func (n *Node) flags() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", n.cfg.BootstrapExpect, strings.Join(n.cfg.Join, " ")))
	return hex.EncodeToString(sum[:8])
}

// decide asks all addresses at once.
func (n *Node) decide(ctx context.Context) cluster.Step {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answers := make([]cluster.Answer, len(n.cfg.Join))
	var wg sync.WaitGroup
	for i, addr := range n.cfg.Join {
		wg.Go(func() {
			answers[i].Addr = addr
			answers[i].Peer, answers[i].Err = n.ask(ctx, n.dialCluster, addr)
		})
	}
	wg.Wait()
	return cluster.Decide(n.self(), n.cfg.BootstrapExpect, answers)
}

// take does what was decided; a record means that the node belongs to its cluster now.
func (n *Node) take(ctx context.Context, step cluster.Step) (*cluster.Record, error) {
	switch step.Verb {
	case cluster.Found:
		n.log.Info("founding a cluster", "nodes", len(step.Founders))
		return &cluster.Record{ID: cluster.NewID(), Founders: step.Founders}, nil
	case cluster.Adopt:
		return &step.Record, nil
	case cluster.Join:
		if err := n.askToJoin(ctx, step.Via); err != nil {
			return nil, fmt.Errorf("join the cluster by %s: %w", step.Via, err)
		}
		n.log.Info("admitted to the cluster", "by", step.Via)
		return &step.Record, nil
	}
	return nil, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
