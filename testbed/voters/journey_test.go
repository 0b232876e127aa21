package voters_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/voters"

	// Not called: it lets the go command see that a result is of older code.
	_ "github.com/meridian-video/meridian/ops/node"
)

// start starts three nodes that are one cluster when it returns.
func start(t *testing.T, data func(int) string) *voters.Cluster {
	t.Helper()
	c, err := voters.New(cluster.Binary(t), t.TempDir(), 3, data)
	if err != nil {
		t.Fatal(err)
	}
	logs := cluster.Artifacts(t)
	for _, n := range c.Nodes {
		n.Log = filepath.Join(logs, n.Name+".log")
	}
	t.Cleanup(c.Close)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ready(t, c, c.Nodes...)
	return c
}

func ready(t *testing.T, c *voters.Cluster, nodes ...*voters.Node) {
	t.Helper()
	if err := c.WaitReady(t.Context(), nodes...); err != nil {
		t.Fatal(err)
	}
}

func whole(t *testing.T, c *voters.Cluster) {
	t.Helper()
	ready(t, c, c.Nodes...)
	if err := c.WaitWhole(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func leader(t *testing.T, c *voters.Cluster) *voters.Node {
	t.Helper()
	n, err := c.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func wait(t *testing.T, what string, f func() error) {
	t.Helper()
	if err := voters.Wait(t.Context(), 60*time.Second, f); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// create makes a company by a node. Where the answer was lost, there being one already is as good.
func create(t *testing.T, c *voters.Cluster, by *voters.Node, id, name string) {
	t.Helper()
	lost := false
	wait(t, "create "+id, func() error {
		status, body, err := c.Call(t.Context(), by, http.MethodPost, "/api/v1/companies", fmt.Sprintf(`{"id":%q,"name":%q}`, id, name))
		if err == nil && status != http.StatusCreated && (!lost || status != http.StatusConflict) {
			err = fmt.Errorf("%d %s", status, body)
		}
		lost = lost || status == http.StatusGatewayTimeout
		return err
	})
}

func has(t *testing.T, c *voters.Cluster, by *voters.Node, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if status, body, err := c.Call(t.Context(), by, http.MethodGet, "/api/v1/companies/"+id, ""); err != nil || status != http.StatusOK {
			t.Errorf("%s by %s: %d %s %v", id, by.Name, status, body, err)
		}
	}
}

// edge follows the control nodes as an edge does.
func edge(t *testing.T, c *voters.Cluster) *client.Client {
	t.Helper()
	secret, err := os.ReadFile(filepath.Join(c.Nodes[0].Data, "join-secret"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := client.Config{Dir: t.TempDir(), JoinSecret: string(secret), NodeID: "fra-1"}
	for _, n := range c.Nodes {
		cfg.Control = append(cfg.Control, n.Cluster)
	}
	id, err := client.Enroll(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	e, err := client.Open(cfg, id)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return e
}

func follows(t *testing.T, e *client.Client, id string) {
	t.Helper()
	wait(t, "the edge has "+id, func() error {
		if _, ok := e.View().Company(id); !ok {
			return fmt.Errorf("it is at %d", e.View().Index())
		}
		return nil
	})
}

// passes reads by the edge, whichever control nodes are gone.
func passes(t *testing.T, c *voters.Cluster, e *client.Client, id string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/companies/"+id, nil)
	r.Header.Set("Authorization", "Bearer "+c.Key)
	w := httptest.NewRecorder()
	e.API().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%s by the edge: %d %s", id, w.Code, w.Body)
	}
}

// TestLeadersDie: whichever node dies, writes and the edge go on, and it comes back to the same cluster.
func TestLeadersDie(t *testing.T) {
	c := start(t, nil)
	e := edge(t, c)
	first, err := c.Status(t.Context(), c.Nodes[1])
	if err != nil || len(first.Nodes) != 3 {
		t.Fatalf("%+v %v", first, err)
	}
	var ids []string
	for round := range 3 {
		old := leader(t, c)
		old.Kill()
		for i, n := range c.Others(old) {
			id := fmt.Sprintf("c%d-%d", round, i)
			create(t, c, n, id, "x")
			follows(t, e, id)
			passes(t, c, e, id)
			ids = append(ids, id)
		}
		if err := old.Start(); err != nil {
			t.Fatal(err)
		}
		whole(t, c)
		has(t, c, old, ids...)
	}
	if last, err := c.Status(t.Context(), c.Nodes[2]); err != nil || last.Cluster != first.Cluster {
		t.Fatalf("%s became %s, %v", first.Cluster, last.Cluster, err)
	}
}

// TestDisksAreLost: two of three nodes lose their disks, one after the other, and the third its process.
func TestDisksAreLost(t *testing.T) {
	c := start(t, nil)
	e := edge(t, c)
	create(t, c, c.Nodes[0], "before", "x")
	for i, n := range c.Nodes[:2] {
		n.Kill()
		if err := n.Wipe(); err != nil {
			t.Fatal(err)
		}
		create(t, c, c.Nodes[2], fmt.Sprintf("during-%d", i), "x")
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
		whole(t, c)
		follows(t, e, fmt.Sprintf("during-%d", i))
	}
	c.Nodes[2].Kill()
	create(t, c, c.Nodes[0], "after", "x")
	has(t, c, c.Nodes[1], "before", "during-0", "during-1", "after")
	follows(t, e, "after")
}

// run runs a command of the binary against a node.
func run(t *testing.T, n *voters.Node, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), cluster.Binary(t), args...)
	cmd.Env = append(os.Environ(), "MERIDIAN_API="+n.API, "MERIDIAN_API_KEY_FILE="+filepath.Join(n.Data, "api-key"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestOperatorsCommands: list, remove and take back a node; save everything, lose all three disks, and begin
// anew from the file; the edge of old goes on with the new history.
func TestOperatorsCommands(t *testing.T) {
	c := start(t, nil)
	e := edge(t, c)
	create(t, c, c.Nodes[1], "kept", "x")
	file := filepath.Join(t.TempDir(), "control.snapshot")
	run(t, c.Nodes[2], "snapshot", "save", file)
	create(t, c, c.Nodes[1], "late", "x")
	follows(t, e, "late")
	if out := run(t, c.Nodes[0], "snapshot", "inspect", file); !strings.Contains(out, "company") || !strings.Contains(out, "control-1, control-2, control-3") {
		t.Errorf("inspect says\n%s", out)
	}

	gone := c.Others(leader(t, c))[0]
	gone.Kill()
	table := run(t, c.Others(gone)[0], "cluster", "status")
	if strings.Count(table, "unreachable") != 1 || strings.Count(table, "leader") != 1 {
		t.Errorf("status says\n%s", table)
	}
	run(t, c.Others(gone)[0], "cluster", "remove", gone.Name)
	if s, err := c.Status(t.Context(), c.Others(gone)[0]); err != nil || len(s.Nodes) != 2 {
		t.Errorf("%+v %v", s, err)
	}
	if err := gone.Wipe(); err != nil {
		t.Fatal(err)
	}
	if err := gone.Start(); err != nil {
		t.Fatal(err)
	}
	whole(t, c)

	for _, n := range c.Nodes {
		n.Kill()
		if err := n.Wipe(); err != nil {
			t.Fatal(err)
		}
	}
	run(t, c.Nodes[0], "snapshot", "restore", "--config", c.Nodes[0].File(), file)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	whole(t, c)
	has(t, c, c.Nodes[2], "kept")
	wait(t, "the edge has the new history", func() error {
		_, kept := e.View().Company("kept")
		if _, late := e.View().Company("late"); late || !kept {
			return fmt.Errorf("kept %v, late %v", kept, late)
		}
		return nil
	})
	var s struct{ Cluster string }
	if err := json.Unmarshal([]byte(run(t, c.Nodes[1], "cluster", "status", "--json")), &s); err != nil || s.Cluster == "" {
		t.Errorf("%+v %v", s, err)
	}
}

// TestTheLeaderIsRemoved: it hands over, and its successor removes it, in one call to any node.
func TestTheLeaderIsRemoved(t *testing.T) {
	c := start(t, nil)
	old := leader(t, c)
	by := c.Others(old)[0]
	run(t, by, "cluster", "remove", old.Name)
	create(t, c, by, "after", "x")
	s, err := c.Status(t.Context(), by)
	if err != nil || len(s.Nodes) != 2 || s.Leader == old.Name {
		t.Fatalf("%+v %v", s, err)
	}
	wait(t, "what was removed is not ready", func() error {
		status, body, err := c.Call(t.Context(), old, http.MethodGet, "/readyz", "")
		if err == nil && status != http.StatusServiceUnavailable {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
}
