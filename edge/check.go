package edge

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/signal"
)

// maxChecks is how many transports of checks a node has at once. A client tries
// three ways within a few seconds.
const maxChecks = 48

// checkLifetime is how long the TURN name of a check may be used to allocate.
const checkLifetime = 20 * time.Second

// checks counts the transports of clients that only try whether media gets through.
type checks struct{ open atomic.Int32 }

// take takes one of the places; without success none is left.
func (c *checks) take() bool {
	if c.open.Add(1) <= maxChecks {
		return true
	}
	c.open.Add(-1)
	return false
}

// Check implements signal.Checker. The transport has one slot, in which nothing
// ever is, and no place in a room.
func (n *Node) Check(ctx context.Context, c signal.Check) (signal.Checked, error) {
	if err := n.takesJoins(); err != nil {
		return signal.Checked{}, err
	}
	if !n.checks.take() {
		return signal.Checked{}, &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "Too many check their connection just now; try again in a moment.", RetryAfter: 5}
	}
	transport, err := n.accept(ctx, rtc.Offer{SDP: c.Offer, Name: c.Trace, MaxVideoSlots: -1, MaxAudioSlots: 1})
	if err != nil {
		n.checks.open.Add(-1)
		return signal.Checked{}, err
	}
	n.wg.Go(func() {
		defer n.checks.open.Add(-1)
		select {
		case <-ctx.Done():
		case <-transport.Done():
		}
		transport.Close(errEnded)
	})
	return signal.Checked{Type: "checked", ID: c.ID, Answer: transport.Answer(), ICEServers: n.iceServers(c.Trace, checkLifetime)}, nil
}
