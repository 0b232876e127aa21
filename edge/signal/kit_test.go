package signal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// fakeSession records what a client asks for.
type fakeSession struct {
	chatting chan string   // receives the id of each message that has arrived
	answer   chan struct{} // lets one message go; nil: at once
	over     chan string   // left or lost, once

	mu    sync.Mutex
	did   []string
	next  uint64
	views []*View // as last set
}

func newFakeSession() *fakeSession {
	return &fakeSession{chatting: make(chan string, 100), over: make(chan string, 10)}
}

func (s *fakeSession) note(what string) {
	s.mu.Lock()
	s.did = append(s.did, what)
	s.mu.Unlock()
}

func (s *fakeSession) count(what string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.did {
		if d == what {
			n++
		}
	}
	return n
}

func (s *fakeSession) Subscribe(a Assignment) (failed []FailedTrack) {
	s.note("subscribe")
	for _, v := range a.Video {
		if v != nil {
			failed = append(failed, FailedTrack{*v, NoSuchTrack})
		}
	}
	return failed
}
func (s *fakeSession) SetViews(views []*View) {
	s.note("views")
	s.mu.Lock()
	s.views = views
	s.mu.Unlock()
}
func (s *fakeSession) SetMedia(Media) { s.note("media") }
func (s *fakeSession) Rename(name string) error {
	s.note("rename")
	if name == "" {
		return fmt.Errorf("secret: %w", io.ErrUnexpectedEOF)
	}
	return nil
}
func (s *fakeSession) Chat(ctx context.Context, id, _ string) (uint64, error) {
	s.chatting <- id
	if s.answer != nil {
		select {
		case <-s.answer:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return s.next, nil
}
func (s *fakeSession) Act(_ context.Context, a Act) error {
	s.note(strings.TrimSpace(fmt.Sprint(a.Verb, " ", a.Peer, " ", string(a.Value))))
	switch a.Verb {
	case "fly":
		return &Error{Kind: Failed, Code: BadMessage, Message: "verb: is not known"}
	case "kick":
		return &Error{Kind: Failed, Code: NotAllowed}
	}
	return nil
}
func (s *fakeSession) People(q Lookup) (Page, error) {
	s.note(fmt.Sprint("people ", q.Match))
	if q.Match == "secret" {
		return Page{}, &Error{Kind: Failed, Code: NotAllowed}
	}
	return Page{People: []Person{{Peer: "v1", Name: q.Match}}, Next: "more", Total: 7}, nil
}
func (s *fakeSession) Offer(_ context.Context, offer string, _ Up) (string, SlotMIDs, error) {
	s.note("offer")
	return fmt.Sprint(len(offer)), SlotMIDs{Video: []string{"5"}}, nil
}
func (s *fakeSession) Leave() { s.over <- "left" }
func (s *fakeSession) Away()  { s.over <- "away" }
func (s *fakeSession) Lost()  { s.over <- "lost" }

// fakeHost admits everyone to one session, unless err says why not.
type fakeHost struct {
	session *fakeSession
	err     error
	wait    bool          // until the context is over
	checks  bool          // the company's server is asked first
	admit   chan struct{} // everybody waits in the lobby for one each; nil: nobody does
	gone    chan error    // who gave up waiting
	outs    chan *Outbox
}

func (h *fakeHost) Join(ctx context.Context, j Join, out *Outbox) (Session, Joined, error) {
	if h.wait {
		<-ctx.Done()
		return nil, Joined{}, context.Cause(ctx)
	}
	if h.err != nil {
		return nil, Joined{}, h.err
	}
	if h.checks {
		j.Checking()
	}
	if h.admit != nil {
		j.Waiting()
		select {
		case <-h.admit:
		case <-ctx.Done():
			h.gone <- context.Cause(ctx)
			return nil, Joined{}, context.Cause(ctx)
		}
	}
	out.Send(Update{Type: "update", Version: 2}) // must not overtake joined
	h.outs <- out
	return h.session, Joined{Type: "joined", V: Version, Peer: "ann", Trace: j.Trace}, nil
}

// server serves sockets of one host, and records the log.
type server struct {
	*fakeHost
	*Sockets
	t   *testing.T
	url string
	log *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func serve(t *testing.T) *server {
	s := newServer(t)
	h := httptest.NewServer(s.Sockets)
	t.Cleanup(func() { s.Sockets.Close(); h.Close() })
	s.url = "ws" + strings.TrimPrefix(h.URL, "http")
	return s
}

// newServer is one that nobody reaches yet.
func newServer(t *testing.T) *server {
	log := &lockedBuffer{}
	s := &server{t: t, log: log, fakeHost: &fakeHost{session: newFakeSession(), outs: make(chan *Outbox, 10)}}
	s.Sockets = NewSockets(s.fakeHost, slog.New(slog.NewTextHandler(log, nil)))
	return s
}

// peer is a client of the tests.
type peer struct {
	*websocket.Conn
	t *testing.T
}

const goodJoin = `{"type":"join","v":1,"room":"demo","offer":"v=0"}`

func (s *server) dial() *peer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{Subprotocols: []string{Subprotocol}})
	if err != nil {
		s.t.Fatal(err)
	}
	c.SetReadLimit(4 << 20)
	s.t.Cleanup(func() { _ = c.CloseNow() })
	return &peer{c, s.t}
}

// join dials, joins and reads what follows.
func (s *server) join() *peer {
	s.t.Helper()
	p := s.dial()
	p.say(goodJoin)
	for _, want := range []string{"joined", "update"} {
		if m := p.hear(); m["type"] != want {
			s.t.Fatalf("heard %v, want %s", m, want)
		}
	}
	return p
}

func (p *peer) say(m string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) next() (map[string]any, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	_, b, err := p.Read(ctx)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(b, &m)
}

func (p *peer) hear() map[string]any {
	p.t.Helper()
	m, err := p.next()
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// ends reads until the socket closes and returns how.
func (p *peer) ends() websocket.StatusCode {
	for {
		if _, err := p.next(); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func (s *server) isOver(want string) {
	s.t.Helper()
	select {
	case got := <-s.session.over:
		if got != want {
			s.t.Errorf("the session was told %s, want %s", got, want)
		}
	case <-time.After(patience):
		s.t.Fatalf("the session was never told %s", want)
	}
}
