package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/queue"
)

// Notifier puts notices into the queue. It runs on every control node and may be used by several at a time.
type Notifier struct {
	Queue     *queue.Queue
	Directory Directory
	// Departures knows whom to tell that somebody has left; nil: nobody.
	Departures Departures
	// Presences takes back the loss of who was seen later; nil: every loss is told.
	Presences Presences
	Now       func() time.Time
	Log       *slog.Logger
	// Added is called when something was added here; nil is nobody. A sender on another node finds it by itself.
	Added func()
}

// publishRows is how many events or letters share a transaction.
const publishRows = 200

// Publish lets companies be told of events; when it returns nil all are on disk. Events that were published
// before are passed over, so that whoever does not know whether a call succeeded makes it again. On an error
// some may be kept.
func (n *Notifier) Publish(ctx context.Context, events ...event.Event) error {
	var notices []queue.Notice
	endpoints := map[string][]Endpoint{}
	for _, e := range events {
		known, ok := endpoints[e.Company]
		if !ok {
			var err error
			if known, err = n.Directory.Endpoints(e.Company); err != nil {
				return fmt.Errorf("publish events: %w", err)
			}
			endpoints[e.Company] = known
		}
		notice, err := n.notice(e, known)
		if err != nil {
			return err
		}
		if len(notice.Endpoints) > 0 {
			notices = append(notices, notice)
		}
	}
	return n.addAll(ctx, notices)
}

// PublishRecords is Publish for what records of history tell.
func (n *Notifier) PublishRecords(ctx context.Context, records ...record.Record) error {
	var events []event.Event
	for _, r := range records {
		e, ok, err := event.FromRecord(r)
		if err != nil {
			return fmt.Errorf("publish events: %w", err)
		}
		if ok {
			events = append(events, e)
		}
	}
	ends, err := n.departures(ctx, records)
	if err != nil {
		return err
	}
	if err := n.addAll(ctx, ends); err != nil {
		return err
	}
	return n.Publish(ctx, events...)
}

// notice stores an event without its seq, which the queue gives.
func (n *Notifier) notice(e event.Event, endpoints []Endpoint) (queue.Notice, error) {
	payload, err := json.Marshal(e)
	if err != nil {
		return queue.Notice{}, fmt.Errorf("publish event %s: %w", e.ID, err)
	}
	notice := queue.Notice{
		Company: e.Company, ID: e.ID, Kind: queue.Webhook, Type: string(e.Type), Series: e.Room, Created: n.Now(), Payload: payload,
	}
	for _, to := range endpoints {
		if to.wants(e.Type) {
			notice.Endpoints = append(notice.Endpoints, to.ID)
		}
	}
	return notice, nil
}

// addAll adds any number, some at a time.
func (n *Notifier) addAll(ctx context.Context, notices []queue.Notice) error {
	for some := range slices.Chunk(notices, publishRows) {
		if err := n.add(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}

func (n *Notifier) add(ctx context.Context, notices ...queue.Notice) error {
	added, err := n.Queue.Add(ctx, notices...)
	if added > 0 {
		n.added()
	}
	return err
}
