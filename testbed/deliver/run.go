package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/queue"
)

// report is what a run found.
type report struct {
	Events, Accepted, Requests, Twice int
	Kills, Passed                     int
	Took                              time.Duration
	First                             []time.Duration // from publishing to the first attempt, sorted; those of endpoints that answer
}

func (r report) String() string {
	return fmt.Sprintf("%d of %d events accepted in %v, %d requests, %d killed senders, %d accepted twice or more, %d passed one that failed for longer than the hold; first attempt after p50 %v, p90 %v, p99 %v, max %v",
		r.Accepted, r.Events, r.Took.Round(time.Millisecond), r.Requests, r.Kills, r.Twice, r.Passed, r.quantile(0.5), r.quantile(0.9), r.quantile(0.99), r.quantile(1))
}

func (r report) quantile(q float64) time.Duration {
	if len(r.First) == 0 {
		return 0
	}
	return r.First[int(q*float64(len(r.First)-1))].Round(time.Millisecond)
}

// run publishes, kills, waits until everything has arrived, and judges it.
func run(ctx context.Context, o options) (r report, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.Deadline)
	defer cancel()
	receiver, err := listen(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, receiver.stop()) }()
	o.Receiver = receiver.url
	store, err := history.Open(ctx, o.Database)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	started := time.Now()
	published := make(chan error, 1)
	times := map[string]time.Time{}
	go func() { published <- publish(ctx, o, store, times) }()
	r.Kills, err = harass(ctx, o, receiver)
	r.Took = time.Since(started)
	if err = errors.Join(err, <-published); err == nil {
		err = settle(ctx, o, store)
	}
	r.count(o, receiver, times)
	return r, errors.Join(err, r.judge(o, receiver))
}

// wanted is how many events go to endpoints that answer.
func wanted(o options) int {
	n := 0
	for i := range o.Events {
		if o.answers(i % (o.Endpoints + o.Dead)) {
			n++
		}
	}
	return n
}

// publish adds events at a rate, over endpoints and rooms in turn. Every tenth call is made twice, as by an edge
// that got no answer.
func publish(ctx context.Context, o options, store *history.Store, times map[string]time.Time) error {
	n := &notify.Notifier{Queue: queue.New(store), Directory: directory{o.Receiver}, Now: time.Now, Log: slog.Default()}
	const together = 50
	pace := time.NewTicker(time.Second * together / time.Duration(o.Rate))
	defer pace.Stop()
	for i := 0; i < o.Events; i += together {
		var events []event.Event
		for j := i; j < min(i+together, o.Events); j++ {
			to := j % (o.Endpoints + o.Dead)
			room := fmt.Sprintf("room%d", j/(o.Endpoints+o.Dead)%o.Rooms)
			e, err := event.New(event.TypeChatMessage, fmt.Sprint(j), company(to), room, time.Now(), event.ChatMessage{Session: "s", Message: fmt.Sprint(j)})
			if err != nil {
				return err
			}
			times[company(to)+"/"+e.ID] = time.Now()
			events = append(events, e)
		}
		for range 1 + (i/together)%10/9 {
			if err := n.Publish(ctx, events...); err != nil {
				return err
			}
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// harass starts senders and kills them until all has been accepted; the last lives on until settled. The life of
// one is counted from its first request, so that on a slow machine each gets as far as that.
func harass(ctx context.Context, o options, r *receiver) (kills int, err error) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		cmd, err := victim(o)
		if err != nil {
			return kills, err
		}
		var life <-chan time.Time
		_, before := r.progress()
		for alive := true; alive; {
			select {
			case <-look.C:
				accepted, requests := r.progress()
				if accepted == wanted(o) {
					kill(cmd)
					return kills, nil
				}
				if life == nil && requests > before {
					life = time.After(o.KillEvery/2 + rand.N(o.KillEvery))
				}
			case <-life:
				alive = false
			case <-ctx.Done():
				kill(cmd)
				return kills, context.Cause(ctx)
			}
		}
		kill(cmd)
		kills++
	}
}

// settle lets one more sender find out what was accepted without being recorded, and checks that it does.
func settle(ctx context.Context, o options, store *history.Store) error {
	cmd, err := victim(o)
	if err != nil {
		return err
	}
	defer kill(cmd)
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	q, pending := queue.New(store), queue.Pending
	for i := 0; i < o.Endpoints; {
		entries, _, err := q.Log(ctx, queue.Filter{Company: company(i), Outcome: &pending}, "", 1)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			i++
			continue
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("still pending: %+v", entries[0])
		}
	}
	return nothingDied(ctx, o, q)
}

func nothingDied(ctx context.Context, o options, q *queue.Queue) error {
	dead := queue.Dead
	for i := range o.Endpoints {
		entries, _, err := q.Log(ctx, queue.Filter{Company: company(i), Outcome: &dead}, "", 1)
		if err != nil || len(entries) > 0 {
			return errors.Join(err, fmt.Errorf("dead: %+v", entries))
		}
	}
	return nil
}

func (r *report) count(o options, from *receiver, times map[string]time.Time) {
	from.mu.Lock()
	defer from.mu.Unlock()
	r.Events, r.Accepted, r.Requests = wanted(o), from.accepted, from.requests
	for key, a := range from.arrivals {
		r.First = append(r.First, a.first.Sub(times[key]))
		if a.accepts > 1 {
			r.Twice++
		}
	}
	slices.Sort(r.First)
}

// judge says everything that is not as promised.
func (r *report) judge(o options, from *receiver) error {
	errs := slices.Clone(from.wrong)
	if r.Accepted != r.Events {
		errs = append(errs, fmt.Errorf("%d of %d events were accepted", r.Accepted, r.Events))
	}
	for _, room := range from.rooms() {
		passed, err := ordered(room, o.config().Hold)
		r.Passed += passed
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
