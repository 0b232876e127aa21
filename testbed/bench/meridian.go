//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
	bin, err := m.build(ctx, o.Meridian)
	if err != nil {
		return nil, err
	}
	port, err := freePorts(2) // the control API is one below the POP
	if err != nil {
		return nil, err
	}
	m.host = fmt.Sprintf("127.0.0.1:%d", port+1)
	if m.program, err = launch(nil, bin, "dev", "--pops", "1", "--json", "--port", fmt.Sprint(port+1), "--readers", fmt.Sprint(o.Readers), "--data", "{dir}"); err != nil {
		return nil, err
	}
	if err := m.open(ctx); err != nil {
		m.stop()
		return nil, err
	}
	return m, nil
}

// build makes the binary unless one is given.
func (m *meridian) build(ctx context.Context, given string) (string, error) {
	if given != "" {
		return given, nil
	}
	dir, err := os.MkdirTemp("", "bench-bin-")
	if err != nil {
		return "", err
	}
	m.bin = dir
	bin := filepath.Join(dir, "meridian")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/meridian-video/meridian/ops/meridian").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build meridian (or name a binary with --meridian): %w\n%s", err, out)
	}
	return bin, nil
}

// said is the line that the network prints when it is ready.
type said struct {
	Ready   bool
	Control string
	Key     string `json:"api_key"`
	POPs    []struct{ URL string }
}

// company is the one that a development network has.
const company = "dev"

// open waits until the network is ready and lets more people into a room than
// usual, for the webinar.
func (m *meridian) open(ctx context.Context) error {
	var line said
	err := m.ready(ctx, func(context.Context) bool {
		b, err := os.ReadFile(m.log)
		return err == nil && json.Unmarshal(b, &line) == nil && line.Ready
	})
	if err != nil {
		return err
	}
	return line.allow(ctx, `{"max_participants":1000}`)
}

// allow changes the limits of the network's company.
func (s said) allow(ctx context.Context, limits string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPatch, s.Control+"/api/v1/companies/"+company, strings.NewReader(limits))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+s.Key)
	r.Header.Set("Content-Type", "application/json")
	res, err := web.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("change limits: %s", res.Status)
	}
	return nil
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
