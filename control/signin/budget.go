package signin

import "time"

// Try is one attempt to be let in, as far as it is counted.
type Try struct {
	Address string // of the client: an IPv6 address by its /64
	Company string // id; empty where none was found
	Account string // what was typed, in one case; it need not exist
}

// Budgets of tries that fail. A person is held up at one address first: who guesses from elsewhere does not lock
// the person out. All are charged before anything is looked up, alike for who exists and who does not.
const (
	freeTries  = 5 // of one account from one address
	firstPause = time.Minute
	longest    = 15 * time.Minute
	forgotten  = time.Hour // after the last one

	knownFor = 30 * 24 * time.Hour // an address from which the person signed in

	manyPairs     = 16_384 // of one generation
	manyAddresses = 16_384
	manyAccounts  = 16_384
	manyTenants   = 4_096
)

var (
	perSuccess = rate{60, time.Second}        // sessions of one person: each is a log entry and a hash
	perAddress = rate{20, 3 * time.Second}    // 20 a minute
	perAccount = rate{50, 30 * time.Second}   // from anywhere
	perTenant  = rate{300, time.Second / 5}   // 300 a minute
	perCluster = rate{1800, time.Second / 30} // 1,800 a minute: argon2id on one core makes about as many
)

// pair is what is known of one account at one address.
type pair struct {
	misses int
	last   time.Time // of the misses
	good   time.Time // when it was let in
}

// pause is how long after the last miss the next try may come.
func (p pair) pause() time.Duration {
	if p.misses < freeTries {
		return 0
	}
	return min(longest, firstPause<<min(p.misses-freeTries, 10))
}

// budget counts tries. It is pure: who owns it brings the time, and a lock if there are several.
type budget struct {
	pairs     *generations[pair]
	addresses *generations[bucket]
	accounts  *generations[bucket]
	tenants   *generations[bucket]
	asked     *generations[bucket]
	opened    *generations[bucket]
	cluster   bucket
}

func newBudget() *budget {
	return &budget{
		pairs: newGenerations[pair](manyPairs), addresses: newGenerations[bucket](manyAddresses),
		accounts: newGenerations[bucket](manyAccounts), asked: newGenerations[bucket](manyAccounts), opened: newGenerations[bucket](manyAccounts),
		tenants: newGenerations[bucket](manyTenants),
	}
}

// charge is a try that was charged.
type charge struct {
	try  Try
	wide bool // to more than the pair and the address
}

// take charges a try, or says how long to wait, which charges nothing.
func (b *budget) take(t Try, now time.Time) (c charge, wait time.Duration) {
	pairKey := b.pairs.key(t.Company, t.Account, t.Address)
	p, _ := b.pairs.get(pairKey)
	if now.Sub(p.last) >= forgotten {
		p.misses = 0
	}
	if until := p.last.Add(p.pause()); now.Before(until) {
		wait = until.Sub(now)
	}
	spends := []spend{b.spendOf(b.addresses, perAddress, now, t.Address)}
	c = charge{try: t, wide: p.good.IsZero() || now.Sub(p.good) >= knownFor}
	if c.wide {
		spends = append(spends, b.spendOf(b.accounts, perAccount, now, t.Company, t.Account), b.spendOf(b.tenants, perTenant, now, t.Company))
		b.cluster = perCluster.leak(b.cluster, now)
		wait = max(wait, perCluster.wait(b.cluster))
	}
	wait = max(wait, perSuccess.wait(b.spendOf(b.opened, perSuccess, now, t.Company, t.Account).bucket))
	for _, s := range spends {
		wait = max(wait, s.rate.wait(s.bucket))
	}
	if wait > 0 {
		return charge{}, wait
	}
	p.misses, p.last = p.misses+1, now
	b.pairs.put(pairKey, p)
	if c.wide {
		b.cluster.spent++
	}
	for _, s := range spends {
		s.pay()
	}
	return c, 0
}

// shut is how long an address is to wait before anything is looked up for it.
func (b *budget) shut(address string, now time.Time) time.Duration {
	return perAddress.wait(b.spendOf(b.addresses, perAddress, now, address).bucket)
}

// ask charges an address that wants a link sent, or says how long to wait.
func (b *budget) ask(address string, now time.Time) (wait time.Duration) {
	s := b.spendOf(b.addresses, perAddress, now, address)
	if wait = s.rate.wait(s.bucket); wait == 0 {
		s.pay()
	}
	return wait
}

// send charges a letter to a person, and tells whether it may go out.
func (b *budget) send(company, account string, now time.Time) bool {
	s := b.spendOf(b.asked, perAsked, now, company, account)
	if s.rate.wait(s.bucket) > 0 {
		return false
	}
	s.pay()
	return true
}

// spend is one bucket that a try is charged to.
type spend struct {
	of     *generations[bucket]
	key    uint64
	rate   rate
	bucket bucket
}

func (s spend) pay() {
	s.bucket.spent++
	s.of.put(s.key, s.bucket)
}

func (b *budget) spendOf(of *generations[bucket], r rate, now time.Time, parts ...string) spend {
	key := of.key(parts...)
	at, ok := of.get(key)
	if !ok {
		at.at = now
	}
	return spend{of, key, r, r.leak(at, now)}
}

// giveBack takes back what a try was charged that was no miss.
func (b *budget) giveBack(c charge) {
	t := c.try
	key := b.pairs.key(t.Company, t.Account, t.Address)
	if p, ok := b.pairs.get(key); ok {
		p.misses = max(0, p.misses-1)
		b.pairs.put(key, p)
	}
	refund(b.addresses, b.addresses.key(t.Address))
	if !c.wide {
		return
	}
	refund(b.accounts, b.accounts.key(t.Company, t.Account))
	refund(b.tenants, b.tenants.key(t.Company))
	b.cluster.spent = max(0, b.cluster.spent-1)
}

func refund(of *generations[bucket], key uint64) {
	if at, ok := of.get(key); ok {
		at.spent = max(0, at.spent-1)
		of.put(key, at)
	}
}

// good notes that the try was the person: its misses are forgotten, and the address is known from now on.
func (b *budget) good(c charge, now time.Time) {
	b.giveBack(c)
	b.spendOf(b.opened, perSuccess, now, c.try.Company, c.try.Account).pay()
	b.know(c.try, now)
}

// know lets an address off what is charged for the person from elsewhere.
func (b *budget) know(t Try, now time.Time) {
	b.pairs.put(b.pairs.key(t.Company, t.Account, t.Address), pair{good: now})
}
