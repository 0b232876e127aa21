package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/meridian-video/meridian/edge/signal"
)

// Chat writes a message and returns its place once it is acknowledged.
func (c *Client) Chat(ctx context.Context, id, text string) (uint64, error) {
	return c.ask(ctx, id, map[string]any{"type": "chat", "id": id, "text": text})
}

// SetBitrate bounds what everybody in the room may send of video, in bit/s; 0
// removes the bound. It returns once that is acknowledged.
func (c *Client) SetBitrate(ctx context.Context, id string, max int) error {
	return c.Act(ctx, id, "bitrate", "", max)
}

// Act asks the room for something about somebody, or about all; value may be nil.
// It returns once that is acknowledged.
func (c *Client) Act(ctx context.Context, id, verb, peer string, value any) error {
	_, err := c.ask(ctx, id, Act(id, verb, peer, value))
	return err
}

// Act is the message that asks the room for something.
func Act(id, verb, peer string, value any) map[string]any {
	m := map[string]any{"type": "act", "id": id, "verb": verb}
	if peer != "" {
		m["peer_id"] = peer
	}
	if value != nil {
		m["value"] = value
	}
	return m
}

// LookUp looks viewers of a webinar up.
func (c *Client) LookUp(ctx context.Context, id string, q signal.Lookup) (page signal.Page, err error) {
	var fault error
	if err := c.send(map[string]any{"type": "people", "id": id, "after": q.After, "match": q.Match, "limit": q.Limit}); err != nil {
		return page, err
	}
	err = c.Until(ctx, "viewers are looked up", func(State) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f, failed := c.answers.fails[id]; failed {
			fault = fmt.Errorf("look up: %s: %s", f.Code, f.Message)
		}
		var ok bool
		page, ok = c.answers.pages[id]
		return ok || fault != nil
	})
	return page, errors.Join(err, fault)
}

// ask sends a request and waits until it is acknowledged or refused.
func (c *Client) ask(ctx context.Context, id string, m map[string]any) (uint64, error) {
	if err := c.send(m); err != nil {
		return 0, err
	}
	var seq uint64
	var fault error
	err := c.Until(ctx, fmt.Sprintf("%s is acknowledged", m["type"]), func(s State) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f, failed := c.answers.fails[id]; failed {
			fault = fmt.Errorf("%s: %s: %s", m["type"], f.Code, f.Message)
			return true
		}
		var ok bool
		if seq, ok = c.answers.acks[id]; !ok && s.Ended != nil {
			fault = fmt.Errorf("%s: ended: %s", m["type"], s.Ended.Code)
		}
		return ok || fault != nil
	})
	return seq, errors.Join(err, fault)
}

// Subscribe says what each slot shows; "" is nothing.
func (c *Client) Subscribe(video, audio []string) error {
	list := func(in []string) []*string {
		if in == nil {
			return nil
		}
		out := make([]*string, len(in))
		for i := range in {
			if in[i] != "" {
				out[i] = &in[i]
			}
		}
		return out
	}
	return c.send(map[string]any{"type": "subscribe", "seq": 1, "video": list(video), "audio": list(audio)})
}

// SetViews says what each video slot is shown as.
func (c *Client) SetViews(views ...signal.View) error {
	return c.send(map[string]any{"type": "views", "video": views})
}

// SetMedia says what is on.
func (c *Client) SetMedia(m signal.Media) error {
	return c.send(struct {
		Type string `json:"type"`
		signal.Media
	}{"media", m})
}
