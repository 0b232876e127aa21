package api

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

func TestUsesAreNotedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s, key := small(t, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { a.Run(ctx); close(ended) }()
		used := func() *time.Time {
			k, _ := state.Get[state.APIKey](s.state.View(), key.ID)
			return k.LastUsed
		}
		start, first := s.entries(), time.Now().UTC().Truncate(time.Minute)
		for range 10 {
			ask(t, a, key.Text(), http.MethodGet, "/companies/acme", "")
		}
		if s.entries() != start || used() != nil {
			t.Error("a use is a log entry")
		}
		time.Sleep(usedEvery + time.Second)
		if at := used(); at == nil || !at.Equal(first) || s.entries() != start+1 {
			t.Errorf("noted %v with %d entries, want %s", at, s.entries()-start, first)
		}
		time.Sleep(10 * usedEvery)
		if s.entries() != start+1 {
			t.Errorf("%d entries without a use", s.entries()-start-1)
		}
		ask(t, a, "mrk_"+key.ID+"_wrong", http.MethodGet, "/companies/acme", "") // is no use of it
		s.breaks(errors.New("no leader"))
		ask(t, a, key.Text(), http.MethodGet, "/companies/acme", "")
		time.Sleep(usedEvery)
		s.breaks(nil)
		if at := used(); !at.Equal(first) {
			t.Errorf("noted %v by a store that failed", at)
		}
		cancel()
		<-ended
	})
}
