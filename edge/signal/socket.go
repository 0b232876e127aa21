package signal

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Subprotocol is what a client names in Sec-WebSocket-Protocol.
const Subprotocol = "meeting.v1"

// Times of a socket. PingInterval is what clients are told; a client that says
// nothing for readTimeout is gone (seven pings, so that a stalled Wi-Fi
// hand-over of a few seconds is not).
const (
	PingInterval = 2 * time.Second
	joinTimeout  = 10 * time.Second // until the first message has come
	checkTimeout = 45 * time.Second // two questions to a company's server, each twice, and admitTimeout
	admitTimeout = 15 * time.Second // more than a room takes to say that it is not reachable
	readTimeout  = 15 * time.Second
	writeTimeout = 5 * time.Second
	endGrace     = time.Second
	wordGrace    = 250 * time.Millisecond // who leaves ends the media too, and the word of it may be on its way: closing would not hear it
	chatTimeout  = 15 * time.Second       // until a message that nobody acknowledges has failed
)

// Close codes of our own (RFC 6455 section 7.4.2).
const (
	closeEnded   websocket.StatusCode = 4000
	closeRefused websocket.StatusCode = 4001
)

// Host admits participants; an edge node is one.
type Host interface {
	// Join admits the participant or says why not (*Error). What happens in the
	// room from then on goes to out.
	Join(ctx context.Context, j Join, out *Outbox) (Session, Joined, error)
}

// Session is one participant's attachment as signalling sees it.
type Session interface {
	Subscribe(a Assignment) []FailedTrack
	SetViews(views []*View) // as many as the client gave, in slot order
	SetMedia(m Media)
	Rename(name string) error
	Chat(ctx context.Context, id, text string) (seq uint64, err error)
	Act(ctx context.Context, a Act) error
	People(q Lookup) (Page, error)
	Offer(ctx context.Context, offer string, up Up) (string, SlotMIDs, error)
	Leave() // the participant left
	Away()  // the client is gone; the participant may come back at once, or has left
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
	h := &hijacker{ResponseWriter: w}
	conn, err := websocket.Accept(h, r, &websocket.AcceptOptions{
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
	c := &socket{conn: conn, raw: h.raw, out: NewOutbox(), log: s.log, limits: newLimits()}
	c.serve(s.ctx, s.host, r)
}

// hijacker keeps the connection that a socket is made of.
type hijacker struct {
	http.ResponseWriter
	raw net.Conn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.raw = conn
	if t, ok := conn.(*tls.Conn); ok {
		h.raw = t.NetConn() // closing TLS may wait for a client that does not read
	}
	return conn, rw, err
}

// socket is one client's connection: a reader (serve), a writer, and two lanes
// for requests that wait. What the room decides has a lane of its own, because a
// message may wait for a room's next home while an ICE restart is what keeps the media going.
type socket struct {
	conn   *websocket.Conn
	in     chan frame // from listen
	raw    net.Conn   // beneath it, and beneath TLS
	out    *Outbox
	log    *slog.Logger
	limits *limits
	rooms  chan Request
	offers chan Request
}

func (c *socket) serve(parent context.Context, host Host, r *http.Request) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	defer c.conn.CloseNow()

	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	session, err := c.join(ctx, host, r, &wg)
	if err != nil {
		return
	}
	c.rooms, c.offers = make(chan Request, laneLength), make(chan Request, laneLength)
	wg.Go(func() { defer cancel(); c.write(ctx) })
	wg.Go(func() { c.cut(ctx, cancel) })
	wg.Go(func() { c.lane(ctx, c.rooms, func(r Request) any { return c.room(ctx, session, r) }) })
	wg.Go(func() { c.lane(ctx, c.offers, func(r Request) any { return c.offer(ctx, session, r) }) })
	part, said := c.read(ctx, session)
	close(c.rooms)
	close(c.offers)
	part()
	if said { // before cancel, which would cut the connection beneath a message half written
		c.close(parent, websocket.StatusNormalClosure, "left")
	}
	cancel()
	wg.Wait()
}

// close closes the connection. A client that does not answer is waited for no
// longer than endGrace, nor than ctx lasts; the library alone would wait for 5 s.
func (c *socket) close(ctx context.Context, code websocket.StatusCode, reason string) {
	ctx, cancel := context.WithTimeout(ctx, endGrace)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = c.raw.Close() })()
	c.conn.Close(code, reason)
}

// join reads the first message and has the host decide.
func (c *socket) join(ctx context.Context, host Host, r *http.Request, wg *sync.WaitGroup) (Session, error) {
	b, err := c.first(ctx)
	if err != nil && !errors.Is(err, errBadMessage) {
		return nil, err
	}
	trace := NewTrace()
	if checker, ok := host.(Checker); ok && err == nil && checks(b) {
		return nil, c.refuse(ctx, c.check(ctx, checker, b, trace), trace)
	}
	c.in = make(chan frame, 1)
	wg.Go(func() { c.listen(ctx) })
	var session Session
	var joined Joined
	if err == nil {
		session, joined, err = c.admit(ctx, host, r, b, trace)
	}
	if errors.Is(err, errGaveUp) {
		c.log.Info("join given up", "trace", trace)
		return nil, err
	}
	if err != nil {
		return nil, c.refuse(ctx, err, trace)
	}
	if err := c.send(ctx, joined); err != nil {
		session.Lost()
		return nil, err
	}
	return session, nil
}

// refuse tells the client why it is not let in, and returns that.
func (c *socket) refuse(ctx context.Context, err error, trace string) error {
	if errors.Is(err, errGaveUp) || ctx.Err() != nil {
		return err // nobody hears it
	}
	e := asError(err, Refused)
	level := slog.LevelInfo
	if e.Code == Internal {
		level = slog.LevelError
	}
	c.log.Log(ctx, level, "join refused", "trace", trace, "code", string(e.Code), "cause", e.Cause)
	_ = c.send(ctx, e.fault(""))
	c.close(ctx, closeRefused, string(e.Code))
	return err
}

func (c *socket) first(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	kind, b, err := c.conn.Read(ctx)
	if err == nil && kind != websocket.MessageText {
		err = errNoText
	}
	return b, err
}

func (c *socket) admit(ctx context.Context, host Host, r *http.Request, b []byte, trace string) (Session, Joined, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	j, err := ParseJoin(b)
	if err != nil {
		return nil, Joined{}, err
	}
	limit := time.AfterFunc(admitTimeout, func() { cancel(context.DeadlineExceeded) })
	defer limit.Stop()
	over := make(chan struct{})
	var wg sync.WaitGroup
	j.Host, j.From, j.UserAgent, j.Trace = r.Host, addressOf(r), r.UserAgent(), trace
	attend := sync.OnceFunc(func() { wg.Go(func() { c.attend(over, cancel) }) })
	j.Checking = func() {
		limit.Reset(checkTimeout)
		_ = c.send(ctx, Checking{Type: "checking", PingMS: int(PingInterval.Milliseconds())})
		attend()
	}
	j.Connecting = func(m Connect) {
		m.Type, m.PingMS = "connect", int(PingInterval.Milliseconds())
		_ = c.send(ctx, m)
		attend()
	}
	j.Waiting = func() {
		limit.Stop()
		_ = c.send(ctx, Waiting{Type: "waiting", PingMS: int(PingInterval.Milliseconds())})
		attend()
	}
	session, joined, err := host.Join(ctx, j, c.out)
	close(over)
	wg.Wait()
	if err == nil && errors.Is(context.Cause(ctx), errGaveUp) { // just when they were admitted
		session.Leave()
		err = errGaveUp
	}
	return session, joined, err
}

// write drains the outbox until it ends or the socket does.
func (c *socket) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.out.wake:
		}
		queue, end := c.out.Take()
		for _, m := range queue {
			if err := c.send(ctx, m); err != nil {
				return
			}
		}
		if end != nil {
			_ = c.send(ctx, end.fault(""))
			if end.Code == TransportFailed {
				pause(ctx, wordGrace)
			}
			c.close(ctx, closeEnded, string(end.Code))
			return
		}
	}
}

// cut ends the socket of an attachment that is over even if the client reads so
// slowly that it would never get to know.
func (c *socket) cut(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-ctx.Done():
	case <-c.out.over:
		if pause(ctx, writeTimeout) {
			cancel()
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
