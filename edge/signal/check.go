package signal

import (
	"context"
	"fmt"
	"time"

	"github.com/coder/websocket"
)

// A check is over after checkTime, or when the client closes the socket; it may
// try as many ways to the node's media.
const (
	checkTime = 20 * time.Second
	checkWays = 4
)

// Check is the first message of a client that only wants to know whether it
// could be in a call, and any message after it.
type Check struct {
	Type  string `json:"type"`
	V     int    `json:"v"`
	ID    string `json:"id"`
	Offer string `json:"offer"`

	Trace string `json:"-"`
}

// Checked answers a Check: a transport that carries nothing waits for the client
// until the socket ends.
type Checked struct {
	Type       string      `json:"type"`
	ID         string      `json:"id"`
	Answer     string      `json:"answer"`
	ICEServers []ICEServer `json:"ice_servers"`
}

// Checker is a Host that lets clients try its media without a place in a room.
type Checker interface {
	// Check answers an offer with a transport that ends with ctx, or says why
	// not (*Error).
	Check(ctx context.Context, c Check) (Checked, error)
}

// ParseCheck reads a message of a client that checks.
func ParseCheck(b []byte) (Check, error) {
	var c Check
	if len(b) > MaxMessage {
		return c, fmt.Errorf("%w: check is longer than %d bytes", errBadMessage, MaxMessage)
	}
	if err := decode(b, &c); err != nil {
		return c, err
	}
	switch {
	case c.Type != "check":
		return c, fmt.Errorf("%w: type: %q is not check", errBadMessage, clip(c.Type))
	case c.V != Version:
		return c, &Error{Kind: Refused, Code: UnsupportedVersion, Message: fmt.Sprintf("This server speaks version %d of the protocol, not %d.", Version, c.V)}
	case c.ID == "" || len(c.ID) > maxID:
		return c, fmt.Errorf("%w: id: has 1 to %d bytes", errBadMessage, maxID)
	case c.Offer == "":
		return c, fmt.Errorf("%w: offer: is missing", errBadMessage)
	}
	return c, nil
}

// checks reports whether a first message is one of a client that checks.
func checks(b []byte) bool {
	var m struct {
		Type string `json:"type"`
	}
	return len(b) <= MaxMessage && decode(b, &m) == nil && m.Type == "check"
}

// check serves a client that checks, and returns why that is over.
func (c *socket) check(parent context.Context, host Checker, first []byte, trace string) error {
	ctx, cancel := context.WithTimeout(parent, checkTime)
	defer cancel()
	for b, n := first, 0; n < checkWays; n++ {
		if err := c.way(ctx, host, b, trace); err != nil {
			return err
		}
		kind, next, err := c.conn.Read(ctx)
		if err != nil {
			return errGaveUp
		}
		if kind != websocket.MessageText {
			return errNoText
		}
		b = next
	}
	return &Error{Kind: Refused, Code: TryAgain, Message: "A check tries no more ways than that.", RetryAfter: 1}
}

// way has the host take one offer.
func (c *socket) way(ctx context.Context, host Checker, b []byte, trace string) error {
	m, err := ParseCheck(b)
	if err != nil {
		return err
	}
	m.Trace = trace
	answer, err := host.Check(ctx, m)
	if err != nil {
		return err
	}
	if c.send(ctx, answer) != nil {
		return errGaveUp
	}
	return nil
}
