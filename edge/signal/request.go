package signal

import (
	"context"
	"time"

	"github.com/coder/websocket"
)

// laneLength is how many messages to the room (chat, caps), and how many offers,
// of one client may wait for their turn.
const laneLength = 16

// read serves requests until the socket ends; it says whether the client left on purpose.
func (c *socket) read(ctx context.Context, s Session) (left bool) {
	for {
		rctx, cancel := context.WithTimeout(ctx, readTimeout)
		kind, b, err := c.conn.Read(rctx)
		cancel()
		if err != nil {
			return websocket.CloseStatus(err) == websocket.StatusNormalClosure
		}
		if !c.limits.all.wait(ctx) {
			return false
		}
		req, err := ParseRequest(b)
		if kind != websocket.MessageText {
			err = errNoText
		}
		if err != nil {
			c.out.Send(asError(err, Failed).fault(clip(req.ID)))
			continue
		}
		if req.Type == "leave" {
			return true
		}
		if (req.Type == "subscribe" || req.Type == "views") && !c.limits.subscribe.wait(ctx) {
			return false
		}
		c.handle(s, req)
	}
}

// pause waits; it says whether ctx still lasts.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

var tooMany = Fault{Type: string(Failed), Code: RateLimited, Message: "Too fast; wait a moment.", RetryAfter: 1}

func (c *socket) handle(s Session, r Request) {
	if !c.limits.allow(r.Type, time.Now()) {
		c.limit(r)
		return
	}
	switch r.Type {
	case "ping":
		c.out.Send(Pong{Type: "pong", T: r.T})
	case "subscribe":
		failed := s.Subscribe(Assignment{Video: r.Video, Audio: r.Audio})
		if failed == nil {
			failed = []FailedTrack{}
		}
		c.out.Send(Subscribed{Type: "subscribed", Seq: r.Seq, Failed: failed})
	case "views":
		s.SetViews(r.Views)
	case "media":
		s.SetMedia(r.Media)
	case "rename":
		if err := s.Rename(r.Name); err != nil {
			c.out.Send(c.failed(err, r))
		}
	case "chat", "bitrate":
		c.queue(c.rooms, r)
	case "offer":
		c.queue(c.offers, r)
	default:
		c.out.Send(Fault{Type: string(Failed), ID: r.ID, Code: BadMessage, Message: "type: " + clip(r.Type) + " is not known"})
	}
}

func (c *socket) queue(lane chan<- Request, r Request) {
	select {
	case lane <- r:
	default:
		c.limit(r)
	}
}

// limit answers a request that was not carried out because there were too many.
func (c *socket) limit(r Request) {
	f := tooMany
	f.ID = r.ID
	c.out.Send(f)
}

// failed is the answer to a request that failed; what is our own fault is logged.
func (c *socket) failed(err error, r Request) Fault {
	e := asError(err, Failed)
	if e.Code == Internal {
		c.log.Error("request failed", "type", r.Type, "err", err)
	}
	return e.fault(r.ID)
}

// lane serves requests that wait for others, in order.
func (c *socket) lane(ctx context.Context, in <-chan Request, serve func(Request) any) {
	for r := range in {
		if ctx.Err() == nil {
			c.out.Send(serve(r))
		}
	}
}

// room does what the room's home decides.
func (c *socket) room(ctx context.Context, s Session, r Request) any {
	if r.Type == "bitrate" {
		return c.bitrate(ctx, s, r)
	}
	return c.chat(ctx, s, r)
}

func (c *socket) chat(ctx context.Context, s Session, r Request) any {
	if len(r.Text) > MaxChat {
		return Fault{Type: string(Failed), ID: r.ID, Code: ChatTooLong, Message: "text: a message has at most 8 KiB"}
	}
	ctx, cancel := context.WithTimeout(ctx, chatTimeout)
	defer cancel()
	seq, err := s.Chat(ctx, r.ID, r.Text)
	if err != nil {
		return c.failed(err, r)
	}
	return Ack{Type: "ack", ID: r.ID, Seq: seq}
}

// bitrate sets the room's cap. Nobody waits longer for it than for a message.
func (c *socket) bitrate(ctx context.Context, s Session, r Request) any {
	ctx, cancel := context.WithTimeout(ctx, chatTimeout)
	defer cancel()
	if err := s.SetBitrate(ctx, *r.Max); err != nil {
		return c.failed(err, r)
	}
	return Ack{Type: "ack", ID: r.ID}
}

func (c *socket) offer(ctx context.Context, s Session, r Request) any {
	answer, slots, err := s.Offer(ctx, r.Offer, r.Up)
	if err != nil {
		return c.failed(err, r)
	}
	return Answer{Type: "answer", ID: r.ID, Answer: answer, Slots: slots}
}
