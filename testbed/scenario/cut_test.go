package scenario

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestCut: a link is cut for a while, both ways or one; everything is as before
// when it is whole again.
func TestCut(t *testing.T) {
	for name, cut := range map[string]func(*room, string, string){
		"both ways":        func(r *room, home, other string) { r.Cut(r.edgeIP(home), r.edgeIP(other)) },
		"from the home":    func(r *room, home, other string) { r.CutOneWay(r.edgeIP(home), r.edgeIP(other)) },
		"towards the home": func(r *room, home, other string) { r.CutOneWay(r.edgeIP(other), r.edgeIP(home)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := fullRoom(t, 2)
				r.say("fra", "before 1")
				r.say("iad", "before 2")
				home := r.oneHome()
				other := map[string]string{"fra": "iad", "iad": "fra", "syd": "iad"}[home]
				cut(r, home, other)
				var said sync.WaitGroup
				for i, pop := range POPs {
					said.Go(func() {
						time.Sleep(time.Duration(i+1) * time.Second)
						if err := r.trySay(pop, "during, from "+pop); err != nil {
							t.Error(err)
						}
					})
				}
				time.Sleep(5 * time.Second)
				r.Heal(r.edgeIP(home), r.edgeIP(other))
				healed := time.Now()
				said.Wait()
				t.Logf("all is said %v after healing", time.Since(healed))
				r.agree(POPs, 3, 5)
				t.Logf("all agree %v after healing", time.Since(healed))
				for _, pop := range POPs {
					r.flows(pop, 2, 5)
				}
				t.Logf("all media flow %v after healing", time.Since(healed))
				r.agree(POPs, 3, 5)
				t.Logf("home was %s, is %s; chat %q", home, r.oneHome(), chat(r.people["fra"].State()))
			})
		})
	}
}

// TestJoinOutOfReach: a POP that cannot reach the home says so, in words, to who
// wants to join there, instead of making a second room.
func TestJoinOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fullRoom(t, 6)
		home := r.oneHome()
		alone := others(home)[0]
		for _, pop := range others(alone) {
			r.Cut(r.edgeIP(alone), r.edgeIP(pop))
		}
		asked := time.Now()
		_, err := r.TryJoin(alone, alone, client.Options{Room: "hall", Name: "Late"})
		refusal, ok := errors.AsType[*client.Refusal](err)
		if !ok || refusal.Code != signal.TryAgain || refusal.RetryAfter == 0 {
			t.Errorf("got %v, want a refusal that says to try again and when", err)
		}
		t.Logf("refused after %v", time.Since(asked))
		if homes := r.homes(); len(homes) != 1 || homes[0] != home {
			t.Errorf("the room is led by %v, want %s alone", homes, home)
		}
	})
}

// TestPartition: a POP is alone for a minute, both sides talk on, and then they
// are one room again.
func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fullRoom(t, 3)
		r.say("syd", "before")
		home := r.oneHome()
		rest := others(home)
		divide := func(f func(a, b string)) {
			for _, pop := range rest {
				f(r.edgeIP(home), r.edgeIP(pop))
			}
			f(r.edgeIP(home), controlIP)
		}
		divide(r.Cut)
		time.Sleep(20 * time.Second)
		r.say(rest[0], "without the home 1")
		r.say(home, "alone")
		r.say(rest[1], "without the home 2")
		r.flows(rest[0], 1, 5)
		r.flows(rest[1], 1, 5)
		t.Logf("divided: %q, %q", roster(r.people[home].State()), roster(r.people[rest[0]].State()))
		time.Sleep(40 * time.Second)
		t.Logf("homes in two halves: %v", r.homes())
		divide(r.Heal)
		healed := time.Now()
		r.agree(POPs, 3, 4)
		t.Logf("all agree %v after healing", time.Since(healed))
		for _, pop := range POPs {
			r.flows(pop, 2, 5)
		}
		t.Logf("all media flow %v after healing", time.Since(healed))
		t.Logf("home was %s, is %s; chat %q", home, r.oneHome(), chat(r.people["fra"].State()))
		r.say(home, "after")
		r.agree(POPs, 3, 5)
	})
}
