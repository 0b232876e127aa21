package operator

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	// Not called: they let the go command see that a result is of older code.
	_ "github.com/meridian-video/meridian/ops/config"
	_ "github.com/meridian-video/meridian/ops/dev"
	_ "github.com/meridian-video/meridian/ops/node"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// patience bounds every wait. It says nothing about how long things take.
const patience = 30 * time.Second

// output is what a process has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command is a run of the binary.
type command struct {
	t              *testing.T
	stdout, stderr output
	cmd            *exec.Cmd
	done           chan struct{}
}

// meridian starts the binary; what still runs when the test ends is killed.
func meridian(t *testing.T, environ []string, args ...string) *command {
	t.Helper()
	c := &command{t: t, cmd: exec.Command(cluster.Binary(t), args...), done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), environ...)
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait()
		close(c.done)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.done
		if t.Failed() {
			t.Logf("%v\n%s%s", args, &c.stdout, &c.stderr)
		}
	})
	return c
}

func (c *command) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatalf("%v: %v", s, err)
	}
}

// ends waits for the end and returns the exit code, -1 after a signal.
func (c *command) ends() int {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatalf("%v still runs after %v", c.cmd.Args[1:], patience)
	}
	return c.cmd.ProcessState.ExitCode()
}

// stop sends a signal and wants the end to be a good one. How long it took is
// for people to read; the bound is threefold what is promised.
func (c *command) stop(s os.Signal) {
	c.t.Helper()
	began := time.Now()
	c.signal(s)
	if code := c.ends(); code != 0 {
		c.t.Errorf("%v after %v: exit code %d", c.cmd.Args[1:], s, code)
	}
	took := time.Since(began)
	c.t.Logf("%s ended %v after %v", c.cmd.Args[1], took.Round(time.Millisecond), s)
	if took > 15*time.Second {
		c.t.Errorf("it took %v to end", took)
	}
}

// alive fails the test where the process has ended.
func (c *command) alive() error {
	select {
	case <-c.done:
		c.t.Fatalf("%v ended:\n%s%s", c.cmd.Args[1:], &c.stdout, &c.stderr)
	default:
	}
	return nil
}

func wait(t *testing.T, what string, f func() error) {
	t.Helper()
	cluster.Wait(t, patience, what, f)
}

// insecure trusts any certificate: what is in it is looked at apart.
var insecure = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
	TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
}}

// get returns status and body.
func get(t *testing.T, url, key string) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return call(ctx, http.MethodGet, url, key, "")
}

func call(ctx context.Context, method, url, key, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := insecure.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// answers waits until an address answers with a status, and returns the body.
func answers(t *testing.T, c *command, url string, status int) (body string) {
	t.Helper()
	wait(t, fmt.Sprintf("%s answers %d", url, status), func() error {
		if err := c.alive(); err != nil {
			return err
		}
		got, b, err := get(t, url, "")
		if err == nil && got != status {
			err = fmt.Errorf("it answers %d: %s", got, b)
		}
		body = b
		return err
	})
	return body
}

// freeRun finds the first of n ports in a row that are free, outside the range
// from which systems give out ports by themselves.
func freeRun(t *testing.T, n int) int {
	t.Helper()
	for range 200 {
		first := 20000 + rand.IntN(12000)
		if free(first, n) {
			return first
		}
	}
	t.Fatal("no free ports")
	return 0
}

func free(first, n int) bool {
	for port := first; port < first+n; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return false
		}
		defer l.Close()
		u, err := net.ListenPacket("udp", fmt.Sprintf(":%d", port))
		if err != nil {
			return false
		}
		defer u.Close()
	}
	return true
}

var errNotYet = errors.New("not yet")
