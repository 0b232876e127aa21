package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestNobodyTakesAllTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newTurns()
		var releases []func()
		take := func(tenant string, within time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			release, err := all.take(ctx, tenant)
			if err == nil {
				releases = append(releases, release)
			}
			return err
		}
		for _, step := range []struct {
			tenant string
			got    bool
		}{{"a", true}, {"a", true}, {"a", false}, {"b", true}, {"c", false}} {
			if err := take(step.tenant, time.Second); (err == nil) != step.got || err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", step.tenant, err)
			}
		}
		go func() {
			time.Sleep(time.Minute)
			releases[0]() // one of a
		}()
		if err := take("c", 2*time.Minute); err != nil {
			t.Errorf("a turn that was given back: %v", err)
		}
		for _, release := range releases[1:] {
			release()
		}
		if len(all.of) != 0 || len(all.all) != 0 {
			t.Errorf("%d tenants and %d turns are left", len(all.of), len(all.all))
		}
	})
}
