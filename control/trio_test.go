package control_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/testbed/simnet"
)

// trio is three control nodes on a simulated network inside a synctest bubble.
type trio struct {
	t       *testing.T
	dir     string
	secret  ca.VoterSecret
	network *simnet.Network
	nodes   [3]*control.Node
	expect  int
	join    []string
}

func newTrio(t *testing.T, dir string) *trio {
	return &trio{
		t: t, dir: dir, secret: ca.NewVoterSecret(), expect: 3, join: []string{ip(0) + ":7000", ip(1) + ":7000", ip(2) + ":7000"},
		network: simnet.New(simnet.Config{Link: simnet.Link{Delay: time.Millisecond}}),
	}
}

func ip(i int) string { return fmt.Sprintf("10.0.0.%d", i+1) }

func (c *trio) home(i int) string { return filepath.Join(c.dir, fmt.Sprint(i)) }

func (c *trio) start(i int) error {
	host := c.network.Host(ip(i))
	cluster, err := host.Listen(7000)
	if err != nil {
		return err
	}
	raft, err := host.Listen(7001)
	if err != nil {
		return err
	}
	n, err := control.Open(c.t.Context(), control.Config{
		Dir: c.home(i), NodeID: geo.NodeID(fmt.Sprintf("control-%d", i+1)), VoterSecret: c.secret,
		BootstrapExpect: c.expect, Join: c.join,
		OpenHistory: func(ctx context.Context) (*history.Store, error) { // no database server in a bubble
			return history.Open(ctx, "sqlite:"+c.home(i)+"/history.db")
		},
		Cluster: cluster, Raft: raft, Dial: host.Dial, Fatal: func(err error) { c.t.Errorf("fatal: %v", err) }, Log: logger(c.t),
	})
	c.nodes[i] = n
	return err
}

// run starts nodes after pauses, all in the background, and waits for them.
func (c *trio) run(after map[int]time.Duration) {
	c.t.Helper()
	done := make(chan error)
	for i, d := range after {
		go func() {
			time.Sleep(d)
			done <- c.start(i)
		}()
	}
	for range after {
		if err := <-done; err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *trio) stop(list ...int) {
	c.t.Helper()
	for _, i := range list {
		closeNode(c.t, c.nodes[i])
	}
}

func (c *trio) wipe(i int) {
	c.t.Helper()
	if err := os.RemoveAll(c.home(i)); err != nil {
		c.t.Fatal(err)
	}
}

// write makes a company by one node, and wants to read it by all of these. An answer that got lost with its
// leader is asked for again.
func (c *trio) write(by int, id string, at ...int) {
	c.t.Helper()
	key, err := c.nodes[by].EnsurePlatform(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	api := caller{c.t, c.nodes[by].Handler(), key}
	status := 0
	for range 5 {
		if status = api.do("POST", "/api/v1/companies", map[string]any{"id": id, "name": id}, nil).Code; status != 504 {
			break
		}
	}
	if status != 201 && status != 409 {
		c.t.Fatalf("create %s by node %d: %d", id, by, status)
	}
	for _, i := range at {
		caller{c.t, c.nodes[i].Handler(), key}.want(200, "GET", "/api/v1/companies/"+id, nil, nil)
	}
}

// one wants all nodes to be in one cluster with one authority.
func (c *trio) one(list ...int) {
	c.t.Helper()
	first := c.nodes[list[0]]
	for _, i := range list {
		n := c.nodes[i]
		if n.Ready() != nil || n.View().Platform().Epoch != first.View().Platform().Epoch || n.JoinSecret() != first.JoinSecret() {
			c.t.Fatalf("node %d: ready %v, epoch %q of %q", i, n.Ready(), n.View().Platform().Epoch, first.View().Platform().Epoch)
		}
	}
}

func TestThreeNodesFormOneClusterInAnyOrder(t *testing.T) {
	for name, after := range map[string]map[int]time.Duration{
		"at once":       {0: 0, 1: 0, 2: 0},
		"last first":    {0: 5 * time.Second, 1: 3 * time.Second, 2: 0},
		"founder late":  {0: time.Minute, 1: 0, 2: 0},
		"founder first": {0: 0, 1: 2 * time.Second, 2: 400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				c := newTrio(t, dir)
				c.run(after)
				c.one(0, 1, 2)
				for by := range 3 {
					c.write(by, fmt.Sprintf("c%d", by), 0, 1, 2)
				}
				epoch := c.nodes[0].View().Platform().Epoch
				c.stop(0, 1, 2)
				c.run(map[int]time.Duration{2: 0, 1: time.Second, 0: 2 * time.Second}) // the same flags change nothing
				c.one(0, 1, 2)
				if got := c.nodes[0].View().Platform().Epoch; got != epoch {
					t.Fatalf("epoch %s became %s", epoch, got)
				}
				c.write(1, "again", 0, 1, 2)
				c.stop(0, 1, 2)
			})
		})
	}
}

// A node that began alone, with a secret of its own, is joined by two others that are given it.
func TestOneNodeGrowsToThree(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newTrio(t, dir)
		join := c.join
		c.secret, c.expect, c.join = ca.VoterSecret{}, 0, nil
		c.run(map[int]time.Duration{0: 0})
		c.write(0, "alone")
		text, err := os.ReadFile(filepath.Join(c.home(0), "voter-secret"))
		if err != nil {
			t.Fatal(err)
		}
		if c.secret, err = ca.ParseVoterSecret(string(text)); err != nil {
			t.Fatal(err)
		}
		c.join = join
		c.run(map[int]time.Duration{1: 0, 2: 0})
		c.one(0, 1, 2)
		c.write(2, "three", 0, 1)
		time.Sleep(5 * time.Second) // a vote comes with having caught up
		c.stop(0)
		c.write(1, "without-the-first", 2)
		c.run(map[int]time.Duration{0: 0})
		c.one(0, 1, 2)
		c.stop(0, 1, 2)
	})
}

// Each node in turn loses its disk; the others replace it. Two cannot be without it at a time.
func TestWipedNodesComeBackOneByOne(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newTrio(t, dir)
		c.run(map[int]time.Duration{0: 0, 1: 0, 2: 0})
		c.write(0, "before", 1, 2)
		for i := range 3 {
			c.stop(i)
			c.write((i+1)%3, fmt.Sprintf("without-%d", i), (i+2)%3)
			c.wipe(i)
			c.run(map[int]time.Duration{i: 0})
			c.one(0, 1, 2)
			time.Sleep(5 * time.Second) // a vote comes with having caught up
			if _, ok := state.Get[state.Company](c.nodes[i].View(), "before"); !ok {
				t.Fatalf("node %d lacks what it had", i)
			}
		}
		c.write(2, "after", 0, 1)
		c.stop(0, 1, 2)
	})
}

// A write goes on when a node is cut off without a word, whichever it is, and that node catches up.
func TestOneNodeCutOff(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newTrio(t, dir)
		c.run(map[int]time.Duration{0: 0, 1: 0, 2: 0})
		for i := range 3 {
			a, b := (i+1)%3, (i+2)%3
			c.network.Cut(ip(i), ip(a))
			c.network.Cut(ip(i), ip(b))
			c.write(a, fmt.Sprintf("cut-%d", i), a, b)
			key, err := c.nodes[a].EnsurePlatform(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			var p struct{ Code string }
			caller{t, c.nodes[i].Handler(), key}.want(503, "GET", "/api/v1/companies", nil, &p)
			if took := time.Since(began); p.Code != "no_leader" || took > 12*time.Second {
				t.Fatalf("cut off: %s after %v", p.Code, took)
			}
			c.network.Heal(ip(i), ip(a))
			c.network.Heal(ip(i), ip(b))
			time.Sleep(5 * time.Second)
			c.one(0, 1, 2)
			c.write(i, fmt.Sprintf("healed-%d", i), 0, 1, 2)
		}
		c.stop(0, 1, 2)
	})
}

// Internal proposals go to the leader from any node, and their refusals come back as they are.
func TestProposalsOfFollowers(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newTrio(t, dir)
		c.run(map[int]time.Duration{0: 0, 1: 0, 2: 0})
		for i, n := range c.nodes {
			id := fmt.Sprintf("c%d", i)
			if _, err := n.Propose(t.Context(), state.Add(state.KindCompany, id, "", state.CompanySpec{Name: "c"})); err != nil {
				t.Fatal(err)
			}
			if _, ok := state.Get[state.Company](n.View(), id); !ok {
				t.Errorf("node %d does not see what it proposed", i)
			}
			_, err := n.Propose(t.Context(), state.Add(state.KindCompany, id, "", state.CompanySpec{Name: "c"}))
			if d, ok := err.(*state.Error); !ok || d.Code != state.CodeConflict {
				t.Errorf("node %d: %v", i, err)
			}
		}
		c.stop(0, 1, 2)
	})
}
