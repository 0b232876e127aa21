package signal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Subprotocol is what a client names in Sec-WebSocket-Protocol.
const Subprotocol = "meridian.v1"

// Times of a socket. PingInterval is what clients are told; a client that says
// nothing for readTimeout is gone (seven pings, so that a stalled Wi-Fi
// hand-over of a few seconds is not).
const (
	PingInterval = 2 * time.Second
	joinTimeout  = 10 * time.Second // until the first message has come
	admitTimeout = 15 * time.Second // more than a room takes to say that it is not reachable
	readTimeout  = 15 * time.Second
	writeTimeout = 5 * time.Second
	endGrace     = time.Second
)

// Close codes of our own (RFC 6455 section 7.4.2).
const (
	closeEnded   websocket.StatusCode = 4000
	closeRefused websocket.StatusCode = 4001
)

// slowLane is how many requests that wait for other nodes (chat, offers) one
// client may have under way.
const slowLane = 16

// Host admits participants; an edge node is one.
type Host interface {
	// Join admits the participant or says why not (*Error). What happens in the
	// room from then on goes to out.
	Join(ctx context.Context, j Join, out *Outbox) (Session, Joined, error)
}

// Session is one participant's attachment as signalling sees it.
type Session interface {
	Subscribe(a Assignment) []FailedTrack
	SetMedia(m Media)
	Rename(name string) error
	Chat(ctx context.Context, id, text string) (seq uint64, err error)
	Offer(ctx context.Context, offer string, up Up) (string, SlotMIDs, error)
	Leave() // the participant left
	Lost()  // the socket is gone; the participant may come back
}

// Sockets serves the WebSocket endpoint.
type Sockets struct {
	host Host
	log  *slog.Logger

	ctx    context.Context // of every socket
	cancel context.CancelFunc

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// NewSockets makes the handler of the WebSocket endpoint.
func NewSockets(host Host, log *slog.Logger) *Sockets {
	s := &Sockets{host: host, log: log}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close takes no new socket, gives those that have been told why they end a
// moment to say so, and returns when all are closed.
func (s *Sockets) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	cut := time.AfterFunc(endGrace, s.cancel)
	s.wg.Wait()
	cut.Stop()
	s.cancel()
}

func (s *Sockets) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Add(1)
	return true
}

// ServeHTTP upgrades and serves one client until it leaves, is ended or is lost.
func (s *Sockets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "this node is stopping", http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol},
		// Any origin: a join carries its own authority and no cookie counts, so
		// a foreign page can do nothing here that a program could not. And the
		// page of a dead POP must get in here.
		InsecureSkipVerify: true,
	})
	if err != nil {
		return
	}
	conn.SetReadLimit(MaxOffer + 1024)
	c := &socket{conn: conn, out: NewOutbox(), log: s.log}
	c.serve(s.ctx, s.host, r)
}

// socket is one client's connection: a reader (serve), a writer and a lane for
// requests that wait for other nodes.
type socket struct {
	conn *websocket.Conn
	out  *Outbox
	log  *slog.Logger
	slow chan Request
}

func (c *socket) serve(ctx context.Context, host Host, r *http.Request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.conn.CloseNow()

	session, err := c.join(ctx, host, r)
	if err != nil {
		return
	}
	c.slow = make(chan Request, slowLane)
	var wg sync.WaitGroup
	wg.Go(func() { defer cancel(); c.write(ctx) })
	wg.Go(func() { c.runSlow(ctx, session) })
	left := c.read(ctx, session)
	close(c.slow)
	if left {
		session.Leave()
	} else {
		session.Lost()
	}
	cancel()
	wg.Wait()
	if left {
		c.conn.Close(websocket.StatusNormalClosure, "left")
	}
}

// join reads the first message and has the host decide.
func (c *socket) join(ctx context.Context, host Host, r *http.Request) (Session, error) {
	first, cancel := context.WithTimeout(ctx, joinTimeout)
	_, b, err := c.conn.Read(first)
	cancel()
	if err != nil {
		return nil, err
	}
	trace := NewTrace()
	admission, cancel := context.WithTimeout(ctx, admitTimeout)
	session, joined, err := c.admit(admission, host, r, b, trace)
	cancel()
	if err != nil {
		e := asError(err, Refused)
		level := slog.LevelInfo
		if e.Code == Internal {
			level = slog.LevelError
		}
		c.log.Log(ctx, level, "join refused", "trace", trace, "code", string(e.Code), "cause", e.Cause)
		_ = c.send(ctx, e.fault(""))
		c.conn.Close(closeRefused, string(e.Code))
		return nil, err
	}
	if err := c.send(ctx, joined); err != nil {
		session.Lost()
		return nil, err
	}
	return session, nil
}

func (c *socket) admit(ctx context.Context, host Host, r *http.Request, b []byte, trace string) (Session, Joined, error) {
	j, err := ParseJoin(b)
	if err != nil {
		return nil, Joined{}, err
	}
	j.Host, j.UserAgent, j.Trace = r.Host, r.UserAgent(), trace
	return host.Join(ctx, j, c.out)
}

// read serves requests until the socket ends; it says whether the client left on purpose.
func (c *socket) read(ctx context.Context, s Session) (left bool) {
	for {
		rctx, cancel := context.WithTimeout(ctx, readTimeout)
		_, b, err := c.conn.Read(rctx)
		cancel()
		if err != nil {
			return websocket.CloseStatus(err) == websocket.StatusNormalClosure
		}
		req, err := ParseRequest(b)
		if err != nil {
			c.out.Send(asError(err, Failed).fault(req.ID))
			continue
		}
		if req.Type == "leave" {
			return true
		}
		c.handle(s, req)
	}
}

func (c *socket) handle(s Session, r Request) {
	switch r.Type {
	case "ping":
		c.out.Send(Pong{Type: "pong", T: r.T})
	case "subscribe":
		failed := s.Subscribe(Assignment{Video: r.Video, Audio: r.Audio})
		if failed == nil {
			failed = []FailedTrack{}
		}
		c.out.Send(Subscribed{Type: "subscribed", Seq: r.Seq, Failed: failed})
	case "media":
		s.SetMedia(r.Media)
	case "rename":
		if err := s.Rename(r.Name); err != nil {
			c.out.Send(asError(err, Failed).fault(r.ID))
		}
	case "chat", "offer":
		select {
		case c.slow <- r:
		default:
			c.out.Send(Fault{Type: string(Failed), ID: r.ID, Code: RateLimited, Message: "Too many requests at once."})
		}
	default:
		c.out.Send(Fault{Type: string(Failed), ID: r.ID, Code: BadMessage, Message: "type: " + clip(r.Type) + " is not known"})
	}
}

// runSlow serves, in order, the requests that wait for others.
func (c *socket) runSlow(ctx context.Context, s Session) {
	for r := range c.slow {
		if ctx.Err() != nil {
			continue
		}
		if r.Type == "offer" {
			answer, slots, err := s.Offer(ctx, r.Offer, r.Up)
			if err != nil {
				c.out.Send(asError(err, Failed).fault(r.ID))
				continue
			}
			c.out.Send(Answer{Type: "answer", ID: r.ID, Answer: answer, Slots: slots})
			continue
		}
		if len(r.Text) > MaxChat {
			c.out.Send(Fault{Type: string(Failed), ID: r.ID, Code: ChatTooLong, Message: "text: a message has at most 8 KiB"})
			continue
		}
		seq, err := s.Chat(ctx, r.ID, r.Text)
		if err != nil {
			c.out.Send(asError(err, Failed).fault(r.ID))
			continue
		}
		c.out.Send(Ack{Type: "ack", ID: r.ID, Seq: seq})
	}
}

// write drains the outbox until it ends or the socket does.
func (c *socket) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.out.wake:
		}
		queue, end := c.out.take()
		for _, m := range queue {
			if err := c.send(ctx, m); err != nil {
				return
			}
		}
		if end != nil {
			ectx, cancel := context.WithTimeout(ctx, endGrace)
			_ = c.send(ectx, end.fault(""))
			cancel()
			c.conn.Close(closeEnded, string(end.Code))
			return
		}
	}
}

func (c *socket) send(ctx context.Context, m any) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err = c.conn.Write(ctx, websocket.MessageText, b)
	if err != nil && !errors.Is(err, context.Canceled) {
		c.log.Debug("write to client", "err", err)
	}
	return err
}

// NewTrace makes the id that follows a join through edge, home and relay.
func NewTrace() string { return rand.Text()[:16] }
