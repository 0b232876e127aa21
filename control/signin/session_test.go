package signin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control/state"
)

// CB-A05, CB-A06, CB-A07.
func TestSessionsSlideWithCallsThatSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		o := n.session("ada", Callbridge)
		for i := range 8 {
			time.Sleep(4*time.Minute + 50*time.Second)
			if !n.call(o) {
				t.Fatalf("dead after %d calls", i)
			}
		}
		time.Sleep(4 * time.Minute) // a call that fails: nobody notes it
		if !n.alive(o) {
			t.Fatal("dead after four minutes")
		}
		time.Sleep(time.Minute)
		if !n.alive(o) {
			t.Error("dead after five minutes")
		}
		time.Sleep(time.Second)
		if n.alive(o) {
			t.Error("alive after five minutes and a second")
		}
	})
}

// Calls cost a log entry each 30 s at most, and those that are due together cost one.
func TestCallsCostFewLogEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		o := n.session("ada", Callbridge)
		for range 600 {
			time.Sleep(time.Second)
			n.call(o)
		}
		if got := n.store.touches; got < 19 || got > 20 {
			t.Errorf("600 calls in ten minutes: %d log entries", got)
		}
		var all []Opened
		for i := range 40 {
			u := fmt.Sprint("u", i)
			n.person(u, state.RoleHost)
			all = append(all, n.session(u, Native))
		}
		time.Sleep(time.Minute)
		n.store.touches, n.store.delay = 0, 10*time.Millisecond
		var wg sync.WaitGroup
		for _, o := range all {
			wg.Go(func() { n.call(o) })
		}
		wg.Wait()
		if n.store.touches > 2 {
			t.Errorf("40 calls at once: %d log entries", n.store.touches)
		}
		for _, o := range all {
			if s, _ := state.Get[state.AuthSession](n.view(), o.ID); time.Since(s.LastSuccess) > time.Second {
				t.Errorf("%s is not written", o.ID)
			}
		}
	})
}

// CB-A08: whoever leads, a session lives for its idle time after the last call that was answered, and no more than
// 30 s longer; to the second while the lead does not change.
func TestSessionsOutliveLeaders(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			n := newNetwork(t)
			n.person("ada", state.RoleCompany)
			o := n.session("ada", Callbridge)
			last, exact := time.Now(), true
			for range 300 {
				time.Sleep(time.Duration(r.IntN(60_000)) * time.Millisecond)
				if r.IntN(4) == 0 {
					time.Sleep(time.Duration(r.IntN(280)) * time.Second)
				}
				if r.IntN(5) == 0 {
					n.elect()
					exact = false
				}
				unused := time.Since(last)
				grace := state.TouchEvery
				if exact {
					grace = 0
				}
				switch alive := n.alive(o); {
				case unused <= 300*time.Second && !alive:
					t.Fatalf("seed %d: dead after %v", seed, unused)
				case unused > 300*time.Second+grace && alive:
					t.Fatalf("seed %d: alive after %v", seed, unused)
				case !alive:
					o = n.session("ada", Callbridge)
					last, exact = time.Now(), true
				case r.IntN(3) > 0:
					n.call(o)
					last, exact = time.Now(), true
				}
			}
		})
	}
}

// A node that leads again believes nothing that it knew before.
func TestLeadersForgetWhatOthersSawSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		o := n.session("ada", Callbridge)
		first := n.Signin
		n.elect()
		time.Sleep(25 * time.Second)
		n.call(o) // not written: the state is 25 s behind
		n.store.term++
		n.Signin = first
		time.Sleep(299 * time.Second)
		if !n.alive(o) {
			t.Error("the first leader ends the session too early")
		}
	})
}

func TestNoSessionLivesForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		o, began := n.session("ada", Native), time.Now()
		for n.call(o) {
			time.Sleep(11 * time.Hour)
			if time.Since(began) > 8*24*time.Hour {
				t.Fatal("still alive")
			}
		}
		if time.Since(began) < 7*24*time.Hour {
			t.Errorf("dead after %v", time.Since(began))
		}
	})
}

func TestSessionsEndWithTheirUser(t *testing.T) {
	for name, end := range map[string]func(*network, Opened){
		"inactive": func(n *network, _ Opened) {
			n.do(state.Set(state.KindUser, "ada", "acme", map[string]bool{"inactive": true}))
		},
		"deleted": func(n *network, _ Opened) { n.do(&state.Delete{Kind: state.KindUser, ID: "ada", Company: "acme"}) },
		"company deleted": func(n *network, _ Opened) {
			n.do(&state.Delete{Kind: state.KindCompany, ID: "acme"})
		},
		"signed out": func(n *network, o Opened) {
			if err := n.Close(n.t.Context(), o.Session); err != nil {
				n.t.Fatal(err)
			}
		},
	} {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		o := n.session("ada", Native)
		if !n.alive(o) {
			t.Fatal("dead from the start")
		}
		if end(n, o); n.alive(o) {
			t.Errorf("%s: the session lives on", name)
		}
	}
}

func TestRoleIsThatOfTheMoment(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	o := n.session("ada", Native)
	n.do(state.Set(state.KindUser, "ada", "acme", map[string]string{"role": state.RoleHost}))
	if s, ok := n.Find(n.view(), o.Token.Text(), time.Now()); !ok || s.User.Role != state.RoleHost {
		t.Errorf("%v %+v", ok, s.User)
	}
}

func TestTokensOfOthersAreNone(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	a, b := n.session("ada", Native), n.session("ada", Native)
	for name, text := range map[string]string{
		"another's secret": kindSession + "_" + a.ID + b.Token.Text()[len(kindSession)+1+len(b.ID):],
		"another kind":     kindLink + a.Token.Text()[3:],
		"an unknown id":    newToken(kindSession, "nobody").Text(),
		"no secret":        kindSession + "_" + a.ID,
		"empty":            "",
	} {
		if _, ok := n.Find(n.view(), text, time.Now()); ok {
			t.Errorf("%s is let in", name)
		}
	}
}

// A hundred sessions of a user live at once; the one that was not used for the longest makes room.
func TestSessionsOfAUserAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		first, second := n.session("ada", Native), n.session("ada", Native)
		time.Sleep(time.Minute)
		n.call(first)
		for range 99 {
			n.session("ada", Native)
		}
		if !n.alive(first) || n.alive(second) {
			t.Errorf("used: %v, unused: %v", n.alive(first), n.alive(second))
		}
	})
}

// The caller who happens to write for others may go away; who cannot have it written hears so.
func TestUsesAreWrittenWhoeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		o := n.session("ada", Callbridge)
		time.Sleep(time.Minute)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		s, _ := n.Find(n.view(), o.Token.Text(), time.Now())
		_ = n.Used(gone, s, time.Now()) // written or not heard of: the state decides
		if stored, _ := state.Get[state.AuthSession](n.view(), o.ID); time.Since(stored.LastSuccess) > time.Second {
			t.Error("not written")
		}
		time.Sleep(time.Minute)
		n.store.down = errors.New("no leader")
		if err := n.Used(t.Context(), s, time.Now()); err == nil {
			t.Error("a use that is not written passes for one")
		}
		n.store.down = nil
		if err := n.Used(t.Context(), s, time.Now()); err != nil {
			t.Error(err)
		}
	})
}

func TestForgettingTakesOnlyWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		n.session("ada", Callbridge)
		long := n.session("ada", Native)
		time.Sleep(10 * time.Minute)
		n.uses.forget(time.Now())
		if len(n.uses.at) != 1 || !n.alive(long) {
			t.Errorf("%d remembered", len(n.uses.at))
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add(newToken(kindSession, "4c2kq7d1h8s5w3zt").Text())
	f.Add(newToken(kindLink, "u_1").Text())
	f.Add("mrs__")
	f.Add("mrs_a_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []string{kindSession, kindLink, kindLoginKey} {
			k, ok := parseToken(kind, text)
			if !ok {
				continue
			}
			if k.Text() != text {
				t.Errorf("%q has another form: %q", text, k.Text())
			}
			if again := fmt.Sprintf("%v %+v %#v", k, k, k); len(k.id) < 20 && len(again) > 3*(len(k.id)+10) {
				t.Errorf("a log would have %q", again)
			}
		}
	})
}
