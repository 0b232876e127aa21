package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// How delivery is paced.
const (
	linger      = time.Second            // gathering records before a post
	backoffMin  = time.Second            // after a post that did not succeed
	backoffMax  = time.Minute            // however often
	deferral    = 10 * time.Second       // after a post of which control did not take some records yet
	keepFor     = 24 * time.Hour         // records that control does not take yet
	postTimeout = time.Minute            // of one post
	halving     = 100 * time.Millisecond // between the halves of a batch that control cannot read
	lateAfter   = 2 * time.Minute        // the age of a record at which health warns
)

var (
	errRefused = errors.New("refused by control")
	errExpired = errors.New("not taken by control for too long")
)

// Delivery posts the records in an outbox, each a line as package record encodes it, to control. A record is
// acked when control has kept it, or has refused it for good: that is counted and logged. Records that control
// may take later go to the end of the queue, for a day.
type Delivery struct {
	outbox *Outbox
	client *http.Client
	log    *slog.Logger

	keep    time.Duration // for how long records wait that control does not take yet, keepFor
	limit   int           // records of the next post
	backoff time.Duration // after the next failure

	mu     sync.Mutex
	failed error // of the last post; nil when it succeeded
}

// NewDelivery makes the delivery of an outbox. Requests go through control, which finds a control node.
func NewDelivery(o *Outbox, control http.RoundTripper, log *slog.Logger) *Delivery {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Delivery{
		outbox: o, client: &http.Client{Transport: control, Timeout: postTimeout, CheckRedirect: refuse},
		log: log, keep: keepFor, limit: record.MaxBatch, backoff: backoffMin,
	}
}

// Run delivers until the context ends and returns its cause.
func (d *Delivery) Run(ctx context.Context) error {
	for {
		select {
		case <-d.outbox.Arrived():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := sleep(ctx, linger/2+rand.N(linger/2)); err != nil {
			return err
		}
		for more := true; more; {
			var pause time.Duration
			more, pause = d.step(ctx)
			if err := sleep(ctx, pause); err != nil {
				return err
			}
		}
	}
}

// step posts one batch and says whether there may be more, and after which pause.
func (d *Delivery) step(ctx context.Context) (more bool, pause time.Duration) {
	entries, err := d.outbox.Peek(d.limit, record.MaxBody)
	if err == nil && len(entries) == 0 {
		return false, 0
	}
	if err == nil {
		err = d.deliver(ctx, entries, &pause)
	}
	if err == nil {
		d.note(nil)
		d.backoff, d.limit = backoffMin, record.MaxBatch
		return true, pause
	}
	d.outbox.metrics.failures.WithLabelValues("post").Inc()
	if d.note(err) {
		d.log.Warn("history not delivered; trying again", "records", len(entries), "err", err)
	}
	return true, d.after(err, len(entries))
}

// note keeps how the last post went, and says whether that is news.
func (d *Delivery) note(err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	news := err != nil && (d.failed == nil || d.failed.Error() != err.Error())
	d.failed = err
	return news
}

// after is the pause after a failure: what control asks for, or a doubling one with jitter, so that a thousand
// edges do not come back together. A batch that control will never read as a whole is halved.
func (d *Delivery) after(err error, entries int) time.Duration {
	status, ok := errors.AsType[*statusError](err)
	if ok && status.unreadable() {
		d.limit = max(entries/2, 1)
		return halving
	}
	pause := d.backoff
	d.backoff = min(2*d.backoff, backoffMax)
	if ok {
		pause = max(pause, min(status.after, 5*time.Minute))
	}
	return pause/2 + rand.N(pause/2)
}

// deliver posts a batch and acks it. Records that control does not take yet ask for a pause.
func (d *Delivery) deliver(ctx context.Context, entries []Entry, pause *time.Duration) error {
	answer, err := d.post(ctx, entries)
	status, ok := errors.AsType[*statusError](err)
	switch {
	case ok && status.unreadable() && len(entries) == 1:
		d.giveUp(entries[0], errRefused, status.Error())
	case err != nil:
		return err
	default:
		d.outbox.metrics.delivered.Add(float64(answer.Stored))
		later := d.sort(entries, answer.Refused)
		if len(later) > 0 {
			if err := d.requeue(ctx, later); err != nil {
				return err
			}
			*pause = deferral/2 + rand.N(deferral/2)
		}
	}
	d.outbox.Ack(len(entries))
	return nil
}

// sort parts refused records: those that control may take later, and those that are given up.
func (d *Delivery) sort(entries []Entry, refused []record.Refusal) (later []Entry) {
	for _, r := range refused {
		e := entries[r.Line]
		switch {
		case !r.Code.Again():
			d.giveUp(e, errRefused, fmt.Sprintf("%s: %s", r.Code, r.Message))
		case d.outbox.cfg.Now().Sub(e.At) > d.keep:
			d.giveUp(e, errExpired, fmt.Sprintf("%s: %s", r.Code, r.Message))
		default:
			later = append(later, e)
		}
	}
	return later
}

func (d *Delivery) giveUp(e Entry, why error, message string) {
	d.outbox.metrics.lost(why, 1)
	d.log.Error("record of history given up", "err", why, "answer", message, "since", e.At, "bytes", len(e.Bytes))
}

// requeue puts records at the end of the queue with the time they had, and returns when they are on disk: only
// then may they be acked where they were. Where the disk takes nothing more they are lost, as every later record
// is, so that they do not hold up what is on disk.
func (d *Delivery) requeue(ctx context.Context, later []Entry) error {
	d.outbox.metrics.deferred.Add(float64(len(later)))
	done := make(chan error, 1)
	d.outbox.put(&parcel{entries: later, done: func(err error) { done <- err }})
	select {
	case err := <-done:
		if errors.Is(err, ErrLatched) {
			d.log.Error("records of history given up", "records", len(later), "err", err)
			return nil
		}
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Check is a line for the node's health: nil while records are kept and go out in time.
func (d *Delivery) Check() error {
	s := d.outbox.Status()
	d.mu.Lock()
	failed := d.failed
	d.mu.Unlock()
	age := d.outbox.cfg.Now().Sub(s.Oldest).Round(time.Second)
	switch {
	case s.Err != nil:
		return s.Err
	case s.Entries == 0 || age < lateAfter:
		return nil
	}
	if failed == nil {
		failed = errNotYet
	}
	return fmt.Errorf("%d records wait, the oldest for %v: %w", s.Entries, age, failed)
}

var errNotYet = errors.New("not delivered yet")

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
