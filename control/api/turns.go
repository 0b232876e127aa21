package api

import (
	"context"
	"sync"
)

const (
	heavyAtOnce = 3 // fewer than the readers of a history in SQLite
	heavyOfOne  = 2 // of one tenant
)

// turns lets a few heavy questions about the past be asked at a time, and fewer by one tenant, so that nobody who
// sums up years keeps the others from theirs. Who has no turn waits for one.
type turns struct {
	all chan struct{}
	mu  sync.Mutex
	of  map[string]*turn
}

// turn is a tenant's.
type turn struct {
	slots chan struct{}
	users int // that hold or await one
}

func newTurns() *turns { return &turns{all: make(chan struct{}, heavyAtOnce), of: map[string]*turn{}} }

// take waits for a turn; release gives it back.
func (t *turns) take(ctx context.Context, tenant string) (release func(), err error) {
	own := t.join(tenant)
	if err := enter(ctx, own.slots); err != nil {
		t.leave(tenant)
		return nil, err
	}
	if err := enter(ctx, t.all); err != nil {
		<-own.slots
		t.leave(tenant)
		return nil, err
	}
	return func() {
		<-t.all
		<-own.slots
		t.leave(tenant)
	}, nil
}

func enter(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turns) join(tenant string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	own, ok := t.of[tenant]
	if !ok {
		own = &turn{slots: make(chan struct{}, heavyOfOne)}
		t.of[tenant] = own
	}
	own.users++
	return own
}

func (t *turns) leave(tenant string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.of[tenant]
	if own.users--; own.users == 0 {
		delete(t.of, tenant)
	}
}

// heavy lets a handler wait for its turn.
func heavy[I, O any](a *API, handle func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		release, err := a.turns.take(ctx, callOf(ctx).owner())
		if err != nil {
			return nil, err
		}
		defer release()
		return handle(ctx, in)
	}
}
