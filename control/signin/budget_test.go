package signin

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func ada(address string) Try {
	return Try{Address: address, Company: "acme", Account: "ada@acme.example"}
}

// miss is a try that fails; it gives how long to wait instead.
func (b *budget) miss(t Try, now time.Time) time.Duration {
	_, wait := b.take(t, now)
	return wait
}

// L-49: five tries, then a minute; it doubles up to a quarter of an hour.
func TestPausesGrow(t *testing.T) {
	b, now := newBudget(), noon
	for i := range freeTries {
		if w := b.miss(ada("a"), now); w != 0 {
			t.Fatalf("try %d waits %v", i+1, w)
		}
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 15, 15, 15} {
		want *= time.Minute
		if w := b.miss(ada("a"), now); w != want {
			t.Fatalf("pause %d: %v, want %v", i+1, w, want)
		}
		if w := b.miss(ada("a"), now.Add(want-time.Second)); w != time.Second {
			t.Fatalf("pause %d, a second before its end: %v", i+1, w)
		}
		now = now.Add(want)
		if w := b.miss(ada("a"), now); w != 0 {
			t.Fatalf("after pause %d: %v", i+1, w)
		}
	}
	now = now.Add(forgotten)
	for i := range freeTries {
		if w := b.miss(ada("a"), now); w != 0 {
			t.Fatalf("an hour later, try %d waits %v", i+1, w)
		}
	}
}

// What one address does to a person does not hold up the person elsewhere.
func TestNobodyIsLockedOutByAnotherAddress(t *testing.T) {
	b, now := newBudget(), noon
	for range 10 {
		b.miss(ada("evil"), now)
	}
	if w := b.miss(ada("evil"), now); w == 0 {
		t.Fatal("the attacker goes on")
	}
	if _, w := b.take(ada("home"), now); w != 0 {
		t.Fatalf("the person waits %v", w)
	}
}

// Ten thousand addresses slow down whoever is new, and not an address from which the person has signed in.
func TestKnownAddressIsLetThroughAnAttack(t *testing.T) {
	b, now := newBudget(), noon
	c, _ := b.take(ada("home"), now)
	b.good(c, now)
	passed := 0
	for i := range 10_000 {
		if b.miss(ada(fmt.Sprint("bot", i)), now) == 0 {
			passed++
		}
	}
	if passed != int(perAccount.atOnce) {
		t.Errorf("%d guesses at one account", passed)
	}
	if w := b.miss(ada("hotel"), now); w <= 0 || w > perAccount.every {
		t.Errorf("a new address waits %v", w)
	}
	if _, w := b.take(ada("home"), now); w != 0 {
		t.Errorf("the known address waits %v", w)
	}
}

// A bot with an account of its own gains no guesses by signing in itself.
func TestOwnSuccessBuysNoGuesses(t *testing.T) {
	b, now := newBudget(), noon
	mine := Try{Address: "bot", Company: "acme", Account: "mallory@acme.example"}
	guesses := 0
	for i := range 1000 {
		if b.miss(Try{Address: "bot", Company: "acme", Account: fmt.Sprint(i)}, now) == 0 {
			guesses++
		}
		if c, w := b.take(mine, now); w == 0 {
			b.good(c, now)
		}
	}
	if guesses > int(perAddress.atOnce) {
		t.Errorf("%d guesses", guesses)
	}
	for i := range 1000 { // nor does a known address refill what others are charged to
		if b.miss(ada(fmt.Sprint("bot", i)), now) != 0 {
			break
		}
		if c, w := b.take(mine, now); w == 0 {
			b.good(c, now)
		}
	}
	if b.miss(ada("another bot"), now) == 0 {
		t.Error("the account's budget has no end")
	}
}

func TestWhoSignsInIsNeverHeldUp(t *testing.T) {
	b, now := newBudget(), noon
	for i := range 5000 {
		now = now.Add(10 * time.Millisecond)
		c, w := b.take(Try{Address: "office", Company: "acme", Account: fmt.Sprint(i % 400)}, now)
		if w != 0 {
			t.Fatalf("call %d waits %v", i, w)
		}
		b.good(c, now)
	}
}

// Each session is a log entry and a hash: nobody opens them without end.
func TestSuccessesAreBounded(t *testing.T) {
	b, opened := newBudget(), 0
	for range 1000 {
		if c, w := b.take(ada("a"), noon); w == 0 {
			b.good(c, noon)
			opened++
		}
	}
	if opened != int(perSuccess.atOnce) {
		t.Errorf("%d sessions at one moment", opened)
	}
	if _, w := b.take(ada("a"), noon.Add(time.Second)); w != 0 {
		t.Errorf("a second later: %v", w)
	}
}

// However tries are spread over addresses, accounts and time, no budget lets more misses pass than it says.
func TestBudgetsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, now := newBudget(), noon
		byAddress, byAccount, byPair, all := map[string]int{}, map[string]int{}, map[string]int{}, 0
		tries := rapid.IntRange(1, 400).Draw(t, "tries")
		for range tries {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			try := Try{
				Address: fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "address")), Company: "acme", Account: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "account")),
			}
			if b.miss(try, now) != 0 {
				continue
			}
			byAddress[try.Address]++
			byAccount[try.Account]++
			byPair[try.Address+" "+try.Account]++
			all++
		}
		took := now.Sub(noon)
		most := func(r rate) int { return int(r.atOnce) + int(took/r.every) + 1 }
		for name, n := range byAddress {
			if n > most(perAddress) {
				t.Fatalf("address %s: %d misses in %v", name, n, took)
			}
		}
		for name, n := range byAccount {
			if n > most(perAccount) {
				t.Fatalf("account %s: %d misses in %v", name, n, took)
			}
		}
		for name, n := range byPair {
			if n > freeTries+int(took/firstPause)+1 {
				t.Fatalf("pair %s: %d misses in %v", name, n, took)
			}
		}
		if all > most(perTenant) {
			t.Fatalf("%d misses of a tenant in %v", all, took)
		}
	})
}

// A try that must wait costs nothing: who is patient gets in.
func TestWaitingIsNotCharged(t *testing.T) {
	b, now := newBudget(), noon
	for range freeTries {
		b.miss(ada("a"), now)
	}
	for range 1000 {
		b.miss(ada("a"), now.Add(time.Second))
	}
	if w := b.miss(ada("a"), now.Add(firstPause)); w != 0 {
		t.Errorf("waits %v", w)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	b, now := newBudget(), noon
	for i := range 200_000 {
		now = now.Add(100 * time.Millisecond)
		b.miss(Try{Address: fmt.Sprint("a", i), Company: fmt.Sprint("c", i), Account: fmt.Sprint("u", i)}, now)
		b.send("acme", fmt.Sprint(i), now)
	}
	for name, n := range map[string]int{
		"pairs": len(b.pairs.young) + len(b.pairs.old), "addresses": len(b.addresses.young) + len(b.addresses.old),
		"accounts": len(b.accounts.young) + len(b.accounts.old), "tenants": len(b.tenants.young) + len(b.tenants.old), "asked": len(b.asked.young) + len(b.asked.old),
	} {
		if n > 2*manyPairs || n == 0 {
			t.Errorf("%d %s", n, name)
		}
	}
}

// What is in use is not forgotten by a flood of others.
func TestGenerationsKeepWhatIsLookedUp(t *testing.T) {
	g := newGenerations[int](100)
	g.put(g.key("mine"), 7)
	for i := range 10_000 {
		g.put(g.key(fmt.Sprint(i)), i)
		if i%50 == 0 {
			if v, ok := g.get(g.key("mine")); !ok || v != 7 {
				t.Fatalf("forgotten after %d others", i)
			}
		}
	}
	if g.key("ab", "c") == g.key("a", "bc") {
		t.Error("parts run into each other")
	}
}

func TestLettersToAPersonAreFew(t *testing.T) {
	b, sent := newBudget(), 0
	for i := range 60 {
		if b.send("acme", "ada@acme.example", noon.Add(time.Duration(i)*time.Minute)) {
			sent++
		}
	}
	if sent < 5 || sent > 6 {
		t.Errorf("%d letters in an hour", sent)
	}
}

func BenchmarkTake(b *testing.B) {
	budget, now := newBudget(), noon
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		budget.take(Try{Address: fmt.Sprint(i % 5000), Company: "acme", Account: "ada@acme.example"}, now.Add(time.Duration(i)*time.Second))
	}
}
