package control

import (
	"context"
	"errors"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/retention"
)

const (
	// closeEvery is how often sessions are looked for that nobody closed.
	closeEvery = 5 * time.Minute
	// purgeEvery is how often old history is deleted, and what arrived late of people who were erased.
	purgeEvery = time.Hour
	// retainTimeout bounds one round; the next goes on.
	retainTimeout = 5 * time.Minute
)

// retain keeps the history in order while this node leads.
func (n *Node) retain() {
	purged, failed := time.Time{}, false
	for pause(n.ctx, closeEvery) == nil {
		if n.store.Ready() != nil {
			continue
		}
		err := n.closeSessions()
		if now := time.Now(); now.Sub(purged) >= purgeEvery {
			err = errors.Join(err, n.purge(now))
			purged = now
		}
		if err != nil && !failed && n.ctx.Err() == nil {
			n.log.Warn("history is not kept in order", "err", err)
		}
		failed = err != nil
	}
}

func (n *Node) closeSessions() error {
	ctx, cancel := context.WithTimeout(n.ctx, retainTimeout)
	defer cancel()
	done, err := retention.Close(ctx, n.history, n.store.View(), time.Now(), n.tellLost)
	if done != (retention.Closed{}) {
		n.log.Info("sessions that nobody closed", "lost", done.Lost, "found", done.Found)
	}
	return err
}

// tellLost tells a company's webhooks of a session that is over as far as is known; once, whatever comes later.
func (n *Node) tellLost(ctx context.Context, s history.Silent) error {
	e, err := event.Lost(s.Company, s.Room, s.Session, s.Heard)
	if err != nil {
		return err
	}
	return n.notifier.Publish(ctx, e)
}

func (n *Node) purge(now time.Time) error {
	ctx, cancel := context.WithTimeout(n.ctx, retainTimeout)
	defer cancel()
	late, err := n.history.EraseLate(ctx, now)
	purged, failed := retention.Purge(ctx, n.history, n.store.View(), now)
	if late != (history.Erased{}) || purged != (history.Purged{}) {
		n.log.Info("history deleted", "purged", purged, "erased_late", late)
	}
	return errors.Join(err, failed)
}
