package scenario

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestMoves: people come back through other POPs with their tickets while links
// break and heal. In the end each is listed once, where they are.
func TestMoves(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("schedule ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { moves(fullRoom(t, seed), rand.New(rand.NewPCG(seed, 8))) })
		})
	}
}

func moves(r *room, random *rand.Rand) {
	at := map[string]string{}
	for range 6 {
		r.disturbLinks(random)
		time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond)
		who := POPs[random.IntN(len(POPs))]
		gone := r.people[who]
		gone.Close()
		to, back := r.resume(random, who, gone.Joined.Resume)
		if back.Joined.Peer != gone.Joined.Peer {
			r.t.Errorf("%s came back as %s, was %s", who, back.Joined.Peer, gone.Joined.Peer)
		}
		at[who] = to
	}
	r.calm()
	healed := time.Now()
	r.agree(POPs, 3, 0)
	for who, pop := range at {
		c := r.people[who]
		if p := c.State().People[c.Joined.Peer]; p.POP != pop {
			r.t.Errorf("%s is at %s and listed at %s", who, pop, p.POP)
		}
	}
	for _, pop := range POPs {
		r.flows(pop, 2, 5)
	}
	r.t.Logf("all agree and all media flow %v after healing; the home is %s", time.Since(healed), r.oneHome())
}

// resume tries one POP after the other, as the page does, until one takes the
// participant. The only refusal there may be is that the room is out of reach.
func (r *room) resume(random *rand.Rand, who, ticket string) (string, *client.Client) {
	r.t.Helper()
	began := time.Now()
	for time.Since(began) < 2*patience {
		for _, i := range random.Perm(len(POPs)) {
			c, err := r.tryEnter(who, POPs[i], client.Options{Resume: ticket})
			if err == nil {
				return POPs[i], c
			}
			if refusal, ok := errors.AsType[*client.Refusal](err); !ok || refusal.Code != signal.TryAgain {
				r.t.Fatalf("%s resumes at %s: %v", who, POPs[i], err)
			}
		}
	}
	r.t.Fatalf("no POP takes %s back", who)
	return "", nil
}

// TestStorm: links between POPs break and heal at random while everybody talks, a
// moderator sets rules and somebody waits in the lobby. In the end there is one
// room, what was acknowledged is in its chat once, all know the same rules, who
// waited waits and who was blocked is out.
func TestStorm(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("schedule ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { storm(fullRoom(t, seed), rand.New(rand.NewPCG(seed, 7))) })
		})
	}
}

func storm(r *room, random *rand.Rand) {
	var mu sync.Mutex
	var taken []string
	var talk sync.WaitGroup
	over := make(chan struct{})
	ruling := r.rule()
	talk.Go(func() { ruling.set(over) })
	for i, pop := range POPs {
		talk.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				case <-time.After(time.Duration(700+100*i) * time.Millisecond):
				}
				text := fmt.Sprintf("%s says %d", pop, n)
				if err := r.trySay(pop, text); err != nil {
					r.t.Errorf("%s: %v", text, err)
					return
				}
				mu.Lock()
				taken = append(taken, text)
				mu.Unlock()
			}
		})
	}
	for range 8 {
		r.disturb(random)
		time.Sleep(time.Duration(random.IntN(6000)) * time.Millisecond)
	}
	r.calm()
	healed := time.Now()
	close(over)
	talk.Wait()
	r.agree(POPs, 4, len(taken))
	ruling.holds()
	r.t.Logf("all agree on %d messages %v after healing", len(taken), time.Since(healed))
	heard := texts(r.people["fra"].State())
	slices.Sort(heard)
	slices.Sort(taken)
	if !slices.Equal(heard, taken) {
		r.t.Errorf("heard %q, acknowledged %q", heard, taken)
	}
	for _, pop := range POPs {
		r.flows(pop, 2, 5)
	}
	r.t.Logf("all media flow %v after healing; the home is %s", time.Since(healed), r.oneHome())
}

// disturb does something to the network, or undoes it.
func (r *room) disturb(random *rand.Rand) {
	switch alone := POPs[random.IntN(len(POPs))]; random.IntN(6) {
	case 0:
		for _, pop := range others(alone) {
			r.Cut(r.edgeIP(alone), r.edgeIP(pop))
		}
	case 1:
		r.Silence(controlIP)
	case 2:
		r.Revive(controlIP)
	default:
		r.disturbLinks(random)
	}
}

// disturbLinks breaks a link between POPs, one way or both, or heals it.
func (r *room) disturbLinks(random *rand.Rand) {
	pair := random.Perm(len(POPs))
	a, b := r.edgeIP(POPs[pair[0]]), r.edgeIP(POPs[pair[1]])
	switch random.IntN(4) {
	case 0:
		r.Cut(a, b)
	case 1:
		r.CutOneWay(a, b)
	default:
		r.Heal(a, b)
	}
}

// calm undoes everything.
func (r *room) calm() {
	r.Revive(controlIP)
	for i, a := range POPs {
		for _, b := range POPs[i+1:] {
			r.Heal(r.edgeIP(a), r.edgeIP(b))
		}
	}
}

func texts(s client.State) []string {
	var out []string
	for _, line := range chat(s) {
		_, text, _ := strings.Cut(line, " ")
		_, text, _ = strings.Cut(text, " ")
		out = append(out, text)
	}
	return out
}
