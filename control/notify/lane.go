package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/control/notify/queue"
)

// passes is how often a lane is looked at before others get its turn.
const passes = 4

// releaseTimeout is how long giving a lane back may take; after that its lease must end.
const releaseTimeout = 5 * time.Second

// turn is one lane's time with the sender.
type turn struct {
	*Sender
	lane    queue.Lane
	carrier Carrier
	good    atomic.Int64 // attempts that reached somebody who decided
	bad     atomic.Int64 // attempts that did not
	closed  atomic.Pointer[string]

	mu   sync.Mutex
	held map[string]queue.Wait // series whose head failed
	err  error
}

// work does what is due in a lane and gives it back.
func (s *Sender) work(ctx context.Context, l queue.Lane) {
	t := &turn{Sender: s, lane: l, carrier: s.carriers[l.Kind]}
	notBefore, err := t.run(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("a lane of notifications stopped", "company", l.Company, "endpoint", l.Endpoint, "err", err)
		notBefore = s.now().Add(s.config.Poll)
	}
	s.release(ctx, l, notBefore)
}

// release tries until it succeeds, because a lane that is held is renewed.
func (s *Sender) release(ctx context.Context, l queue.Lane, notBefore time.Time) {
	again := time.NewTicker(s.config.Poll)
	defer again.Stop()
	for {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		err := s.queue.Release(limited, l, s.holder, notBefore)
		cancel()
		if err == nil {
			return
		}
		s.log.Warn("a lane of notifications is not given back", "company", l.Company, "endpoint", l.Endpoint, "err", err)
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// run works a lane and says when it should be looked at again at the earliest.
func (t *turn) run(ctx context.Context) (notBefore time.Time, err error) {
	if t.carrier == nil {
		return time.Time{}, t.queue.Abandon(ctx, t.lane, t.now(), "nothing is configured that could send it")
	}
	for range passes {
		more, err := t.pass(ctx)
		if reason := t.closed.Load(); reason != nil {
			return time.Time{}, errors.Join(err, t.queue.Abandon(ctx, t.lane, t.now(), *reason))
		}
		if err != nil || !more {
			return time.Time{}, err
		}
		if t.sick() {
			return t.now().Add(t.config.Pause), nil
		}
	}
	return time.Time{}, nil
}

// sick says whether an endpoint accepted nothing so far, often enough.
func (t *turn) sick() bool { return t.good.Load() == 0 && t.bad.Load() >= int64(t.config.Parallel) }

// pass does what is due once; false when there was nothing.
func (t *turn) pass(ctx context.Context) (more bool, err error) {
	due, err := t.queue.Due(ctx, t.lane, t.now(), t.config.Window)
	if err != nil || len(due) == 0 {
		return false, err
	}
	series := seriesOf(due)
	chains, err := t.queue.Chains(ctx, t.lane, series, max(t.config.Window/max(len(series), 1), 4))
	if err != nil {
		return false, err
	}
	w := queue.Plan(due, chains, t.now(), t.config.Hold)
	t.held = w.Held
	t.groups(ctx, w.Groups)
	if t.err != nil || ctx.Err() != nil {
		return false, errors.Join(t.err, ctx.Err())
	}
	return true, t.queue.Hold(ctx, t.lane, t.now(), t.held)
}

// groups works groups beside each other.
func (t *turn) groups(ctx context.Context, groups []queue.Group) {
	var wg sync.WaitGroup
	next := make(chan queue.Group)
	for range min(t.config.Parallel, len(groups)) {
		wg.Go(func() {
			for g := range next {
				if err := t.group(ctx, g); err != nil {
					t.mu.Lock()
					t.err = errors.Join(t.err, err)
					t.mu.Unlock()
				}
			}
		})
	}
	for _, g := range groups {
		if t.stopped(ctx) {
			break
		}
		next <- g
	}
	close(next)
	wg.Wait()
}

func (t *turn) stopped(ctx context.Context) bool {
	return ctx.Err() != nil || t.closed.Load() != nil || t.sick()
}

// group delivers one after the other, until one fails whom the next must wait for.
func (t *turn) group(ctx context.Context, g queue.Group) error {
	for _, d := range g.Deliveries {
		if t.stopped(ctx) {
			return nil
		}
		r, ok := t.attempt(ctx, d)
		if !ok {
			return nil
		}
		if err := t.keep(r); err != nil {
			return err
		}
		if g.Loose && d.ID == g.Head && r.Outcome != queue.Pending {
			return nil
		}
		if !g.Loose && g.Series != "" && r.Outcome == queue.Pending {
			t.hold(d, r.At)
			return nil
		}
	}
	return nil
}

func (t *turn) hold(d queue.Delivery, at time.Time) {
	if d.Begun.IsZero() {
		d.Begun = at
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held[d.Series] = d.Wait(t.config.Hold)
}

// attempt makes one; false when it was broken off and says nothing.
func (t *turn) attempt(ctx context.Context, d queue.Delivery) (queue.Result, bool) {
	a := t.carrier.Carry(ctx, d, Attempt{Number: d.Attempts + 1, At: t.now()})
	if a.Verdict != Accepted && ctx.Err() != nil {
		return queue.Result{}, false
	}
	t.attempts.WithLabelValues(string(d.Kind), string(a.Verdict)).Inc()
	r := queue.Result{Delivery: d, At: t.now(), Status: a.Status, Fault: a.Fault}
	switch a.Verdict {
	case Accepted:
		r.Outcome, r.Fault = queue.Delivered, ""
	case Again:
		r.Outcome, r.Due = t.next(d, a, r.At)
	case Closed:
		t.closed.CompareAndSwap(nil, &a.Fault)
		r.Outcome = queue.Dead
	default:
		r.Outcome = queue.Dead
	}
	if a.Verdict == Again {
		t.bad.Add(1)
	} else {
		t.good.Add(1)
	}
	return r, true
}

// next is when a failed delivery is tried again: by the schedule, spread by up to a tenth so that not all come
// back at once, and not before the receiver asks.
func (t *turn) next(d queue.Delivery, a Answer, at time.Time) (queue.Outcome, time.Time) {
	schedule := t.config.Schedule
	if own, ok := t.carrier.(Scheduled); ok {
		schedule = own.Schedule()
	}
	if d.Attempts >= len(schedule) {
		return queue.Dead, at
	}
	wait := schedule[d.Attempts]
	wait += time.Duration(rand.Float64() * float64(wait) / 10)
	return queue.Pending, at.Add(max(wait, a.After))
}

func seriesOf(due []queue.Delivery) []string {
	seen := map[string]bool{}
	var series []string
	for _, d := range due {
		if d.Series != "" && !seen[d.Series] {
			seen[d.Series] = true
			series = append(series, d.Series)
		}
	}
	return series
}
