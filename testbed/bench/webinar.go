//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/bench/light"
)

// slots of a viewer as the page offers them.
var pageSlots = slotPlan{video: 9, audio: 3}

// meet implements conference: everybody joins by our own signalling.
func (m *meridian) meet(ctx context.Context, r *run, parties int) (ups, downs []*light.Client, err error) {
	var people []*attachment
	var cameras, mics []string
	for i := range parties {
		a, err := m.attend(ctx, r, fmt.Sprintf("Party %d", i+1), pageSlots, true)
		if err != nil {
			return nil, nil, err
		}
		r.send(ctx, a.client)
		people = append(people, a)
		tracks := a.joined.Self.Tracks
		cameras, mics = append(cameras, tracks["camera"]), append(mics, tracks["mic"])
		ups = append(ups, a.client)
	}
	for i, a := range people {
		if err := a.show(ctx, allBut(cameras, i, pageSlots.video), allBut(mics, i, pageSlots.audio)); err != nil {
			return nil, nil, err
		}
	}
	return ups, ups, nil
}

// attend joins one participant.
func (m *meridian) attend(ctx context.Context, r *run, name string, plan slotPlan, sends bool) (*attachment, error) {
	c, err := r.network.Client(light.Options{})
	if err != nil {
		return nil, err
	}
	joining, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	a, err := m.join(joining, room, name, c, plan, signal.Media{Mic: sends, Camera: sends}, r.Simulcast)
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	r.later(a.close)
	return a, nil
}

// allBut is up to limit of all, without the i-th, beginning behind it.
func allBut(all []string, i, limit int) []string {
	var out []string
	for k := 1; k < len(all) && len(out) < limit; k++ {
		out = append(out, all[(i+k)%len(all)])
	}
	return out
}

// How a webinar grows until the machine is full.
const (
	webinarStep   = 10
	webinarLimit  = 400
	speakerEvery  = 2 * time.Second // one of those shown changes
	fullDelivered = 99.5            // percent
	fullDelay     = 30.0            // ms, p95
)

// webinar has speakers whom viewers see nine at a time, and grows until packets
// are lost or late. The last result before that is what the machine carries.
func (r *run) webinar(ctx context.Context) ([]Result, error) {
	m, ok := r.server.(*meridian)
	if !ok {
		return nil, errors.New("the webinar is driven through Meridian's own signalling only")
	}
	ups, cameras, mics, err := m.speakers(ctx, r)
	if err != nil {
		return nil, err
	}
	var viewers []*attachment
	var downs []*light.Client
	var results []Result
	for len(viewers) < webinarLimit {
		for range webinarStep {
			a, err := m.attend(ctx, r, "Viewer", pageSlots, false)
			if err != nil {
				return results, err
			}
			viewers, downs = append(viewers, a), append(downs, a.client)
		}
		progress("%s: webinar of %d speakers, %d viewers", r.name, len(ups), len(viewers))
		turn, cancel := context.WithCancel(ctx)
		r.wg.Go(func() { r.takeTurns(turn, viewers, cameras, mics) })
		err := wait(ctx, settle)
		var load *Load
		var delay *Delay
		if err == nil {
			load, delay, err = r.window(ctx, downs, ups, r.Duration)
		}
		cancel()
		if err != nil {
			return results, err
		}
		results = append(results, Result{Viewers: len(viewers), Seconds: r.Duration.Seconds(), Load: load, Delay: delay})
		if load.Delivered < fullDelivered || delay == nil || delay.P95 > fullDelay {
			break
		}
	}
	return ends(results), nil
}

// ends keeps the first result, the last that was carried, and the one that was not.
func ends(all []Result) []Result {
	if len(all) <= 3 {
		return all
	}
	return append(all[:1:1], all[len(all)-2:]...)
}

// speakers join and send.
func (m *meridian) speakers(ctx context.Context, r *run) (ups []*light.Client, cameras, mics []string, err error) {
	for i := range r.Speakers {
		a, err := m.attend(ctx, r, fmt.Sprintf("Speaker %d", i+1), slotPlan{video: 1, audio: 1}, true)
		if err != nil {
			return nil, nil, nil, err
		}
		p := r.send(ctx, a.client)
		p.SetLoud(i < pageSlots.audio)
		ups = append(ups, a.client)
		cameras, mics = append(cameras, a.joined.Self.Tracks["camera"]), append(mics, a.joined.Self.Tracks["mic"])
	}
	return ups, cameras, mics, nil
}

// takeTurns lets every viewer see the next speaker in place of one, again and again.
func (r *run) takeTurns(ctx context.Context, viewers []*attachment, cameras, mics []string) {
	ticker := time.NewTicker(speakerEvery)
	defer ticker.Stop()
	video, audio := row(cameras, 0, pageSlots.video), row(mics, 0, pageSlots.audio)
	for turn := 0; ; turn++ {
		for _, a := range viewers {
			_ = a.show(ctx, video, audio)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n := pageSlots.video + turn; len(cameras) > len(video) {
			video[turn%len(video)] = cameras[n%len(cameras)]
		}
	}
}

// row is count of all from the i-th on, around the end.
func row(all []string, i, count int) []string {
	out := make([]string, 0, count)
	for k := range min(count, len(all)) {
		out = append(out, all[(i+k)%len(all)])
	}
	return out
}
