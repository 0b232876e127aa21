package notify

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/queue"
)

// book is a directory in memory.
type book struct {
	mu        sync.Mutex
	endpoints []Endpoint
	disabled  []string
}

func (b *book) Endpoints(company string) ([]Endpoint, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if company != "acme" {
		return nil, nil
	}
	return slices.Clone(b.endpoints), nil
}

func (b *book) Endpoint(company, id string) (Endpoint, error) {
	all, _ := b.Endpoints(company)
	for _, e := range all {
		if e.ID == id {
			return e, nil
		}
	}
	return Endpoint{}, ErrNoEndpoint
}

func (b *book) Disable(_ context.Context, _, id, reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range b.endpoints {
		if e.ID == id {
			b.endpoints[i].Disabled = reason
		}
	}
	b.disabled = append(b.disabled, id)
	return nil
}

// rig is a notifier, a queue in a file, and a sender when it was started.
type rig struct {
	*Notifier
	book  *book
	clock func() time.Time
}

func newRig(t *testing.T, endpoints ...Endpoint) *rig {
	t.Helper()
	store, err := history.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &book{endpoints: endpoints}
	return &rig{&Notifier{Queue: queue.New(store), Directory: b, Now: time.Now, Log: slog.New(slog.DiscardHandler)}, b, time.Now}
}

// fast is the production's schedule, a day in four seconds.
func fast() Config {
	c := Default().Scaled(20_000)
	c.Poll, c.Lease = 10*time.Millisecond, time.Second
	return c
}

// start runs a sender until the test ends, or until the function it returns is called.
func (r *rig) start(t *testing.T, c Config, carriers map[queue.Kind]Carrier) (stop func()) {
	t.Helper()
	s, err := NewSender(r.Queue, carriers, c, r.clock, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Added = s.Poke
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// carrier answers as a test says and remembers what it was asked.
type carrier struct {
	answer func(d queue.Delivery, at Attempt) Answer

	mu   sync.Mutex
	seen []string // notices in the order of attempts
	took []string // those accepted
}

func (c *carrier) Carry(_ context.Context, d queue.Delivery, at Attempt) Answer {
	a := c.answer(d, at)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, d.Endpoint+" "+d.Notice)
	if a.Verdict == Accepted {
		c.took = append(c.took, d.Endpoint+" "+d.Notice)
	}
	return a
}

func (c *carrier) accepted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.took)
}

func happened(t *testing.T, source, room string) event.Event {
	t.Helper()
	e, err := event.New(event.TypeChatMessage, source, "acme", room, time.Now(), event.ChatMessage{Message: source})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (r *rig) publish(t *testing.T, events ...event.Event) {
	t.Helper()
	if err := r.Publish(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-limit.C:
			t.Fatalf("never: %s", what)
		}
	}
}

// log is the delivery log of acme.
func (r *rig) log(t *testing.T, endpoint string) []queue.Entry {
	t.Helper()
	entries, _, err := r.Queue.Log(t.Context(), queue.Filter{Company: "acme", Endpoint: endpoint}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func (r *rig) outcomes(t *testing.T, endpoint string) map[queue.Outcome]int {
	t.Helper()
	count := map[queue.Outcome]int{}
	for _, e := range r.log(t, endpoint) {
		count[e.Outcome]++
	}
	return count
}
