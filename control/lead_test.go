package control

import (
	"context"
	"errors"
	"testing"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
)

func TestLeadersWorkBeginsAndEndsWithTheNode(t *testing.T) {
	s, err := store.Open(store.Config{Dir: t.TempDir(), ID: "control-1", State: state.New(), OnFatal: func(err error) { t.Errorf("fatal: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{store: s}
	n.ctx, n.cancel = context.WithCancelCause(t.Context())
	began, ended, over := make(chan struct{}, 9), make(chan error, 9), make(chan struct{})
	go func() {
		defer close(over)
		n.whileLeading(func(ctx context.Context) {
			began <- struct{}{}
			<-ctx.Done()
			ended <- context.Cause(ctx)
		})
	}()
	<-began
	if err := s.Ready(); err != nil {
		t.Errorf("work while %v", err)
	}
	n.cancel(errNodeClosed)
	if err := <-ended; !errors.Is(err, errNodeClosed) {
		t.Errorf("ended with %v", err)
	}
	<-over
	if len(began) != 0 {
		t.Error("work began after the end")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
