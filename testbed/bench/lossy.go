//go:build linux

package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/meridian-video/meridian/testbed/bench/light"
	"github.com/meridian-video/meridian/testbed/simnet"
)

// badLink is what one viewer has: a megabit, five in a hundred lost.
var badLink = simnet.Link{Rate: 1_000_000, Loss: 0.05, Delay: 20 * time.Millisecond}

// lossyOthers is how many viewers are behind a good link.
const lossyOthers = 20

// lossyLeast is how long the viewer behind the bad link is watched: the layer
// has five seconds to fall, and audio must be whole after that too.
const lossyLeast = 12 * time.Second

// lossy measures one viewer behind a bad link, and what it costs the others.
func (r *run) lossy(ctx context.Context) ([]Result, error) {
	progress("%s: one viewer behind 1 Mbit/s with 5 %% loss, %d others", r.name, lossyOthers)
	publisher, p, err := r.publisher(ctx, true)
	if err != nil {
		return nil, err
	}
	others, err := r.audience(ctx, lossyOthers)
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, settle); err != nil {
		return nil, err
	}
	publishers := []*light.Client{publisher}
	_, before, err := r.window(ctx, others, publishers, r.Duration/2)
	if err != nil {
		return nil, err
	}
	c, err := r.viewer(ctx, light.Options{Sample: 1, Listen: true, Path: r.throughBadLink})
	if err != nil {
		return nil, fmt.Errorf("behind the bad link: %w", err)
	}
	r.later(c.Close)
	load, delay, err := r.window(ctx, others, publishers, max(r.Duration, lossyLeast))
	if err != nil {
		return nil, err
	}
	result := Result{Viewers: lossyOthers + 1, Simulcast: p.Simulcast(), Seconds: max(r.Duration, lossyLeast).Seconds(), Load: load, Delay: delay}
	result.Lossy = judge(c.Snapshot(), time.Now())
	if before != nil && delay != nil {
		result.Lossy.BeforeP95, result.Lossy.OthersP95 = before.P95, delay.P95
	}
	return []Result{result}, nil
}

// throughBadLink puts the link in front of a server.
func (r *run) throughBadLink(server netip.AddrPort) (netip.AddrPort, error) {
	p, err := newPath(server, badLink)
	if err != nil {
		return server, err
	}
	r.later(p.close)
	return p.address(), nil
}

// judge reads what the viewer behind the bad link got until now.
func judge(s light.Snapshot, now time.Time) *Lossy {
	y := &Lossy{LongestGap: milliseconds(s.LongestGap), Gaps: s.Gaps}
	y.LowFrames = float64(s.Frames) / now.Sub(s.Packet).Seconds()
	if top := s.LastLayer[len(s.LastLayer)-1]; !top.IsZero() {
		y.TopLayer = top.Sub(s.Packet).Seconds()
	}
	return y
}
