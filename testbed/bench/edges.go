//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/testbed/voters"
)

// edges are many edges of one control node in this process. Each has the copy, the identity and the stream of
// a real one; their disks are to be in memory, since no thousand of edges shares one.
type edges struct {
	list     []*edge
	received atomic.Int64 // bytes, handshakes too
	run      sync.WaitGroup
	stop     context.CancelFunc
}

// edge is one of them.
type edge struct {
	*client.Client
	mu   sync.Mutex
	conn net.Conn // the latest
}

// openEdges enrols n edges, some at a time. They do not run yet.
func openEdges(ctx context.Context, node *voters.Node, dir string, n int) (*edges, error) {
	secret, err := os.ReadFile(filepath.Join(node.Data, "join-secret"))
	if err != nil {
		return nil, err
	}
	s := &edges{list: make([]*edge, n), stop: func() {}}
	errs := make([]error, n)
	var wg sync.WaitGroup
	places := make(chan struct{}, 16)
	for i := range n {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			s.list[i], errs[i] = s.open(ctx, client.Config{
				Dir: filepath.Join(dir, fmt.Sprintf("edge-%d", i)), Control: []string{node.Cluster},
				JoinSecret: strings.TrimSpace(string(secret)), NodeID: geo.NodeID(fmt.Sprintf("bench-%d", i)),
			})
		})
	}
	wg.Wait()
	return s, errors.Join(errs...)
}

func (s *edges) open(ctx context.Context, cfg client.Config) (*edge, error) {
	e := &edge{}
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.conn = &counted{c, &s.received}
		return e.conn, nil
	}
	id, err := client.Enroll(ctx, cfg)
	if err != nil {
		return nil, err
	}
	e.Client, err = client.Open(cfg, id)
	return e, err
}

// counted adds what is read to a number.
type counted struct {
	net.Conn
	bytes *atomic.Int64
}

// Read implements net.Conn.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.Add(int64(n))
	return n, err
}

// follow lets all edges follow the feed, until close.
func (s *edges) follow(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	for _, e := range s.list {
		s.run.Go(func() { _ = e.Run(ctx) }) // it ends with the context
	}
}

func (s *edges) close() {
	s.stop()
	s.run.Wait()
}

// cut ends every edge's stream at once.
func (s *edges) cut() {
	for _, e := range s.list {
		e.mu.Lock()
		if e.conn != nil {
			_ = e.conn.Close()
		}
		e.mu.Unlock()
	}
}

// wait waits until all edges follow the feed and have an index.
func (s *edges) wait(ctx context.Context, index uint64) error {
	return voters.Wait(ctx, 2*time.Minute, func() error {
		missing := 0
		for _, e := range s.list {
			if !e.Connected() || e.View().Index() < index {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Errorf("%d of %d edges are not there", missing, len(s.list))
		}
		return nil
	})
}
