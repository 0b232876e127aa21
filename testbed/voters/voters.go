// Package voters runs several control nodes as processes of this machine, from the real binary and
// configuration files that differ in nothing but names and ports, to be killed, frozen, wiped and started again.
//
// It is for tests and benches of the control plane; edges and meetings have testbed/cluster.
package voters

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/testbed/postgres"
)

// Cluster is the nodes, running or not.
type Cluster struct {
	Nodes []*Node
	Key   string // platform API key; set by WaitReady

	client  *http.Client
	history *postgres.Server
}

// Node is one control node.
type Node struct {
	Name    string
	API     string // base URL
	Cluster string // address of the cluster listener
	Gossip  string
	Data    string   // data directory
	Log     string   // what the process prints
	Env     []string // variables besides ours, for the next start

	bin, file string
	cmd       *exec.Cmd
	done      chan struct{}
}

// Build builds the binary into a directory.
func Build(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "meridian")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/meridian-video/meridian/ops/meridian").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
}

// New writes the configurations of n nodes below a directory; it starts none. data says where node i keeps what
// it has; nil = below the directory, too.
func New(bin, dir string, n int, data func(i int) string) (*Cluster, error) {
	c := &Cluster{client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	history := ""
	if n > 1 { // one alone keeps its history in its directory
		var err error
		if history, err = c.database(); err != nil {
			return nil, errors.Join(err, c.closeHistory())
		}
	}
	secret := filepath.Join(dir, "voter-secret")
	if err := os.WriteFile(secret, []byte(ca.NewVoterSecret().Text()+"\n"), 0o600); err != nil {
		return nil, err
	}
	first, err := freeRun(4 * n)
	if err != nil {
		return nil, err
	}
	var join []string
	for i := range n {
		join = append(join, fmt.Sprintf("%q", local(first+4*i+1)))
	}
	for i := range n {
		p := first + 4*i
		node := &Node{
			Name: fmt.Sprintf("control-%d", i+1), API: "http://" + local(p), Cluster: local(p + 1), Gossip: local(p + 3), bin: bin,
			Data: filepath.Join(dir, fmt.Sprintf("data-%d", i+1)), Log: filepath.Join(dir, fmt.Sprintf("control-%d.log", i+1)),
		}
		if data != nil {
			node.Data = data(i)
		}
		node.file = filepath.Join(dir, node.Name+".yml")
		if err := os.WriteFile(node.file, fmt.Appendf(nil, configuration,
			node.Name, node.Data, node.Gossip, local(first+3), local(p), node.Cluster, local(p+2), n, strings.Join(join, ", "), secret, history), 0o600); err != nil {
			return nil, err
		}
		c.Nodes = append(c.Nodes, node)
	}
	return c, nil
}

const configuration = `
node: %s
data: %s
log: {level: info}
gossip: {listen: %q, seeds: [%q]}
control:
  api: {listen: %q}
  cluster: {listen: %q}
  raft: {listen: %q}
  bootstrap_expect: %d
  join: [%s]
  voter_secret_file: %s
  history: %q
`

// database starts the PostgreSQL server that several control nodes keep their history in.
func (c *Cluster) database() (url string, err error) {
	ctx := context.Background()
	if c.history, err = postgres.Start(ctx); err != nil {
		return "", err
	}
	return c.history.Database(ctx)
}

func (c *Cluster) closeHistory() error {
	if c.history == nil {
		return nil
	}
	return c.history.Close()
}

func local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// Configure adds lines to the section control of all nodes' files; it counts from the next start on.
func (c *Cluster) Configure(lines string) error {
	for _, n := range c.Nodes {
		f, err := os.OpenFile(n.file, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString(lines)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// File is the node's configuration file.
func (n *Node) File() string { return n.file }

// Start starts the process.
func (n *Node) Start() error {
	log, err := os.OpenFile(n.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd, done := exec.Command(n.bin, "control", "--config", n.file), make(chan struct{})
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), n.Env...)
	if err := cmd.Start(); err != nil {
		return err
	}
	n.cmd, n.done = cmd, done
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	return nil
}

// PID is the process's id; 0 before the first Start.
func (n *Node) PID() int {
	if n.cmd == nil {
		return 0
	}
	return n.cmd.Process.Pid
}

// Running tells whether the process was started and has not ended.
func (n *Node) Running() bool {
	if n.cmd == nil {
		return false
	}
	select {
	case <-n.done:
		return false
	default:
		return true
	}
}

// Kill ends the process without a word.
func (n *Node) Kill() { n.end(syscall.SIGKILL) }

// Stop asks the process to end, and waits.
func (n *Node) Stop() { n.end(syscall.SIGTERM) }

func (n *Node) end(s syscall.Signal) {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Signal(s)
	select {
	case <-n.done:
	case <-time.After(15 * time.Second):
		_ = n.cmd.Process.Kill()
		<-n.done
	}
}

// Freeze stops the process where it stands; Thaw lets it go on.
func (n *Node) Freeze() { _ = n.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (n *Node) Thaw() { _ = n.cmd.Process.Signal(syscall.SIGCONT) }

// Wipe drops all that an ended node has on its disk.
func (n *Node) Wipe() error { return os.RemoveAll(n.Data) }

// Start starts all nodes.
func (c *Cluster) Start() error {
	for _, n := range c.Nodes {
		if err := n.Start(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends all nodes.
func (c *Cluster) Close() {
	var wg sync.WaitGroup
	for _, n := range c.Nodes {
		wg.Go(n.Stop)
	}
	wg.Wait()
	c.client.CloseIdleConnections()
	_ = c.closeHistory()
}

// errNotYet is the last error of a wait.
var errNotYet = errors.New("not yet")

// Wait polls a condition until it gives no error.
func Wait(ctx context.Context, limit time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v: %w", limit, err)
		case <-tick.C:
		}
	}
}

// WaitReady waits until these nodes say that they are ready.
func (c *Cluster) WaitReady(ctx context.Context, nodes ...*Node) error {
	for _, n := range nodes {
		err := Wait(ctx, 60*time.Second, func() error {
			if !n.Running() {
				b, _ := os.ReadFile(n.Log)
				return fmt.Errorf("%s has ended:\n%s", n.Name, b)
			}
			status, body, err := c.Call(ctx, n, http.MethodGet, "/readyz", "")
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("%s answers %d: %s", n.Name, status, body)
			}
			return err
		})
		if err != nil {
			return err
		}
		if c.Key != "" { // the same on every node, and clients may be reading it
			continue
		}
		key, err := os.ReadFile(filepath.Join(n.Data, "api-key"))
		if err != nil {
			return err
		}
		c.Key = strings.TrimSpace(string(key))
	}
	return nil
}

// Call makes a request to one node and reads the answer.
func (c *Cluster) Call(ctx context.Context, n *Node, method, path, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, n.API+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, "", err
	}
	if c.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.Key)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := c.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// freeRun finds the first of n ports in a row that are free, outside the range from which systems give out
// ports by themselves.
func freeRun(n int) (int, error) {
	for range 200 {
		first := 20000 + rand.IntN(12000)
		if free(first, n) {
			return first, nil
		}
	}
	return 0, errors.New("no free ports")
}

func free(first, n int) bool {
	for port := first; port < first+n; port++ {
		l, err := net.Listen("tcp", local(port))
		if err != nil {
			return false
		}
		defer l.Close()
		u, err := net.ListenPacket("udp", local(port))
		if err != nil {
			return false
		}
		defer u.Close()
	}
	return true
}
