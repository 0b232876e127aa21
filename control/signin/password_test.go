package signin

import (
	"errors"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/state"
)

func TestPasswordsLetIn(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	o, err := n.in("Ada@ACME.example", good)
	if err != nil || o.User.ID != "ada" || o.Scope != Native || !n.alive(o) {
		t.Fatalf("%+v %v", o, err)
	}
	_, err = n.in("ada@acme.example", other)
	refused(t, "wrong password", err)
	_, err = n.ByPassword(t.Context(), Credentials{Company: "rival", Email: "ada@acme.example", Password: good, Address: "a"})
	refused(t, "another company (CB-A02)", err)
	n.do(state.Set(state.KindUser, "ada", "acme", map[string]bool{"inactive": true}))
	_, err = n.in("ada@acme.example", good)
	refused(t, "inactive", err)
}

// Where the company has a provider, hosts go there; an administrator can still set it right.
func TestHostsOfACompanyWithAProviderHaveNoPasswords(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	n.person("host", state.RoleHost)
	n.do(state.Set(state.KindCompany, "acme", "", map[string]any{"openid": map[string]any{"enabled": true, "issuer": "https://id.acme.example", "client_id": "c"}}))
	_, err := n.in("host@acme.example", good)
	refused(t, "host", err)
	if _, err := n.in("ada@acme.example", good); err != nil {
		t.Error(err)
	}
	_, err = n.PasswordLink(t.Context(), "acme", "host", "", true, "key:k")
	refused(t, "a host's link", err)
}

// Who is there and who is not are held up alike.
func TestTriesAreCountedForWhoeverIsTyped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		for _, email := range []string{"ada@acme.example", "nobody@acme.example"} {
			for range freeTries {
				_, err := n.in(email, other)
				refused(t, email, err)
			}
			_, err := n.in(email, good)
			if p, ok := errors.AsType[*Paused](err); !ok || p.After != firstPause {
				t.Errorf("%s: %v", email, err)
			}
		}
		time.Sleep(firstPause)
		if _, err := n.in("ada@acme.example", good); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

// Guesses that run at the same time count before they are over.
func TestTriesAtOnceAreCounted(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	var wg sync.WaitGroup
	errs := make(chan error, 50)
	for range cap(errs) {
		wg.Go(func() {
			_, err := n.in("ada@acme.example", other)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	tried := 0
	for err := range errs {
		if errors.Is(err, ErrRefused) {
			tried++
		}
	}
	if tried != freeTries {
		t.Errorf("%d guesses", tried)
	}
}

// A fault of ours is no miss of theirs.
func TestOurFaultsAreNotCharged(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	paid, err := n.take(ada("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		n.settle(paid, errors.New("no leader"))
	}
	if _, err := n.in("ada@acme.example", good); err != nil {
		t.Error(err)
	}
}

func TestChangingAPasswordEndsSessions(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	mine, stolen, sso := n.session("ada", Native), n.session("ada", Native), n.session("ada", SSO)
	refused(t, "wrong old one", n.ChangePassword(t.Context(), mine.Session, "a", other, other))
	refused(t, "CB-A48", n.ChangePassword(t.Context(), sso.Session, "a", good, other))
	if err := n.ChangePassword(t.Context(), mine.Session, "a", good, "short"); !errors.Is(err, password.ErrLength) {
		t.Error(err)
	}
	if err := n.ChangePassword(t.Context(), mine.Session, "a", good, other); err != nil {
		t.Fatal(err)
	}
	if n.alive(mine) || n.alive(stolen) || n.alive(sso) {
		t.Error("sessions live on")
	}
	_, err := n.in("ada@acme.example", good)
	refused(t, "the old one", err)
	if _, err := n.in("ada@acme.example", other); err != nil {
		t.Error(err)
	}
}

// link makes a first link.
func (n *network) link(user string) Link {
	n.t.Helper()
	l, err := n.PasswordLink(n.t.Context(), "acme", user, "node.example", true, "key:k")
	if err != nil {
		n.t.Fatal(err)
	}
	return l
}

// CB-A19.
func TestLinksWorkOnce(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	o := n.session("ada", Native)
	l := n.link("ada")
	if u, err := url.Parse(l.URL); err != nil || u.Host != "node.example" || u.Path != PagePassword || u.Fragment != l.Token.Text() || u.RawQuery != "" {
		t.Errorf("%s", l.URL)
	}
	if err := n.Redeem(t.Context(), l.Token.Text(), "short", "a"); !errors.Is(err, password.ErrLength) {
		t.Error(err)
	}
	if err := n.Redeem(t.Context(), l.Token.Text(), other, "a"); err != nil {
		t.Fatal(err)
	}
	if n.alive(o) {
		t.Error("a session lives on")
	}
	refused(t, "a second time", n.Redeem(t.Context(), l.Token.Text(), good, "b"))
	if _, err := n.in("ada@acme.example", other); err != nil {
		t.Error(err)
	}
}

func TestLinksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			first bool
			lives time.Duration
		}{{true, 24 * time.Hour}, {false, time.Hour}} {
			n := newNetwork(t)
			n.person("ada", state.RoleCompany)
			l, err := n.PasswordLink(t.Context(), "acme", "ada", "", c.first, "key:k")
			if err != nil || !l.Ends.Equal(time.Now().Add(c.lives)) {
				t.Fatalf("%v %v", l.Ends, err)
			}
			time.Sleep(c.lives + time.Second)
			refused(t, "over", n.Redeem(t.Context(), l.Token.Text(), other, "a"))
		}
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		old, newer := n.link("ada"), n.link("ada")
		refused(t, "an older one", n.Redeem(t.Context(), old.Token.Text(), other, "a"))
		n.do(state.Set(state.KindUser, "ada", "acme", map[string]bool{"inactive": true}))
		refused(t, "of who is inactive", n.Redeem(t.Context(), newer.Token.Text(), other, "a"))
		refused(t, "of nobody", n.Redeem(t.Context(), newToken(kindLink, "nobody").Text(), other, "a"))
	})
}

func TestOfManyWhoRedeemOneWins(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	l := n.link("ada")
	var wg sync.WaitGroup
	errs := make(chan error, 5)
	for i := range cap(errs) {
		wg.Go(func() { errs <- n.Redeem(t.Context(), l.Token.Text(), other, string(rune('a'+i))) })
	}
	wg.Wait()
	close(errs)
	won := 0
	for err := range errs {
		if err == nil {
			won++
		} else {
			refused(t, "a loser", err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// An attack on somebody ends for them when they choose a new password: their address is known then.
func TestALinkLetsThePersonThroughAnAttack(t *testing.T) {
	n := newNetwork(t)
	n.person("ada", state.RoleCompany)
	for range freeTries + 1 {
		_, _ = n.in("ada@acme.example", other)
	}
	if err := n.Redeem(t.Context(), n.link("ada").Token.Text(), other, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if _, err := n.in("ada@acme.example", other); err != nil {
		t.Error(err)
	}
}

func TestForgottenPasswords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.person("ada", state.RoleCompany)
		ctx := t.Context()
		go n.Run(ctx)
		for _, email := range []string{"ADA@acme.example", "nobody@acme.example"} {
			if err := n.Forgot("acme", email, "node.example", "a"); err != nil {
				t.Errorf("%s: %v", email, err)
			}
		}
		synctest.Wait()
		if len(n.mail.links) != 1 || n.mail.links[0].User.ID != "ada" || n.mail.links[0].First {
			t.Fatalf("%+v", n.mail.links)
		}
		for i := range 10 { // spelt in other ways, it is one company and one person
			if err := n.Forgot([]string{"acme", "nowhere.example"}[i%2], "ada@acme.example", "", string(rune('b'+i))); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if len(n.mail.links) != int(perAsked.atOnce) {
			t.Errorf("%d letters", len(n.mail.links))
		}
		if err := n.Redeem(t.Context(), n.mail.links[2].Token.Text(), other, "a"); err != nil {
			t.Error(err)
		}
		asked := 0
		for range 100 {
			if n.Forgot("acme", "x@acme.example", "", "a") == nil {
				asked++
			}
		}
		if asked > int(perAddress.atOnce) {
			t.Errorf("%d asked from one address", asked)
		}
	})
}

func TestLoginKeys(t *testing.T) {
	n := newNetwork(t)
	u := n.person("ada", state.RoleHost)
	key, command := NewLoginKey(u)
	n.do(command)
	in := func(company, user, text string) error {
		_, err := n.ByLoginKey(t.Context(), company, user, text, "a")
		return err
	}
	o, err := n.ByLoginKey(t.Context(), "acme", "ada", key.Text(), "a")
	if err != nil || o.Scope != SSO || !n.alive(o) {
		t.Fatalf("%+v %v", o, err)
	}
	if err := in("acme", "1", key.Text()); err != nil {
		t.Errorf("by number: %v", err)
	}
	refused(t, "another company", in("rival", "ada", key.Text()))
	n.person("bob", state.RoleHost)
	refused(t, "another user", in("acme", "bob", key.Text()))
	refused(t, "a wrong key", in("acme", "ada", newToken(kindLoginKey, "ada").Text()))
	refused(t, "who has none", in("acme", "bob", newToken(kindLoginKey, "bob").Text()))
	refused(t, "no key", in("acme", "bob", ""))
	newer, command := NewLoginKey(n.user("ada"))
	n.do(command)
	refused(t, "the one before", in("acme", "ada", key.Text()))
	if err := in("acme", "ada", newer.Text()); err != nil {
		t.Error(err)
	}
	n.do(NoLoginKey(n.user("ada")))
	refused(t, "taken away", in("acme", "ada", newer.Text()))
}

// Whoever is typed, a try takes one hash: in turns, the quickest tenth, since the machine has other work.
func BenchmarkAnswersTakeEqualTime(b *testing.B) {
	n := newNetwork(b)
	n.person("ada", state.RoleCompany)
	n.do(state.Add(state.KindUser, "none", "acme", state.UserSpec{Name: "none", Email: "none@acme.example"}))
	names := []string{"ada", "nobody", "none"}
	took := map[string][]time.Duration{}
	for b.Loop() {
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] }) // the collector has a rhythm
		for _, name := range names {
			n.tries = newBudget()
			began := time.Now()
			if _, err := n.ByPassword(b.Context(), Credentials{Company: "acme", Email: name + "@acme.example", Password: other, Address: "a"}); !errors.Is(err, ErrRefused) {
				b.Fatal(err)
			}
			took[name] = append(took[name], time.Since(began))
		}
	}
	quick := func(name string) float64 {
		slices.Sort(took[name])
		return float64(took[name][len(took[name])/10])
	}
	b.ReportMetric(quick("nobody")/quick("ada"), "nobody/wrong")
	b.ReportMetric(quick("none")/quick("ada"), "without/wrong")
}
