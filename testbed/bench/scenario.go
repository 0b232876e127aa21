//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// settle is how long a load runs before it is measured.
const settle = 1500 * time.Millisecond

// idle measures a server that nobody uses.
func (r *run) idle(ctx context.Context) ([]Result, error) {
	progress("%s: idle", r.name)
	if err := wait(ctx, settle); err != nil {
		return nil, err
	}
	load, _, err := r.window(ctx, nil, nil, r.Duration)
	return []Result{{Seconds: r.Duration.Seconds(), Load: load}}, err
}

// viewers measures audiences of one publisher, growing.
func (r *run) viewers(ctx context.Context) (results []Result, err error) {
	publisher, p, err := r.publisher(ctx, r.Simulcast)
	if err != nil {
		return nil, err
	}
	// One viewer first, so that what any viewer needs once is there.
	clients, err := r.audience(ctx, 1)
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, settle); err != nil {
		return nil, err
	}
	empty, err := memoryOf(r.server.pid())
	if err != nil {
		return nil, err
	}
	for _, count := range r.Viewers {
		progress("%s: %d viewers", r.name, count)
		more, err := r.audience(ctx, max(count-len(clients), 0))
		if err != nil {
			return results, err
		}
		clients = append(clients, more...)
		if err := wait(ctx, settle); err != nil {
			return results, err
		}
		load, delay, err := r.window(ctx, clients, []*light.Client{publisher}, r.Duration)
		if err != nil {
			return results, err
		}
		full, err := memoryOf(r.server.pid())
		if err != nil {
			return results, err
		}
		results = append(results, Result{
			Viewers: len(clients), Simulcast: p.Simulcast(), Seconds: r.Duration.Seconds(),
			Load: load, Delay: delay, Memory: (full - empty) / float64(max(len(clients)-1, 1)),
		})
	}
	return results, nil
}

// conference is a server that can hold a meeting: everybody sees all others.
type conference interface {
	// meet joins people; ups send and downs receive, which may be the same.
	meet(ctx context.Context, r *run, parties int) (ups, downs []*light.Client, err error)
}

// errNoMeeting is returned where a server has no such thing.
var errNoMeeting = errors.New("the bench has no meeting on this server")

// meeting measures a meeting in which all send and see all others.
func (r *run) meeting(ctx context.Context) ([]Result, error) {
	c, ok := r.server.(conference)
	if !ok {
		return nil, errNoMeeting
	}
	progress("%s: meeting of %d", r.name, r.Parties)
	ups, downs, err := c.meet(ctx, r, r.Parties)
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, 2*settle); err != nil {
		return nil, err
	}
	load, delay, err := r.window(ctx, downs, ups, r.Duration)
	return []Result{{Viewers: r.Parties, Seconds: r.Duration.Seconds(), Load: load, Delay: delay}}, err
}

// joins measures joins one after another, with nobody else there.
func (r *run) joins(ctx context.Context) ([]Result, error) {
	progress("%s: %d joins, one after another", r.name, r.Joins)
	if _, _, err := r.publisher(ctx, r.Simulcast); err != nil {
		return nil, err
	}
	if err := wait(ctx, settle); err != nil {
		return nil, err
	}
	var all []joined
	for range r.Joins {
		j, err := r.joinOne(ctx)
		if err != nil {
			return nil, err
		}
		j.client.Close()
		all = append(all, j)
		// Not in step with the publisher's keyframes.
		if err := wait(ctx, 130*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return []Result{{Join: sumUp(all)}}, nil
}

// storm measures joins that all come at once.
func (r *run) storm(ctx context.Context) ([]Result, error) {
	progress("%s: storm of %d joins", r.name, r.Storm)
	if _, _, err := r.publisher(ctx, r.Simulcast); err != nil {
		return nil, err
	}
	if err := wait(ctx, settle); err != nil {
		return nil, err
	}
	all, errs := make([]joined, r.Storm), make([]error, r.Storm)
	gate := make(chan struct{})
	done := make(chan struct{})
	for i := range r.Storm {
		r.wg.Go(func() {
			<-gate
			all[i], errs[i] = r.joinOne(ctx)
			done <- struct{}{}
		})
	}
	close(gate)
	for range r.Storm {
		<-done
	}
	for i := range all {
		if all[i].client != nil {
			r.later(all[i].client.Close)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("a join of the storm: %w", err)
	}
	return []Result{{Viewers: r.Storm, Join: sumUp(all)}}, nil
}

// joined is one join and when it got where.
type joined struct {
	client *light.Client
	asked  time.Time
	seen   light.Times
}

// joinOne joins and waits for the first keyframe.
func (r *run) joinOne(ctx context.Context) (joined, error) {
	j := joined{asked: time.Now()}
	var err error
	if j.client, err = r.viewer(ctx, light.Options{}); err != nil {
		return j, err
	}
	patience := time.NewTimer(joinTimeout)
	defer patience.Stop()
	select {
	case <-j.client.Picture():
	case <-patience.C:
		j.client.Close()
		return j, errors.New("no keyframe came")
	case <-ctx.Done():
		j.client.Close()
		return j, context.Cause(ctx)
	}
	j.seen = j.client.Snapshot().Times
	return j, nil
}

func sumUp(all []joined) *Join {
	var packet, keyframe, dtls []time.Duration
	var shares []time.Duration // of one second
	for _, j := range all {
		first := j.seen.Packet.Sub(j.asked)
		packet, keyframe = append(packet, first), append(keyframe, j.seen.Keyframe.Sub(j.asked))
		handshake := j.seen.Secured.Sub(j.seen.Checked)
		dtls = append(dtls, handshake)
		shares = append(shares, time.Duration(handshake.Seconds()/first.Seconds()*float64(time.Second)))
	}
	return &Join{
		Count: len(all), PacketP50: quantile(packet, .5), PacketP95: quantile(packet, .95),
		KeyframeP50: quantile(keyframe, .5), KeyframeP95: quantile(keyframe, .95),
		DTLSP50: quantile(dtls, .5), DTLSShare: quantile(shares, .5) / 1000,
	}
}
