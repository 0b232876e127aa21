package signal

import (
	"context"
	"time"
)

// What one client may ask for. A person at a page stays far below each of
// these. Changes that a room sees (media, name, chat, acts) go to everyone in it, so
// that without a limit one client could fill the outboxes of all others: above
// it they are refused with rate_limited. What costs this node only is read no
// faster: a page that chooses its slots anew with every speaker of a lively room
// must not lose its last choice.
const (
	allRate, allBurst             = 50, 200 // messages of any kind
	chatRate, chatBurst           = 5, 30
	changeRate, changeBurst       = 10, 40  // media, rename and acts together
	reactRate, reactBurst         = 2, 10   // reactions, of the acts
	subscribeRate, subscribeBurst = 20, 100 // subscribe and views together
	offerRate, offerBurst         = 0.5, 10
	peopleRate, peopleBurst       = 5, 20 // looks through thousands while somebody types
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

// wait takes a token as soon as there is one; false if ctx was over before.
func (b *bucket) wait(ctx context.Context) bool {
	for !b.take(time.Now()) {
		if !pause(ctx, time.Duration(float64(time.Second)/b.rate)) {
			return false
		}
	}
	return true
}

// limits are the buckets of one client. They belong to its reader.
type limits struct{ all, chat, change, react, subscribe, offer, people bucket }

func newLimits() *limits {
	return &limits{
		all:       bucket{rate: allRate, burst: allBurst},
		chat:      bucket{rate: chatRate, burst: chatBurst},
		change:    bucket{rate: changeRate, burst: changeBurst},
		react:     bucket{rate: reactRate, burst: reactBurst},
		subscribe: bucket{rate: subscribeRate, burst: subscribeBurst},
		offer:     bucket{rate: offerRate, burst: offerBurst},
		people:    bucket{rate: peopleRate, burst: peopleBurst},
	}
}

// allow says whether a request may be carried out now.
func (l *limits) allow(r Request, now time.Time) bool {
	switch r.Type {
	case "chat":
		return l.chat.take(now)
	case "act":
		return l.change.take(now) && (r.Verb != "react" || l.react.take(now))
	case "media", "rename":
		return l.change.take(now)
	case "people":
		return l.people.take(now)
	case "offer":
		return l.offer.take(now)
	}
	return true
}
