//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/meridian-video/meridian/testbed/dropfs"
	"github.com/meridian-video/meridian/testbed/voters"
)

// controllers are control nodes under a bench, from the real binary, each a process.
type controllers struct {
	*voters.Cluster
	dir   string
	disks []*dropfs.FS // of the nodes, where syncs are to be slow
}

// startControllers builds the binary unless one is given, and starts n nodes with their data below a directory
// of the disk to measure. With slow syncs the data is in memory and each sync takes that long.
func startControllers(ctx context.Context, bin, dir string, n int, slow time.Duration) (c *controllers, err error) {
	c = &controllers{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.dir, err = os.MkdirTemp(dir, "bench-control-"); err != nil {
		return c, fmt.Errorf("%w: %w", errRefused, err)
	}
	if bin == "" {
		if bin, err = voters.Build(ctx, c.dir); err != nil {
			return c, err
		}
	}
	data := func(i int) string { return filepath.Join(c.dir, fmt.Sprintf("disk-%d", i+1)) }
	for i := range n {
		if err := os.Mkdir(data(i), 0o700); err != nil {
			return c, err
		}
		if slow == 0 {
			continue
		}
		disk, err := dropfs.Mount(data(i), dropfs.Journaled)
		if err != nil {
			return c, err
		}
		disk.Slow(slow)
		c.disks = append(c.disks, disk)
	}
	if c.Cluster, err = voters.New(bin, c.dir, n, data); err != nil {
		return c, err
	}
	if err := c.Start(); err != nil {
		return c, err
	}
	return c, c.WaitReady(ctx, c.Nodes...)
}

func (c *controllers) close() {
	if c.Cluster != nil {
		c.Close()
	}
	for _, d := range c.disks {
		if err := d.Unmount(); err != nil {
			progress("%v", err)
			return // its directory is not to be removed
		}
	}
	_ = os.RemoveAll(c.dir)
}

// create posts something and reads the answer.
func (c *controllers) create(ctx context.Context, path, body string, out any) error {
	status, text, err := c.Call(ctx, c.Nodes[0], http.MethodPost, path, body)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("%d %s", status, text)
	}
	if err == nil && out != nil {
		err = json.Unmarshal([]byte(text), out)
	}
	if err != nil {
		return fmt.Errorf("post %s: %w", path, err)
	}
	return nil
}

// hurry gives the bench a key that may call as often as it likes.
func (c *controllers) hurry(ctx context.Context) error {
	var made struct{ Key string }
	if err := c.create(ctx, "/api/v1/api-keys", `{"name":"bench","rate":10000}`, &made); err != nil {
		return err
	}
	c.Key = made.Key
	return nil
}

// leads finds the node that leads.
func (c *controllers) leads(ctx context.Context) (*voters.Node, error) {
	if len(c.Nodes) == 1 {
		return c.Nodes[0], nil
	}
	return c.Leader(ctx)
}

// metric reads a number that a node says of itself; 0 where it does not.
func (c *controllers) metric(ctx context.Context, n *voters.Node, name string) (float64, error) {
	status, text, err := c.Call(ctx, n, http.MethodGet, "/metrics", "")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%d %s", status, text)
	}
	if err != nil {
		return 0, fmt.Errorf("metrics of %s: %w", n.Name, err)
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, lines.Err()
}

// loadAverage is the machine's load average of the last minute: figures of a busy one mean less.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
