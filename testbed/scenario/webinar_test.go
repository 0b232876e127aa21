package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestWebinarHoldsItsPlaces: of more viewers than there are places, who come to
// three POPs at once, exactly as many get in, and the others are told that it is
// full; everybody knows how many there are and nobody who they are, but for the
// moderator, who looks them up and acts on them.
func TestWebinarHoldsItsPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places, more = 60, 6
		r := newRoom(t, 37)
		r.tenant("fra", "PATCH", "", object{"max_viewers": places, "max_speakers": 2}, nil)
		time.Sleep(2 * time.Second) // until every POP knows
		watch := func(i int) (*client.Client, error) {
			pop := POPs[i%len(POPs)]
			return r.TryJoin(pop, pop, client.Options{Room: "hall", Kind: "webinar", Name: fmt.Sprintf("Viewer %02d", i), Peer: fmt.Sprintf("v%02d", i), Video: 1, Audio: 1})
		}
		mod := r.Join("fra", "fra", client.Options{Room: "hall", Kind: "webinar", Token: r.moderator(), Peer: "mod", Media: both, Video: 1, Audio: 1})
		if mod.Joined.Room.Kind != "webinar" || mod.Joined.Self.Mode != "speaker" {
			t.Fatalf("the moderator came to a %q as %s", mod.Joined.Room.Kind, mod.Joined.Self.Mode)
		}

		viewers, full := map[string]*client.Client{}, 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range places + more {
			wg.Go(func() {
				c, err := watch(i)
				mu.Lock()
				defer mu.Unlock()
				refusal, refused := errors.AsType[*client.Refusal](err)
				switch {
				case err == nil:
					viewers[c.Joined.Peer] = c
				case refused && refusal.Code == signal.Full:
					full++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(viewers) != places || full != more {
			t.Fatalf("%d came in, %d were told that it is full", len(viewers), full)
		}
		counted := func(n int) {
			t.Helper()
			r.Wait(fmt.Sprintf("everybody counts %d viewers", n), func() error {
				for peer, c := range viewers {
					if s := c.State(); s.Viewers != n || s.Ended != nil {
						return fmt.Errorf("%s counts %d (ended: %v)", peer, s.Viewers, s.Ended)
					}
				}
				if s := mod.State(); s.Viewers != n {
					return fmt.Errorf("the moderator counts %d", s.Viewers)
				}
				return nil
			})
		}
		counted(places)
		for peer, c := range viewers {
			if people := c.State().People; len(people) != 2 || people["mod"].Name == "" || people[peer].Name == "" {
				t.Fatalf("%s is told of %v", peer, people)
			}
		}

		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		first, err := mod.LookUp(ctx, "p1", signal.Lookup{Limit: 50})
		r.must(err)
		last, err := mod.LookUp(ctx, "p2", signal.Lookup{Limit: 50, After: first.Next})
		r.must(err)
		if len(first.People) != 50 || len(last.People) != places-50 || last.Next != "" || first.Total != places {
			t.Errorf("pages of %d and %d of %d, next %q", len(first.People), len(last.People), first.Total, last.Next)
		}
		one := first.People[7]
		if found, err := mod.LookUp(ctx, "p3", signal.Lookup{Match: strings.ToUpper(one.Name)}); err != nil || found.Total != 1 {
			t.Errorf("%d found, %v", found.Total, err)
		}
		if _, err := viewers[one.Peer].LookUp(ctx, "p4", signal.Lookup{}); err == nil || !strings.Contains(err.Error(), string(signal.NotAllowed)) {
			t.Errorf("a viewer looks up: %v", err)
		}

		// One more speaks, a third has no place among the speakers, and the place of
		// the one is free for another viewer.
		r.must(mod.Act(ctx, "a1", "mode", one.Peer, "speaker"))
		if err := mod.Act(ctx, "a2", "mode", first.People[8].Peer, "speaker"); err == nil || !strings.Contains(err.Error(), string(signal.Full)) {
			t.Errorf("a third speaker: %v", err)
		}
		counted(places - 1)
		for peer, c := range viewers {
			if p, listed := c.State().People[one.Peer]; !listed || p.Mode != "speaker" {
				t.Fatalf("%s is not told of the new speaker", peer)
			}
		}
		late, err := watch(places + more)
		r.must(err)
		viewers[late.Joined.Peer] = late
		counted(places)
		if _, err := watch(places + more + 1); err == nil {
			t.Error("one too many came in")
		}
	})
}
