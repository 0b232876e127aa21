// Package cluster runs a network as separate processes on this machine, one
// control node and any number of edges, from the real binary and configuration
// files, so that nothing is shared in memory that is not a message there.
//
// It is for tests: every process is started by it, ended by it by its id, and
// its log ends up beside the test's artifacts.
package cluster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/testbed/mailbox"
)

// Cluster is a running network.
type Cluster struct {
	Control *Process
	Edges   map[string]*Process // by POP
	API     string              // base URL of the control API
	Key     string              // platform API key
	Company string              // id of the company whose host is 127.0.0.1

	t         testing.TB
	bin       string
	dir       string
	artifacts string
	env       []string // more than the test's own
}

// Process is one node.
type Process struct {
	Name string
	URL  string
	// Operator is the base URL of an edge's operator port beside the public one.
	Operator string

	cmd  *exec.Cmd
	log  *os.File
	once sync.Once
	done chan struct{}
}

var build struct {
	sync.Once
	path string
	out  []byte
	err  error
}

// Binary builds the one binary once per test process and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	build.Do(func() {
		dir, err := os.MkdirTemp("", "meridian-bin-")
		if err != nil {
			build.err = err
			return
		}
		build.path = filepath.Join(dir, "meridian")
		build.out, build.err = exec.Command("go", "build", "-o", build.path, "github.com/meridian-video/meridian/ops/meridian").CombinedOutput()
	})
	if build.err != nil {
		t.Fatalf("build: %v\n%s", build.err, build.out)
	}
	return build.path
}

// Start starts a control node and an edge for each POP, makes a company with
// open rooms for the host name 127.0.0.1, and returns when all take joins.
func Start(t testing.TB, pops ...string) *Cluster {
	t.Helper()
	return StartAt(t, nil, pops...)
}

// Media is where an edge takes media.
type Media struct {
	Listen   string   // UDP
	Announce []string // what browsers are told instead
	TCP      string   // where media comes by TCP; empty: to the port of pages

	AnnounceTCP []string // as Announce
	NoTURN      bool     // no relay, whose way a browser may like better

	Host string // where pages are served; empty: 127.0.0.1
}

// StartAt is Start with the media of some POPs not on any port of 127.0.0.1.
func StartAt(t testing.TB, media map[string]Media, pops ...string) *Cluster {
	t.Helper()
	return begin(t, "", nil, media, pops)
}

// StartMailing is Start with letters that go to a mail server.
func StartMailing(t testing.TB, box *mailbox.Box, roots string, pops ...string) *Cluster {
	t.Helper()
	smtp := fmt.Sprintf("  smtp: {host: localhost, port: %d, user: %s, password: %s, from: %s}\n", box.Port, mailbox.User, mailbox.Password, mailbox.From)
	return begin(t, smtp, []string{"SSL_CERT_FILE=" + roots}, nil, pops)
}

// StartWith is Start with more in the environment of every node, where keys of
// the configuration may stand, too.
func StartWith(t testing.TB, env []string, pops ...string) *Cluster {
	t.Helper()
	return begin(t, "", env, nil, pops)
}

// begin starts all, with more lines of control's configuration and more of the
// environment.
func begin(t testing.TB, control string, env []string, media map[string]Media, pops []string) *Cluster {
	t.Helper()
	c := &Cluster{env: env, t: t, bin: Binary(t), dir: t.TempDir(), artifacts: Artifacts(t), Edges: map[string]*Process{}}
	ports := freePorts(t, 4)
	c.API = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	cluster := fmt.Sprintf("127.0.0.1:%d", ports[1])
	seed := fmt.Sprintf("127.0.0.1:%d", ports[3])
	data := filepath.Join(c.dir, "control")
	c.Control = c.start("control", c.API, ControlFile{
		Data: data, Gossip: seed, API: fmt.Sprintf("127.0.0.1:%d", ports[0]), Cluster: cluster,
		Raft: fmt.Sprintf("127.0.0.1:%d", ports[2]), More: control,
	}.String())
	c.WaitReady(c.Control)
	secret := c.readFile(filepath.Join(data, "join-secret"))
	c.Key = c.readFile(filepath.Join(data, "api-key"))
	c.makeCompany()
	for _, pop := range pops {
		c.Edges[pop] = c.startEdge(pop, media[pop], cluster, seed, secret)
	}
	for _, pop := range pops {
		c.WaitReady(c.Edges[pop])
	}
	c.WaitSeen(pops, len(pops))
	return c
}

func (c *Cluster) startEdge(pop string, m Media, cluster, seed, secret string) *Process {
	if m.Listen == "" {
		m.Listen = "127.0.0.1:0"
	}
	turn := "127.0.0.1:0"
	if m.NoTURN {
		turn = ""
	}
	p := freePorts(c.t, 2)
	address := fmt.Sprintf("%s:%d", cmp.Or(m.Host, "127.0.0.1"), p[0])
	operator := fmt.Sprintf("127.0.0.1:%d", p[1])
	edge := c.start(pop, "http://"+address, EdgeFile{
		POP: pop, Data: filepath.Join(c.dir, pop), Gossip: "127.0.0.1:0", Relay: "127.0.0.1:0", HTTP: address, TURN: turn, Media: m,
		Operator: operator, Seed: seed, Cluster: cluster, JoinSecret: secret, API: c.API,
	}.String())
	edge.Operator = "http://" + operator
	return edge
}

// Restart ends an edge without a word and starts it again as it was.
func (c *Cluster) Restart(pop string) {
	c.t.Helper()
	old := c.Edges[pop]
	old.Kill()
	c.Edges[pop] = c.run(pop, old.URL)
	c.Edges[pop].Operator = old.Operator
	c.WaitReady(c.Edges[pop])
}

// start runs the binary with a configuration in the role of its name.
func (c *Cluster) start(name, url, configuration string) *Process {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name+".yml"), []byte(configuration), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return c.run(name, url)
}

func (c *Cluster) run(name, url string) *Process {
	c.t.Helper()
	role := "edge"
	if name == "control" {
		role = "control"
	}
	file := filepath.Join(c.dir, name+".yml")
	log, err := os.OpenFile(filepath.Join(c.artifacts, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	p := &Process{Name: name, URL: url, log: log, done: make(chan struct{}), cmd: exec.Command(c.bin, role, "--config", file)}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(append(p.cmd.Environ(), "MERIDIAN_EDGE_PHOTOS_GRAVATAR=none"), c.env...) // no test asks the world for pictures
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	c.t.Cleanup(p.Stop)
	return p
}

// Artifacts is the directory in which a test leaves what people may look at:
// below MERIDIAN_ARTIFACTS, else a temporary one.
func Artifacts(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if base := os.Getenv("MERIDIAN_ARTIFACTS"); base != "" {
		dir = filepath.Join(base, strings.ReplaceAll(t.Name(), "/", "-"))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// own is where the operator's pages stand.
func (p *Process) own() string { return cmp.Or(p.Operator, p.URL) }

// Freeze stops a process where it stands: its sockets stay open and nothing
// answers, as when a machine or its network is gone.
func (p *Process) Freeze() { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// Kill ends a process without a word.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Terminate asks the process to drain and end.
func (p *Process) Terminate() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the process, by force if it does not end in time.
func (p *Process) Stop() {
	p.once.Do(func() {
		p.Thaw()
		p.Terminate()
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			p.Kill()
		}
		_ = p.log.Close()
	})
}

// WaitReady waits until /readyz says yes.
func (c *Cluster) WaitReady(p *Process) {
	c.t.Helper()
	c.wait(p.Name+" is ready", func() error {
		select {
		case <-p.done:
			b, _ := os.ReadFile(p.log.Name())
			c.t.Fatalf("%s ended:\n%s", p.Name, b)
		default:
		}
		res, err := http.Get(p.own() + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%d: %s", res.StatusCode, b)
		}
		return nil
	})
}

// WaitSeen waits until each of the POPs lists n POPs to attach to.
func (c *Cluster) WaitSeen(pops []string, n int) {
	c.t.Helper()
	for _, pop := range pops {
		c.wait(fmt.Sprintf("%s lists %d POPs", pop, n), func() error {
			list, err := c.Attach(pop)
			if err == nil && len(list) != n {
				err = fmt.Errorf("it lists %v", list)
			}
			return err
		})
	}
}

// Attach returns the POPs that a POP tells clients, best first.
func (c *Cluster) Attach(pop string) ([]string, error) {
	res, err := (&http.Client{Timeout: 2 * time.Second}).Get(c.Edges[pop].URL + "/api/v1/attach?room=demo")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var answer struct{ Nodes []struct{ POP string } }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	var out []string
	for _, n := range answer.Nodes {
		out = append(out, n.POP)
	}
	return out, nil
}

// Metric reads one metric of a POP, summed over its labels.
func (c *Cluster) Metric(pop, name string) float64 {
	c.t.Helper()
	return c.metric(c.Edges[pop], name)
}

// WaitKnown waits until every POP's copy of the configuration has all that the
// API has acknowledged.
func (c *Cluster) WaitKnown() {
	c.t.Helper()
	want := c.metric(c.Control, "meridian_control_applied_index")
	for pop := range c.Edges {
		c.wait(pop+" knows the configuration", func() error {
			if have := c.Metric(pop, "meridian_control_client_index"); have < want {
				return fmt.Errorf("it is at %.0f of %.0f", have, want)
			}
			return nil
		})
	}
}

func (c *Cluster) metric(p *Process, name string) float64 {
	c.t.Helper()
	res, err := http.Get(p.own() + "/metrics")
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	sum := 0.0
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == ' ' || rest[0] == '{') {
			var v float64
			fields := strings.Fields(line)
			_, _ = fmt.Sscan(fields[len(fields)-1], &v)
			sum += v
		}
	}
	return sum
}

// Call makes a request to the native API and fails the test when it is refused.
func (c *Cluster) Call(method, path string, body, into any) {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.API+"/api/v1"+path, bytes.NewReader(b))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Key)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	if res.StatusCode >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

// History opens what the control node keeps of what has happened, beside it.
func (c *Cluster) History() *history.Store {
	c.t.Helper()
	s, err := history.Open(c.t.Context(), "sqlite:"+filepath.Join(c.dir, "control", "history.db"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = s.Close() })
	return s
}

func (c *Cluster) makeCompany() {
	c.t.Helper()
	var company struct {
		ID string `json:"id"`
	}
	c.Call("POST", "/companies", map[string]any{"name": "Journey", "settings": map[string]any{"open_rooms": true}}, &company)
	c.Company = company.ID
	c.Call("POST", "/companies/"+company.ID+"/domains", map[string]any{"fqdn": "127.0.0.1"}, nil)
}

func (c *Cluster) readFile(name string) string {
	c.t.Helper()
	var b []byte
	c.wait(filepath.Base(name)+" is there", func() (err error) {
		b, err = os.ReadFile(name)
		return err
	})
	return strings.TrimSpace(string(b))
}

// wait polls a condition for at most 30 s.
func (c *Cluster) wait(what string, f func() error) { c.t.Helper(); Wait(c.t, 30*time.Second, what, f) }

// Wait polls a condition until it gives no error; the test fails when it still
// does after the time.
func Wait(t testing.TB, limit time.Duration, what string, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited %v until %s: %v", limit, what, err)
		case <-ticker.C:
		}
	}
}

// freePorts finds n ports that are free for TCP and UDP, outside the range from
// which systems give out ports by themselves: one of those may be taken by
// anybody's socket before the process that is meant to listen there has started.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range 1000 {
		port := 20000 + rand.IntN(12000)
		if !slices.Contains(ports, port) && free(port) {
			if ports = append(ports, port); len(ports) == n {
				return ports
			}
		}
	}
	t.Fatal("no free ports")
	return nil
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return u.Close() == nil
}
