package edge

import (
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// bearer is somebody here whom a token let in.
type bearer struct {
	company string
	proof   room.Proof
	// provisional ones were let in while control was away: keys that were
	// withdrawn before that count against them, later ones do not.
	provisional bool
	end         func(why *signal.Error)
}

// Why a bearer goes.
var (
	errWithdrawn = &signal.Error{Kind: signal.Ended, Code: signal.Kicked, Message: "Your invitation was withdrawn."}
	errOutlived  = &signal.Error{Kind: signal.Ended, Code: signal.Kicked, Message: "Your invitation has expired."}
)

// why says why a bearer has to go, nil for one who stays. Keys may be withdrawn
// while calls go on; a token that is withdrawn ends its bearers' presence, and
// that of all who came in by what was made from it.
func (b *bearer) why(v *client.View, now time.Time) *signal.Error {
	switch {
	case !b.proof.Until.IsZero() && !now.Before(b.proof.Until):
		return errOutlived
	case slices.ContainsFunc(b.proof.IDs, func(id string) bool { return v.Revoked(b.company, id) }),
		b.provisional && b.proof.Key != "" && !v.Usable(b.company, b.proof.Key):
		return errWithdrawn
	}
	return nil
}

// bearers are those of a node.
type bearers struct {
	mu  sync.Mutex
	all map[*bearer]bool
}

func newBearers() *bearers { return &bearers{all: map[*bearer]bool{}} }

// add files a bearer; nil for who came in without a token.
func (l *bearers) add(b *bearer) *bearer {
	if b.proof.Token == "" {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[b] = true
	return b
}

func (l *bearers) remove(b *bearer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, b)
}

// check ends who has to go. Once the copy has what control has, whoever stays is
// provisional no more.
func (l *bearers) check(v *client.View, current bool, now time.Time) {
	gone := map[*bearer]*signal.Error{}
	l.mu.Lock()
	for b := range l.all {
		if why := b.why(v, now); why != nil {
			gone[b] = why
			delete(l.all, b)
		} else if current {
			b.provisional = false
		}
	}
	l.mu.Unlock()
	for b, why := range gone {
		b.end(why)
	}
}

// welcome looks at one who has just been let in once more: by a ticket nobody was
// asked about the token, and it may have been withdrawn on the way in.
func (n *Node) welcome(b *bearer) error {
	if b == nil {
		return nil
	}
	switch why := b.why(n.cfg.Configuration.View(), time.Now()); why {
	case nil:
		return nil
	case errOutlived:
		return signal.Refuse(signal.Code(token.ErrExpired.Code()), why.Message, token.ErrExpired)
	default:
		return signal.Refuse(signal.Code(token.ErrRevoked.Code()), why.Message, token.ErrRevoked)
	}
}

// tokensChanged hears that keys or revocations may have changed.
func (n *Node) tokensChanged(*client.View) {
	select {
	case n.withdrawn <- struct{}{}:
	default: // they are looked at soon
	}
}

// outlivedEvery is how often it is looked whose token has ended.
const outlivedEvery = time.Second

// watchBearers ends those whose token is withdrawn, or over where presences end
// with it.
func (n *Node) watchBearers() {
	tick := time.NewTicker(outlivedEvery)
	defer tick.Stop()
	for {
		n.checkBearers()
		select {
		case <-n.ctx.Done():
			return
		case <-n.withdrawn:
		case <-tick.C:
		}
	}
}

func (n *Node) checkBearers() {
	current := n.cfg.Configuration.Connected() // before the view is read
	n.bearers.check(n.cfg.Configuration.View(), current, time.Now())
}
