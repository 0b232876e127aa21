package edge

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/signal"
)

// Secrets compares what people type at the door with what their room has.
type Secrets interface {
	// Password may have to wait; its error says that nobody can tell now.
	Password(ctx context.Context, r client.Room, typed string) (bool, error)
	PIN(r client.Room, typed string) bool
}

// typed is what a visitor typed to be let in, and where they are.
type typed struct {
	password, pin signal.Secret
	from          netip.Addr
}

// compare decides anew with what was typed. Only a person whom nothing else
// keeps out costs a comparison, and only what is asked of them is compared.
func (n *Node) compare(ctx context.Context, d *considered, v visit) error {
	t := v.secrets.counting(d.err, v.source)
	if t.password == "" && t.pin == "" {
		return nil
	}
	if n.cfg.Secrets == nil {
		return cannotTell(nil)
	}
	now := time.Now()
	at := door{roomKey{d.input.Company.ID, entry.RoomOf(d.input)}, household(t.from)}
	var err error
	if pause := n.pause(at, t.from, now); pause > 0 {
		d.input.Secrets = t.unheard(pause)
	} else if d.input.Secrets, err = n.check(ctx, d.room, t); err != nil {
		n.tries.back(at)
		return cannotTell(err)
	} else if d.input.Secrets.Password == entry.Wrong || d.input.Secrets.PIN == entry.Wrong {
		n.askers.spend(t.from, askRefused, now)
	} else {
		n.tries.back(at)
	}
	d.Admission, d.err = entry.Decide(d.input)
	return nil
}

// counting is what of it counts after a decision without it: nothing where
// something else keeps the person out, the password where one is asked, the PIN
// where the source has such.
func (t typed) counting(decided error, from entry.Source) typed {
	refusal, refused := errors.AsType[*entry.Refusal](decided)
	out := typed{from: t.from}
	if refused && !refusal.Ask {
		return out
	}
	if refused {
		out.password = t.password
	}
	if entry.TakesPIN(from) {
		out.pin = t.pin
	}
	return out
}

// unheard is what the decision hears of it in a pause: that it was typed.
func (t typed) unheard(pause time.Duration) entry.Secrets {
	s := entry.Secrets{Pause: pause}
	if t.pin != "" {
		s.PIN = entry.Wrong
	}
	return s
}

// pause takes a try, or says how long none counts: after too many at this door,
// or at any by who asks too much.
func (n *Node) pause(at door, from netip.Addr, now time.Time) time.Duration {
	if !n.askers.may(from, now) {
		return askPause
	}
	return n.tries.take(at, now)
}

// askPause is for who guesses at many doors.
const askPause = 5 * time.Second

// check compares; the error says that nobody can tell now. Of two the PIN comes
// first, which costs nothing: one wrong secret is enough to know.
func (n *Node) check(ctx context.Context, r client.Room, t typed) (s entry.Secrets, err error) {
	if t.pin != "" {
		s.PIN = outcome(n.cfg.Secrets.PIN(r, string(t.pin)))
	}
	if t.password == "" || s.PIN == entry.Wrong {
		return s, nil
	}
	right, err := n.cfg.Secrets.Password(ctx, r, string(t.password))
	s.Password = outcome(right)
	return s, err
}

func outcome(right bool) entry.Check {
	if right {
		return entry.Right
	}
	return entry.Wrong
}

// cannotTell asks to come again.
func cannotTell(cause error) error {
	return &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "This server cannot check passwords now; try again.", RetryAfter: 2, Cause: cause}
}
