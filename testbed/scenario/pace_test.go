package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

// beyond is what chat and changes of state may take at a POP beside the path
// there, for nineteen of twenty.
const beyond = 200 * time.Millisecond

// TestNewsReachesEverybodySoon: in a full call of fifty over three POPs a message
// and a raised hand are at everybody hardly later than the path over the room's
// home takes: client, POP, home, POP, client.
func TestNewsReachesEverybodySoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, rounds = 50, 6
		r := newRoom(t, 41)
		all := make([]*client.Client, people)
		near := func(i int) string { return POPs[i%len(POPs)] }
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				c, err := r.TryJoin(near(i), near(i), client.Options{Room: "hall", Name: fmt.Sprint("P", i), Peer: fmt.Sprint("p", i), Video: 1, Audio: 1})
				if err != nil {
					t.Error(err)
				}
				all[i] = c
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		time.Sleep(3 * time.Second)
		home := r.oneHome()
		path := func(from, to string) time.Duration { return 2*access + between(from, home) + between(home, to) }

		var mu sync.Mutex
		var late []time.Duration
		// spread does something at one client and times when all others know.
		spread := func(from int, do func() error, knows func(client.State) bool) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			began := time.Now()
			var wg sync.WaitGroup
			for i, c := range all {
				wg.Go(func() {
					if err := c.Until(ctx, "the news is there", knows); err != nil {
						t.Errorf("%s: %v", near(i), err)
					}
					mu.Lock()
					defer mu.Unlock()
					late = append(late, time.Since(began)-path(near(from), near(i)))
				})
			}
			if err := do(); err != nil {
				t.Error(err)
			}
			wg.Wait()
		}
		for i := range rounds {
			from, text := all[i], fmt.Sprint("message ", i)
			spread(i, func() error { _, err := from.Chat(t.Context(), text, text); return err },
				func(s client.State) bool { return len(s.Chat) > 0 && s.Chat[len(s.Chat)-1].Text == text })
			spread(i, func() error { return from.Act(t.Context(), text+" hand", "hand", "", true) },
				func(s client.State) bool { return s.People[from.Joined.Peer].Hand != nil })
		}
		slices.Sort(late)
		p95, most := late[len(late)*95/100], late[len(late)-1]
		t.Logf("beyond the path: median %v, p95 %v, at most %v, of %d", late[len(late)/2], p95, most, len(late))
		if p95 > beyond {
			t.Errorf("p95 of %v beyond the path", p95)
		}
	})
}
