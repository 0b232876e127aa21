//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// run is one scenario at work on one server.
type run struct {
	options
	name    string
	network *light.Network
	server  server

	mu      sync.Mutex
	closers []func() // in reverse order
	sources []*light.Publication
	wg      sync.WaitGroup
}

// room is the room of every scenario: each has a server of its own.
const room = "bench"

const joinTimeout = 20 * time.Second

// later registers what ends with the scenario.
func (r *run) later(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closers = append(r.closers, f)
}

func (r *run) close() {
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i]()
	}
	r.wg.Wait()
}

// send lets a connected client send what the server agreed to.
func (r *run) send(ctx context.Context, c *light.Client) *light.Publication {
	ctx, cancel := context.WithCancel(ctx)
	p := c.Publish()
	r.later(cancel)
	r.mu.Lock()
	r.sources = append(r.sources, p)
	r.mu.Unlock()
	r.wg.Go(func() { p.Run(ctx) })
	return p
}

// publisher starts one publisher.
func (r *run) publisher(ctx context.Context, simulcast bool) (*light.Client, *light.Publication, error) {
	c, err := r.network.Client(light.Options{})
	if err != nil {
		return nil, nil, err
	}
	r.later(c.Close)
	joining, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	if err := r.server.publish(joining, room, c, simulcast); err != nil {
		return nil, nil, fmt.Errorf("publish: %w", err)
	}
	return c, r.send(ctx, c), nil
}

// viewer joins a client as a viewer and waits for its first packet.
func (r *run) viewer(ctx context.Context, o light.Options) (*light.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	c, err := r.network.Client(o)
	if err != nil {
		return nil, err
	}
	if err := r.server.watch(ctx, room, c); err != nil {
		c.Close()
		return nil, fmt.Errorf("watch: %w", err)
	}
	select {
	case <-c.Packet():
		return c, nil
	case <-ctx.Done():
		c.Close()
		return nil, errors.New("watch: connected, and no packet of media came")
	}
}

// joinWidth is how many viewers join at a time where joins are not measured.
const joinWidth = 8

// audience joins viewers, a few at a time.
func (r *run) audience(ctx context.Context, count int) ([]*light.Client, error) {
	clients, errs := make([]*light.Client, count), make([]error, count)
	places := make(chan struct{}, joinWidth)
	var wg sync.WaitGroup
	for i := range count {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			clients[i], errs[i] = r.viewer(ctx, light.Options{})
		})
	}
	wg.Wait()
	for _, c := range clients {
		if c != nil {
			r.later(c.Close)
		}
	}
	return clients, errors.Join(errs...)
}

// wait lets time pass.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// window measures what a server does for viewers during a time; publishers are
// who is asked for keyframes.
func (r *run) window(ctx context.Context, viewers, publishers []*light.Client, d time.Duration) (*Load, *Delay, error) {
	before, first, err := r.read(viewers, publishers)
	if err != nil {
		return nil, nil, err
	}
	if err := wait(ctx, d); err != nil {
		return nil, nil, err
	}
	after, last, err := r.read(viewers, publishers)
	if err != nil {
		return nil, nil, err
	}
	seconds := after.at.Sub(before.at).Seconds()
	used, packets := after.server.minus(before.server), float64(last.Packets-first.Packets)
	l := &Load{
		Rate:   packets / seconds,
		Server: used.total.Seconds() / seconds, Generator: after.own.minus(before.own).total.Seconds() / seconds,
		Repeats: float64(last.Repeats-first.Repeats) / seconds, Padding: float64(last.Padding-first.Padding) / seconds,
		Requests: float64(last.PLI-first.PLI) / seconds,
		Opened:   last.Opened - first.Opened, Bad: last.Bad - first.Bad,
	}
	if pace := r.pace() * seconds; pace > 0 {
		l.Paced = 100 * float64(after.sent-before.sent) / pace
	}
	if packets > 0 {
		l.Micros = micros(used.total) / packets
		l.User = l.Micros * share(used)
		l.Delivered = 100 * delivered(first, last)
	}
	var delay *Delay
	if len(last.Delays) > 0 {
		delay = &Delay{quantile(last.Delays, .5), quantile(last.Delays, .95), quantile(last.Delays, .99), len(last.Delays)}
	}
	return l, delay, nil
}

// delivered is the share of the sequence numbers of a time that came.
func delivered(first, last light.Snapshot) float64 {
	expected := float64(last.Expected - first.Expected)
	if expected <= 0 {
		return 1
	}
	lost := max(float64(last.Lost)-float64(first.Lost), 0)
	return max(1-lost/expected, 0)
}

// reading is the accounting at one moment.
type reading struct {
	at          time.Time
	server, own usage
	sent        uint64 // by all publishers
}

// pace is how many packets a second all publishers mean to send.
func (r *run) pace() float64 {
	sum := 0.0
	for _, p := range r.sources {
		sum += p.Rate()
	}
	return sum
}

func (r *run) read(viewers, publishers []*light.Client) (reading, light.Snapshot, error) {
	var sum light.Snapshot
	for _, c := range viewers {
		sum.Add(c.Snapshot())
	}
	for _, c := range publishers {
		sum.PLI += c.Snapshot().PLI
	}
	server, err := usageOf(r.server.pid())
	if err != nil {
		return reading{}, sum, fmt.Errorf("%s has ended: %w", r.name, err)
	}
	own, err := usageOf(os.Getpid())
	now := reading{at: time.Now(), server: server, own: own}
	for _, p := range r.sources {
		now.sent += p.Sent.Load()
	}
	return now, sum, err
}
