//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

const (
	hostileOthers = 20
	// hostileLimit is how long an offender is waited for to be ended: silence
	// takes 30 s.
	hostileLimit = 45 * time.Second
)

// ender is a server that says how many clients it has ended because of what.
type ender interface {
	ended(ctx context.Context) (map[string]string, error)
}

// hostile measures what one client that offends costs the others, an offence
// after another, and when and why it is ended. An honest one is in its place
// before.
func (r *run) hostile(ctx context.Context) ([]Result, error) {
	publisher, _, err := r.publisher(ctx, false)
	if err != nil {
		return nil, err
	}
	others, err := r.audience(ctx, hostileOthers)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, o := range light.Offences {
		progress("%s: one viewer offends by %s, %d others", r.name, o, hostileOthers)
		h, err := r.offender(ctx, o, others, []*light.Client{publisher})
		if err != nil {
			return results, fmt.Errorf("%s: %w", o, err)
		}
		results = append(results, h)
	}
	return results, nil
}

func (r *run) offender(ctx context.Context, o light.Offence, others, publishers []*light.Client) (Result, error) {
	own, err := light.OpenAt(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	if err != nil {
		return Result{}, err
	}
	defer own.Close()
	c, err := own.Client(light.Options{})
	if err != nil {
		return Result{}, err
	}
	defer c.Close()
	joining, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	if err := r.server.watch(joining, room, c); err != nil {
		return Result{}, err
	}
	if err := wait(ctx, 2*settle); err != nil {
		return Result{}, err
	}
	before, quick, err := r.window(ctx, others, publishers, r.Duration)
	if err != nil {
		return Result{}, err
	}
	counts, err := r.ends(ctx)
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	if err := c.Offend(o); err != nil {
		return Result{}, err
	}
	load, delay, err := r.window(ctx, others, publishers, r.Duration)
	if err != nil {
		return Result{}, err
	}
	h := &Hostile{Offence: string(o), BeforeMicros: before.Micros, BeforeRequests: before.Requests}
	if quick != nil && delay != nil {
		h.BeforeP95, h.OthersP95 = quick.P95, delay.P95
	}
	h.Cause, err = r.cause(ctx, counts, began.Add(hostileLimit))
	h.Ended = time.Since(began).Seconds()
	return Result{Viewers: hostileOthers + 1, Seconds: r.Duration.Seconds(), Load: load, Delay: delay, Hostile: h}, err
}

// cause waits until the server has ended a client and says why; empty: it has
// not by then.
func (r *run) cause(ctx context.Context, before map[string]string, until time.Time) (string, error) {
	for time.Now().Before(until) {
		now, err := r.ends(ctx)
		if err != nil {
			return "", err
		}
		for cause, n := range now {
			if before[cause] != n {
				return cause, nil
			}
		}
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return "", err
		}
	}
	return "", nil
}

var errNoCauses = errors.New("the server does not say whom it has ended")

func (r *run) ends(ctx context.Context) (map[string]string, error) {
	if e, ok := r.server.(ender); ok {
		return e.ended(ctx)
	}
	return nil, errNoCauses
}

// ended reads the node's counters, as text, by cause.
func (m *meridian) ended(ctx context.Context) (map[string]string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.host+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	res, err := web.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read metrics: %s", res.Status)
	}
	return endsIn(string(b)), nil
}

func endsIn(metrics string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(metrics) {
		if rest, ok := strings.CutPrefix(line, `meridian_rtc_transports_closed_total{`); ok {
			labels, n, _ := strings.Cut(rest, "} ")
			_, cause, _ := strings.Cut(labels, `cause="`)
			cause, _, _ = strings.Cut(cause, `"`)
			out[cause] = strings.TrimSpace(n)
		}
	}
	return out
}
