package client

import (
	"context"
	"errors"

	"github.com/meridian-video/meridian/edge/signal"
)

// DropSocket cuts the socket without a word; media flows on.
func (c *Client) DropSocket() { _ = c.socket().CloseNow() }

// Reopen opens another socket to the node that the client is attached to, and
// takes its place up again with its media as it is. A *Refusal is returned where
// there is none any more.
func (c *Client) Reopen(ctx context.Context, o Options) error {
	before := c.socket()
	defer func() { _ = before.CloseNow() }()
	if err := c.dial(ctx, o); err != nil {
		return err
	}
	err := c.send(signal.Join{Type: "join", V: signal.Version, Room: o.Room, Resume: c.Joined.Resume, Keep: true, Hear: o.Hear, PageHost: o.PageHost})
	if err != nil {
		return err
	}
	if err := c.answered(ctx, o); err != nil {
		return err
	}
	if c.Joined.Media != signal.MediaKept {
		return errors.New("the node did not keep the media")
	}
	c.mu.Lock()
	c.state.enter(c.Joined)
	c.mu.Unlock()
	c.listen()
	return nil
}

// Move goes on at the node of o as the same participant, make before break: this
// attachment serves until the other's media is connected and it has its place,
// and is still open when Move returns.
func (c *Client) Move(ctx context.Context, o Options) (*Client, error) {
	o.Resume, o.Ahead = c.Joined.Resume, true
	return Join(ctx, o)
}
