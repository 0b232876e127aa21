package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/queue"
)

// Deliveries lists what was or is to be delivered for a company, see queue.Queue.Log.
func (n *Notifier) Deliveries(ctx context.Context, f queue.Filter, cursor string, limit int) ([]queue.Entry, string, error) {
	return n.Queue.Log(ctx, f, cursor, limit)
}

// Delivery finds one delivery to an endpoint with its attempts. queue.ErrNone when there is none, or it went
// elsewhere.
func (n *Notifier) Delivery(ctx context.Context, company, endpoint, id string) (queue.Entry, []queue.Try, error) {
	e, err := n.Queue.Entry(ctx, company, id)
	if err == nil && e.Endpoint != endpoint {
		err = queue.ErrNone
	}
	if err != nil {
		return queue.Entry{}, nil, err
	}
	tries, err := n.Queue.Tries(ctx, company, id)
	return e, tries, err
}

// Replay sends one delivery to a webhook again. queue.ErrNone when there is none, queue.ErrSpent when its payload
// was purged.
func (n *Notifier) Replay(ctx context.Context, company, endpoint, id string) error {
	if _, _, err := n.Delivery(ctx, company, endpoint, id); err != nil {
		return err
	}
	defer n.added()
	return n.Queue.Replay(ctx, company, id, queue.Webhook, n.Now())
}

// ReplaySince sends a webhook again what died since a time, or all that was settled, and counts it.
func (n *Notifier) ReplaySince(ctx context.Context, company, endpoint string, since time.Time, all bool) (int64, error) {
	replay := n.Queue.ReplayDead
	if all {
		replay = n.Queue.ReplayAll
	}
	defer n.added()
	return replay(ctx, company, endpoint, queue.Webhook, since, n.Now())
}

// Test sends an endpoint an event that tells of nothing, and gives the id of the delivery. The same source again is
// the same event.
func (n *Notifier) Test(ctx context.Context, company, source string, t event.Test) (delivery string, err error) {
	e, err := event.NewTest(source, company, n.Now(), t)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("test endpoint %q: %w", t.Webhook, err)
	}
	err = n.add(ctx, queue.Notice{
		Company: company, ID: e.ID, Kind: queue.Webhook, Type: string(e.Type), Endpoints: []string{t.Webhook}, Created: n.Now(), Payload: payload,
	})
	return queue.DeliveryID(e.ID, t.Webhook), err
}

func (n *Notifier) added() {
	if n.Added != nil {
		n.Added()
	}
}
