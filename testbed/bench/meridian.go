//go:build linux

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// meridian is our own server: a control node and one POP in one process.
type meridian struct {
	*program
	host string // of all ports
	bin  string // built here; empty when it was given
}

func startMeridian(ctx context.Context, o options) (server, error) {
	m := &meridian{}
	bin := o.Meridian
	if bin == "" {
		dir, err := os.MkdirTemp("", "bench-bin-")
		if err != nil {
			return nil, err
		}
		m.bin = dir
		bin = filepath.Join(dir, "meridian")
		out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/meridian-video/meridian/ops/meridian").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("build meridian (or name a binary with --meridian): %w\n%s", err, out)
		}
	}
	port, err := freePorts(2) // the control API is one below the POP
	if err != nil {
		return nil, err
	}
	m.host = fmt.Sprintf("127.0.0.1:%d", port+1)
	if m.program, err = launch(nil, bin, "dev", "--pops", "1", "--json", "--port", fmt.Sprint(port+1), "--data", "{dir}"); err != nil {
		return nil, err
	}
	target := &url.URL{Scheme: "http", Host: m.host, Path: "/readyz"}
	if err := m.ready(ctx, func(ctx context.Context) bool { return reachable(ctx, target) }); err != nil {
		m.stop()
		return nil, err
	}
	return m, nil
}

func (m *meridian) publish(ctx context.Context, room string, c *light.Client, simulcast bool) error {
	return exchange(ctx, "http://"+m.host+"/whip/"+room, c, sending(simulcast)...)
}

func (m *meridian) watch(ctx context.Context, room string, c *light.Client) error {
	return exchange(ctx, "http://"+m.host+"/whep/"+room, c, receiving()...)
}

func (m *meridian) stop() {
	m.program.stop()
	if m.bin != "" {
		_ = os.RemoveAll(m.bin)
	}
}
