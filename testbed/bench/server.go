//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// server is a media server under test, running.
type server interface {
	pid() int
	// publish offers one microphone and one camera to a room.
	publish(ctx context.Context, room string, c *light.Client, simulcast bool) error
	// watch receives what the one publisher of a room sends.
	watch(ctx context.Context, room string, c *light.Client) error
	stop()
}

// elsewhere is a server that cannot send to loopback: its clients have a socket
// each on an address of this machine.
type elsewhere interface{ from() netip.Addr }

// start knows how to start each server.
var start = map[string]func(ctx context.Context, o options) (server, error){
	"meridian": startMeridian,
	"janus":    startJanus,
	"mediamtx": startMediaMTX,
}

// others says why a server that people ask for is not driven.
var others = map[string]string{
	"livekit": "LiveKit has a signalling of its own that this bench does not speak; measured on such a machine (1.13.5): 15 to 20 µs a packet, 1,335 KiB a viewer",
	"galene":  "Galene's viewers need a signalling of its own that this bench does not speak; measured on such a machine: 16 µs a packet, 430 KiB a viewer",
}

// program is a server's process and its files.
type program struct {
	cmd  *exec.Cmd
	dir  string
	log  string
	done chan struct{}
}

// launch starts a program in a temporary directory of its own; its output goes
// to a file there. files are written first; {dir} in them and in the arguments is
// that directory.
func launch(files map[string]string, name string, args ...string) (*program, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%s is not on PATH", name)
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	p := &program{dir: dir, log: filepath.Join(dir, "output.log"), done: make(chan struct{})}
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(p.fill(text)), 0o600); err != nil {
			return nil, err
		}
	}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	for i := range args {
		args[i] = p.fill(args[i])
	}
	p.cmd = exec.Command(path, args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// It must not outlive a bench that is killed.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *program) fill(s string) string { return strings.ReplaceAll(s, "{dir}", p.dir) }

func (p *program) pid() int { return p.cmd.Process.Pid }

const stopTimeout = 5 * time.Second

// stop ends the program and removes its files.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = os.RemoveAll(p.dir)
}

const startTimeout = 30 * time.Second

// ready waits until a condition holds; it says the program's last words when it
// ends before or takes too long.
func (p *program) ready(ctx context.Context, ok func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !ok(ctx) {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at once:\n%s", p.cmd.Path, p.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.cmd.Path, context.Cause(ctx), p.lastWords())
		case <-ticker.C:
		}
	}
	return nil
}

func (p *program) lastWords() string {
	b, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// freePorts finds a row of TCP ports that are free now and returns the first.
func freePorts(count int) (int, error) {
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		free := port+count < 1<<16
		var row []net.Listener
		for i := 1; i < count && free; i++ {
			next, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+i))
			if err != nil {
				free = false
				continue
			}
			row = append(row, next)
		}
		for _, l := range append(row, l) {
			_ = l.Close()
		}
		if free {
			return port, nil
		}
	}
	return 0, errors.New("no free ports")
}

// web is the client of all WHIP and WHEP requests.
var web = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 20 * time.Second}

// exchange posts the client's offer to a WHIP or WHEP endpoint, takes the
// answer and connects (RFC 9725 section 4.2).
func exchange(ctx context.Context, endpoint string, c *light.Client, sections ...light.Section) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(c.Offer(sections...)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/sdp")
	res, err := web.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST %s: %s: %s", endpoint, res.Status, bytes.TrimSpace(body))
	}
	if err := c.SetAnswer(string(body)); err != nil {
		return err
	}
	return c.Connect(ctx)
}

// reachable says whether an HTTP server answers.
func reachable(ctx context.Context, target *url.URL) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return false
	}
	res, err := web.Do(r)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode < 500
}

// sending and receiving are the sections of a plain publisher and viewer.
func sending(simulcast bool) []light.Section {
	return []light.Section{{Send: true}, {Video: true, Send: true, Simulcast: simulcast}}
}

func receiving() []light.Section { return []light.Section{{}, {Video: true}} }
