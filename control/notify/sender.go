package notify

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/notify/queue"
)

// Verdict is what an attempt means for its delivery.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted"
	Again    Verdict = "again"   // to be tried again by the schedule
	Refused  Verdict = "refused" // never to be accepted
	Closed   Verdict = "closed"  // nor anything else to this endpoint
)

// Attempt is what a carrier is told of the attempt it makes.
type Attempt struct {
	Number int // from 1
	At     time.Time
}

// Answer is how an attempt ended.
type Answer struct {
	Verdict Verdict
	Status  int           // of HTTP or SMTP; 0: none
	After   time.Duration // the receiver asks to be left alone as long
	Fault   string        // in words for the delivery log; "" when accepted
}

// Carrier makes attempts of one kind. Several goroutines call it; it must end soon after ctx does, and limits
// its own time.
type Carrier interface {
	Carry(ctx context.Context, d queue.Delivery, at Attempt) Answer
}

// Scheduled is a Carrier with waits of its own between attempts; after the last a
// delivery is dead.
type Scheduled interface{ Schedule() []time.Duration }

// Sender works the queue. One at a time is enough for a cluster; two do no harm, since they lease endpoints.
type Sender struct {
	queue    *queue.Queue
	carriers map[queue.Kind]Carrier
	config   Config
	now      func() time.Time
	log      *slog.Logger
	attempts *prometheus.CounterVec

	holder  string
	poke    chan struct{} // one slot: something was added
	results chan *result
}

// NewSender makes a sender. Kinds without a carrier are given up. The registerer may be nil.
func NewSender(q *queue.Queue, carriers map[queue.Kind]Carrier, c Config, now func() time.Time, log *slog.Logger, reg prometheus.Registerer) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	s := &Sender{
		queue: q, carriers: carriers, config: c, now: now, log: log,
		holder: rand.Text(), poke: make(chan struct{}, 1), results: make(chan *result),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meridian_notify_attempts_total", Help: "Attempts to deliver webhooks, e-mail and SMS, by what came of them.",
		}, []string{"kind", "verdict"}),
	}
	if reg != nil {
		if err := reg.Register(s.attempts); err != nil {
			return nil, fmt.Errorf("notify: %w", err)
		}
	}
	return s, nil
}

// Poke says that something was added to the queue.
func (s *Sender) Poke() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// Run works the queue until ctx ends, as when this node does not lead any more. It returns when nothing of it
// runs; what was being sent is sent again later, by whoever leads then. It may be called again.
func (s *Sender) Run(ctx context.Context) error {
	var lanes, keepers sync.WaitGroup
	kept, stop := context.WithCancel(context.WithoutCancel(ctx))
	keepers.Go(func() { s.record(kept) })
	keepers.Go(func() { s.renew(kept) })
	s.dispatch(ctx, &lanes)
	lanes.Wait() // they give back what they hold, so that the keepers end last
	stop()
	keepers.Wait()
	return context.Cause(ctx)
}

// dispatch gives lanes that have something to do to goroutines.
func (s *Sender) dispatch(ctx context.Context, lanes *sync.WaitGroup) {
	working := &desk{lanes: map[queue.Lane]bool{}, freed: make(chan struct{}, 1)}
	poll := time.NewTicker(s.config.Poll)
	defer poll.Stop()
	for ctx.Err() == nil {
		if free := s.config.Lanes - working.len(); free > 0 {
			claimed, err := s.queue.Claim(ctx, s.holder, s.now(), s.config.Lease, free)
			if err != nil && ctx.Err() == nil {
				s.log.Warn("the queue of notifications cannot be read", "err", err)
			}
			for _, l := range claimed {
				if !working.take(l) {
					continue // its lease ended while it was worked here, and is ours again
				}
				lanes.Go(func() {
					s.work(ctx, l)
					working.leave(l)
				})
			}
		}
		select {
		case <-ctx.Done():
		case <-poll.C:
		case <-s.poke:
		case <-working.freed:
		}
	}
}

// desk is the lanes that are worked here.
type desk struct {
	freed chan struct{} // one slot: a lane was left

	mu    sync.Mutex
	lanes map[queue.Lane]bool
}

func (d *desk) len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.lanes)
}

// take is false for a lane that is worked already.
func (d *desk) take(l queue.Lane) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lanes[l] {
		return false
	}
	d.lanes[l] = true
	return true
}

func (d *desk) leave(l queue.Lane) {
	d.mu.Lock()
	delete(d.lanes, l)
	d.mu.Unlock()
	select {
	case d.freed <- struct{}{}:
	default:
	}
}

// renew keeps the leases while this process lives.
func (s *Sender) renew(ctx context.Context) {
	again := time.NewTicker(s.config.Lease / 3)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			if err := s.queue.Renew(ctx, s.holder, s.now().Add(s.config.Lease)); err != nil && ctx.Err() == nil {
				s.log.Warn("leases of notifications are not renewed", "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
