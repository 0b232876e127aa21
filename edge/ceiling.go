package edge

import (
	"sync"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// ceiling is a room's cap as one client knows it: the snapshot's, or a later one
// that came before the snapshot did.
type ceiling struct {
	mu      sync.Mutex
	known   bool
	bitrate int
}

// begin takes the snapshot's cap unless a later one is known. tell is called
// with a cap that is new, in order.
func (c *ceiling) begin(bitrate int, tell func(int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		c.take(bitrate, tell)
	}
}

// set takes a cap.
func (c *ceiling) set(bitrate int, tell func(int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(bitrate, tell)
}

// again tells the cap to a client that may not know it, if there is one.
func (c *ceiling) again(tell func(int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bitrate > 0 {
		tell(c.bitrate)
	}
}

// follow takes the caps among a room's events.
func (c *ceiling) follow(events []room.Event, tell func(int)) {
	for _, e := range events {
		if e.Kind == room.EventRules {
			c.set(e.Rules.Bitrate.Value, tell)
		}
	}
}

func (c *ceiling) take(bitrate int, tell func(int)) {
	changed := c.bitrate != bitrate
	c.known, c.bitrate = true, bitrate
	if changed {
		tell(bitrate)
	}
}

// capped reports whether there is a cap.
func (c *ceiling) capped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bitrate > 0
}

// bound takes a new cap: for what the client is sent, and for what it sends.
func (a *attachment) bound(bitrate int) {
	a.slots.bound(bitrate)
	if a.out != nil {
		a.out.Send(signal.BitrateCap{Type: "bitrate", Up: bitrate})
	}
}
