package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/notify/sms"
)

// Reminder is a reminder that is due.
type Reminder struct {
	Company  string
	Occasion letter.Occasion // of kind Reminder
	Own      string          // the company's template; "" is none
	Mail     bool
	SMS      bool
}

// Reminders knows the meetings.
type Reminders interface {
	// Due lists the reminders whose moment is after from and not after to. What a meeting is like counts as it is
	// now, so that moved and cancelled ones take theirs along.
	Due(ctx context.Context, from, to time.Time) ([]Reminder, error)
}

const (
	// remindEvery is how often reminders are looked for; a reminder is as late at most.
	remindEvery = 15 * time.Second
	// remindBack is how far a cluster that was away looks back: older reminders help nobody.
	remindBack = 2 * time.Hour
	// remindMark is the progress that is kept.
	remindMark = "reminders"
)

// Remind puts reminders into the queue until ctx ends. It runs where the cluster is led, and goes on where
// another stopped.
func (n *Notifier) Remind(ctx context.Context, source Reminders) error {
	again := time.NewTicker(remindEvery)
	defer again.Stop()
	for {
		if err := n.RemindOnce(ctx, source); err != nil && ctx.Err() == nil {
			n.Log.Warn("reminders are late", "err", err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// RemindOnce puts what has become due since the last time into the queue. A crash in the middle repeats the call
// with the same reminders, which are then known.
func (n *Notifier) RemindOnce(ctx context.Context, source Reminders) error {
	now := n.Now()
	from, err := n.Queue.Progress(ctx, remindMark)
	if err != nil {
		return fmt.Errorf("remind: %w", err)
	}
	if oldest := now.Add(-remindBack); from.Before(oldest) {
		from = oldest
	}
	due, err := source.Due(ctx, from, now)
	if err != nil {
		return fmt.Errorf("remind: %w", err)
	}
	var errs []error
	for _, r := range due {
		errs = append(errs, n.remind(ctx, r))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remind: %w", err)
	}
	return n.Queue.SetProgress(ctx, remindMark, now)
}

// remind writes one. One that cannot be written is passed over: it must not stop the others for ever.
func (n *Notifier) remind(ctx context.Context, r Reminder) error {
	var stop error
	for _, way := range []struct {
		wanted bool
		write  func(context.Context, string, letter.Occasion, string) error
	}{{r.Mail, n.Mail}, {r.SMS && sms.IsNumber(r.Occasion.To.Phone), n.SMS}} {
		if !way.wanted {
			continue
		}
		err := way.write(ctx, r.Company, r.Occasion, r.Own)
		switch {
		case err == nil:
		case errors.Is(err, letter.ErrOccasion):
			n.Log.Warn("a reminder cannot be written", "company", r.Company, "meeting", r.Occasion.Meeting.ID, "err", err)
		default:
			stop = errors.Join(stop, err)
		}
	}
	return stop
}
