package signal

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"
)

// laneLength is how many messages to the room (chat, acts), and how many offers,
// of one client may wait for their turn.
const laneLength = 16

// frame is what came over a socket, or why nothing comes any more.
type frame struct {
	request Request
	err     error // of the request
	end     error // of the socket
}

// leaves says whether the client says that it is going.
func (f frame) leaves() bool { return f.end == nil && f.err == nil && f.request.Type == "leave" }

// listen reads the socket until it ends or the client leaves, two frames ahead of
// who takes them: so a leave is heard also on a socket that this side is closing.
func (c *socket) listen(ctx context.Context) {
	defer close(c.in)
	for {
		rctx, cancel := context.WithTimeout(ctx, readTimeout)
		kind, b, err := c.conn.Read(rctx)
		cancel()
		f := frame{end: err}
		if err == nil {
			f.request, f.err = ParseRequest(b)
		}
		if err == nil && kind != websocket.MessageText {
			f.err = errNoText
		}
		if !c.pass(ctx, f) || f.end != nil || f.leaves() {
			return
		}
	}
}

// pass hands a frame on; without ctx only where there is room for it.
func (c *socket) pass(ctx context.Context, f frame) bool {
	select {
	case c.in <- f:
		return true
	default:
	}
	select {
	case c.in <- f:
		return true
	case <-ctx.Done():
		return false
	}
}

// errGaveUp ends the waiting, or the check, of who closed the socket or left.
var errGaveUp = errors.New("gave up")

// attend answers who waits to be admitted, until that is over. They may leave and
// see that the node is there, and nothing else.
func (c *socket) attend(over <-chan struct{}, cancel context.CancelCauseFunc) {
	for {
		select {
		case <-over:
			return
		case f, ok := <-c.in:
			switch {
			case !ok, f.end != nil, f.leaves():
				cancel(errGaveUp)
				return
			case f.err == nil && f.request.Type == "ping" && c.limits.all.take(time.Now()):
				_ = c.send(context.Background(), Pong{Type: "pong", T: f.request.T})
			}
		}
	}
}

// read serves requests until the socket ends; it returns what that is to the
// session, and whether the client said so.
func (c *socket) read(ctx context.Context, s Session) (part func(), said bool) {
	for {
		f, ok := <-c.in
		switch {
		case f.leaves() && f.request.Grace:
			return s.Away, true
		case f.leaves(), websocket.CloseStatus(f.end) == websocket.StatusNormalClosure && !c.out.ended():
			return s.Leave, true
		case !ok, f.end != nil:
			return s.Lost, false
		case ctx.Err() != nil, !c.limits.all.wait(ctx):
			continue // to what was said last
		}
		req, err := f.request, f.err
		if err != nil {
			c.out.Send(asError(err, Failed).fault(clip(req.ID)))
			continue
		}
		if (req.Type == "subscribe" || req.Type == "views") && !c.limits.subscribe.wait(ctx) {
			continue
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
	if !c.limits.allow(r, time.Now()) {
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
	case "people":
		page, err := s.People(r.Lookup)
		if err != nil {
			c.out.Send(c.failed(err, r))
			return
		}
		c.out.Send(page.answer(r.ID))
	case "chat", "act":
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
	if r.Type == "act" {
		return c.act(ctx, s, r)
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

// act asks the room for something. Nobody waits longer for it than for a message.
func (c *socket) act(ctx context.Context, s Session, r Request) any {
	ctx, cancel := context.WithTimeout(ctx, chatTimeout)
	defer cancel()
	if err := s.Act(ctx, Act{Verb: r.Verb, Peer: r.About, Value: r.Value}); err != nil {
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
