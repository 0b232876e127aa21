package notify

import (
	"context"
	"time"

	"github.com/meridian-video/meridian/control/notify/queue"
)

// recordRows is how many results share a transaction when many wait.
const recordRows = 200

// recordTimeout is how long a transaction of results may take.
const recordTimeout = 30 * time.Second

// result is one attempt's on its way to disk.
type result struct {
	queue.Result
	done chan error // one slot
}

// record writes what lanes bring, all who wait at once in one transaction.
func (s *Sender) record(ctx context.Context) {
	for {
		select {
		case r := <-s.results:
			s.recordGroup(ctx, s.gather(r))
		case <-ctx.Done():
			return
		}
	}
}

func (s *Sender) gather(r *result) []*result {
	group := []*result{r}
	for len(group) < recordRows {
		select {
		case r := <-s.results:
			group = append(group, r)
		default:
			return group
		}
	}
	return group
}

func (s *Sender) recordGroup(ctx context.Context, group []*result) {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	results := make([]queue.Result, len(group))
	for i, r := range group {
		results[i] = r.Result
	}
	err := s.queue.Record(ctx, results...)
	for _, r := range group {
		r.done <- err
	}
}

// keep waits until a result is on disk. It does not end with the sender's context: that something was accepted
// should be known.
func (s *Sender) keep(r queue.Result) error {
	p := &result{Result: r, done: make(chan error, 1)}
	s.results <- p
	return <-p.done
}
