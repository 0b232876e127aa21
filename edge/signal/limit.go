package signal

import "time"

// What one client may ask for. A person at a page stays far below each of
// these; a program that does not is told rate_limited. Changes that a room sees
// (media, name, chat) go to everyone in it, so that without a limit one client
// could fill the outboxes of all others.
const (
	allRate, allBurst             = 50, 200 // messages of any kind; above it they are read no faster
	chatRate, chatBurst           = 5, 30
	changeRate, changeBurst       = 10, 40 // media and rename together
	subscribeRate, subscribeBurst = 10, 50
	offerRate, offerBurst         = 0.5, 10
)

// bucket is a token bucket: rate tokens a second, at most burst of them. The
// zero time makes it begin full.
type bucket struct {
	rate, burst float64
	level       float64
	at          time.Time
}

// take takes a token if there is one.
func (b *bucket) take(now time.Time) bool {
	if b.at.IsZero() {
		b.level = b.burst
	} else {
		b.level = min(b.burst, b.level+b.rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}

// limits are the buckets of one client. They belong to its reader.
type limits struct{ all, chat, change, subscribe, offer bucket }

func newLimits() *limits {
	return &limits{
		all:       bucket{rate: allRate, burst: allBurst},
		chat:      bucket{rate: chatRate, burst: chatBurst},
		change:    bucket{rate: changeRate, burst: changeBurst},
		subscribe: bucket{rate: subscribeRate, burst: subscribeBurst},
		offer:     bucket{rate: offerRate, burst: offerBurst},
	}
}

// allow says whether a request of a type may be carried out now.
func (l *limits) allow(kind string, now time.Time) bool {
	switch kind {
	case "chat":
		return l.chat.take(now)
	case "media", "rename":
		return l.change.take(now)
	case "subscribe":
		return l.subscribe.take(now)
	case "offer":
		return l.offer.take(now)
	}
	return true
}
