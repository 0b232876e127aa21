package signal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; none of them comes near it.
const patience = 20 * time.Second

// fakeSession records what a client asks for.
type fakeSession struct {
	chatting chan string   // receives the id of each message that has arrived
	answer   chan struct{} // lets one message go; nil: at once
	over     chan string   // left or lost, once

	mu   sync.Mutex
	did  []string
	next uint64
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
func (s *fakeSession) Offer(_ context.Context, offer string, _ Up) (string, SlotMIDs, error) {
	s.note("offer")
	return fmt.Sprint(len(offer)), SlotMIDs{Video: []string{"5"}}, nil
}
func (s *fakeSession) Leave() { s.over <- "left" }
func (s *fakeSession) Lost()  { s.over <- "lost" }

// fakeHost admits everyone to one session, unless err says why not.
type fakeHost struct {
	session *fakeSession
	err     error
	wait    bool // until the context is over
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
	log := &lockedBuffer{}
	s := &server{t: t, log: log, fakeHost: &fakeHost{session: newFakeSession(), outs: make(chan *Outbox, 10)}}
	s.Sockets = NewSockets(s.fakeHost, slog.New(slog.NewTextHandler(log, nil)))
	h := httptest.NewServer(s.Sockets)
	t.Cleanup(func() { s.Sockets.Close(); h.Close() })
	s.url = "ws" + strings.TrimPrefix(h.URL, "http")
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

func TestSocketServesRequests(t *testing.T) {
	s := serve(t)
	p := s.join()
	for _, c := range []struct{ in, want string }{
		{`{"type":"ping","t":1.5}`, `{"t":1.5,"type":"pong"}`},
		{`{"type":"subscribe","seq":3,"video":["k.camera",null]}`, `{"failed":[{"code":"no_such_track","track":"k.camera"}],"seq":3,"type":"subscribed"}`},
		{`{"type":"subscribe","seq":4,"audio":[null]}`, `{"failed":[],"seq":4,"type":"subscribed"}`},
		{`{"type":"chat","id":"c1","text":"hi"}`, `{"id":"c1","seq":1,"type":"ack"}`},
		{`{"type":"offer","id":"o1","offer":"v=0"}`, `{"answer":"3","id":"o1","slots":{"audio":null,"video":["5"]},"type":"answer"}`},
	} {
		p.say(c.in)
		if got, _ := json.Marshal(p.hear()); string(got) != c.want {
			t.Errorf("%s is answered with %s, want %s", c.in, got, c.want)
		}
	}
	for _, c := range []struct {
		in   string
		id   any
		code Code
	}{
		{`{"type":"dance","id":"d"}`, "d", BadMessage},
		{`{"type":"chat","id":7}`, nil, BadMessage},
		{`[]`, nil, BadMessage},
		{`{"type":"rename","id":"r"}`, "r", Internal},
		{`{"type":"chat","id":"c2","text":"` + strings.Repeat("x", MaxChat+1) + `"}`, "c2", ChatTooLong},
		{`{"type":"chat","id":"c3","text":"` + strings.Repeat("x", MaxMessage) + `"}`, "c3", BadMessage},
		{`{"type":"chat","id":"` + strings.Repeat("x", maxID+1) + `"}`, strings.Repeat("x", 32) + "…", BadMessage},
		{`{"type":"subscribe","id":"s","video":["` + strings.Repeat("x", maxTrack+1) + `"]}`, "s", BadMessage},
	} {
		p.say(c.in)
		m := p.hear()
		if m["type"] != "error" || m["code"] != string(c.code) || m["id"] != c.id {
			t.Errorf("%.60s is answered with %v, want %s", c.in, m, c.code)
		}
		if strings.Contains(fmt.Sprint(m), "EOF") || strings.Contains(fmt.Sprint(m), "secret") {
			t.Errorf("the cause is shown: %v", m)
		}
	}
	if err := p.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	if m := p.hear(); m["code"] != string(BadMessage) {
		t.Errorf("a binary frame is answered with %v", m)
	}
	// An offer may be long, and more than that ends the socket.
	p.say(`{"type":"offer","id":"o2","offer":"` + strings.Repeat("x", MaxOffer-100) + `"}`)
	if m := p.hear(); m["type"] != "answer" {
		t.Errorf("a long offer is answered with %v", m)
	}
	p.say(`{"type":"offer","id":"o3","offer":"` + strings.Repeat("x", MaxOffer+2048) + `"}`)
	if got := p.ends(); got != websocket.StatusMessageTooBig {
		t.Errorf("a message over every limit closes with %v", got)
	}
	s.isOver("lost")
}

func TestSocketRefusals(t *testing.T) {
	for _, c := range []struct {
		name, first string
		err         error
		want        Code
	}{
		{"full", goodJoin, Refuse(Full, "The meeting is full.", nil), Full},
		{"our fault", goodJoin, fmt.Errorf("secret: %w", io.ErrUnexpectedEOF), Internal},
		{"other first message", `{"type":"ping"}`, nil, BadMessage},
		{"not JSON", `hello`, nil, BadMessage},
		{"other version", `{"type":"join","v":2,"room":"demo","offer":"v=0"}`, nil, UnsupportedVersion},
		{"too long", `{"type":"join","v":1,"room":"demo","offer":"` + strings.Repeat("x", MaxOffer) + `"}`, nil, BadMessage},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t)
			s.err = c.err
			p := s.dial()
			p.say(c.first)
			m := p.hear()
			if m["type"] != "refused" || m["code"] != string(c.want) || strings.Contains(fmt.Sprint(m), "secret") {
				t.Errorf("refused with %v, want %s", m, c.want)
			}
			if got := p.ends(); got != closeRefused {
				t.Errorf("closed with %v, want %v", got, closeRefused)
			}
		})
	}
}

func TestSocketRefusesABinaryJoin(t *testing.T) {
	p := serve(t).dial()
	if err := p.Write(t.Context(), websocket.MessageBinary, []byte(goodJoin)); err != nil {
		t.Fatal(err)
	}
	if m := p.hear(); m["type"] != "refused" || m["code"] != string(BadMessage) {
		t.Errorf("answered with %v", m)
	}
}

func TestSocketTellsWhyItEnds(t *testing.T) {
	s := serve(t)
	p := s.join()
	out := <-s.outs
	out.Send(Speaking{Type: "speaking"})
	out.End(&Error{Kind: Ended, Code: Superseded, Message: "elsewhere"})
	out.Send(Speaking{Type: "speaking"}) // too late
	if m := p.hear(); m["type"] != "speaking" {
		t.Errorf("what waited came as %v", m)
	}
	if m := p.hear(); m["type"] != "ended" || m["code"] != string(Superseded) {
		t.Errorf("ended with %v", m)
	}
	if got := p.ends(); got != closeEnded {
		t.Errorf("closed with %v, want %v", got, closeEnded)
	}
	s.isOver("lost")
}

func TestSocketTellsLeavingFromLosing(t *testing.T) {
	s := serve(t)
	p := s.join()
	p.say(`{"type":"leave"}`)
	if got := p.ends(); got != websocket.StatusNormalClosure {
		t.Errorf("leaving closes with %v", got)
	}
	s.isOver("left")

	p = s.join()
	p.Conn.Close(websocket.StatusNormalClosure, "")
	s.isOver("left")

	p = s.join()
	p.Conn.Close(websocket.StatusGoingAway, "")
	s.isOver("lost")

	p = s.join()
	_ = p.CloseNow()
	s.isOver("lost")
}

// TestChatKeepsItsOrderAndHoldsUpNothing: messages are written one after the
// other, and an ICE restart does not wait for them.
func TestChatKeepsItsOrderAndHoldsUpNothing(t *testing.T) {
	s := serve(t)
	s.session.answer = make(chan struct{})
	p := s.join()
	for i := range 3 {
		p.say(fmt.Sprintf(`{"type":"chat","id":"c%d","text":"hi"}`, i))
	}
	p.say(`{"type":"offer","id":"o1","offer":"v=0"}`)
	if m := p.hear(); m["type"] != "answer" {
		t.Fatalf("while chat waits an offer is answered with %v", m)
	}
	for i := range 3 {
		if got := <-s.session.chatting; got != fmt.Sprint("c", i) {
			t.Errorf("message %d to be written is %s", i, got)
		}
		if n := len(s.session.chatting); n != 0 {
			t.Errorf("%d messages overtake the one that waits", n)
		}
		s.session.answer <- struct{}{}
		if m := p.hear(); m["id"] != fmt.Sprint("c", i) || m["seq"] != float64(i+1) {
			t.Errorf("message %d is acknowledged by %v", i, m)
		}
	}
}

// TestChatQueueIsBounded: more than a lane holds is refused, not kept.
func TestChatQueueIsBounded(t *testing.T) {
	s := serve(t)
	s.session.answer = make(chan struct{})
	p := s.join()
	p.say(`{"type":"chat","id":"first","text":"hi"}`)
	<-s.session.chatting
	for i := range laneLength + 1 {
		p.say(fmt.Sprintf(`{"type":"chat","id":"c%d","text":"hi"}`, i))
	}
	if m := p.hear(); m["code"] != string(RateLimited) || m["id"] != fmt.Sprint("c", laneLength) {
		t.Errorf("the message too many is answered with %v", m)
	}
	close(s.session.answer)
}

// TestFloodsAreLimited: each kind of flood is answered with rate_limited, and
// what got through is about the burst.
func TestFloodsAreLimited(t *testing.T) {
	for _, c := range []struct {
		kind, message string
		burst         int
	}{
		{"media", `{"type":"media","id":"x","mic":true}`, changeBurst},
		{"rename", `{"type":"rename","id":"x","name":"Bea"}`, changeBurst},
	} {
		t.Run(c.kind, func(t *testing.T) {
			s := serve(t)
			p := s.join()
			began := time.Now()
			const sent = 4 * changeBurst
			for range sent {
				p.say(c.message)
			}
			p.say(`{"type":"ping","t":1}`)
			limited := 0
			for m := p.hear(); m["type"] != "pong"; m = p.hear() {
				if m["code"] == string(RateLimited) && m["id"] == "x" {
					limited++
				}
			}
			got, most := s.session.count(c.kind), c.burst+1+int(time.Since(began).Seconds()*changeRate)
			if got+limited != sent || got < c.burst || got > most {
				t.Errorf("of %d, %d were done and %d refused; want %d to %d done and the rest refused", sent, got, limited, c.burst, most)
			}
		})
	}
}

// TestSubscribesAreDelayed: a flood of them loses none.
func TestSubscribesAreDelayed(t *testing.T) {
	s := serve(t)
	p := s.join()
	const sent = subscribeBurst + 5
	for i := range sent {
		p.say(fmt.Sprintf(`{"type":"subscribe","seq":%d,"video":[null]}`, i))
	}
	for i := range sent {
		if m := p.hear(); m["seq"] != float64(i) {
			t.Fatalf("choice %d is answered with %v", i, m)
		}
	}
}

func TestBucketWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bucket{rate: 2, burst: 3}
		began := time.Now()
		for range 7 {
			if !b.wait(t.Context()) {
				t.Fatal("gave up")
			}
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("4 tokens above the burst took %v of simulated time, want 2s", took)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if b.wait(over) {
			t.Error("waited for a token though nobody wants it any more")
		}
	})
}

func TestBucket(t *testing.T) {
	b := bucket{rate: 2, burst: 3}
	now := time.Unix(1, 0)
	took := func() (n int) {
		for b.take(now) {
			n++
		}
		return n
	}
	for i, c := range []struct {
		after time.Duration
		want  int
	}{{0, 3}, {0, 0}, {time.Second, 2}, {400 * time.Millisecond, 0}, {100 * time.Millisecond, 1}, {time.Hour, 3}} {
		now = now.Add(c.after)
		if got := took(); got != c.want {
			t.Errorf("step %d: %d tokens, want %d", i, got, c.want)
		}
	}
}

// TestSlowReaderIsEnded: an outbox that overflows ends the socket, though the
// client reads nothing at all.
func TestSlowReaderIsEnded(t *testing.T) {
	s := serve(t)
	p := s.join()
	out := <-s.outs
	long := strings.Repeat("x", 64<<10)
	for range 3 * outboxLimit {
		out.Send(Fault{Type: "error", Message: long})
	}
	s.isOver("lost")
	if got := p.ends(); got == websocket.StatusNormalClosure {
		t.Errorf("closed with %v", got)
	}
}

// mute is a client that opens a socket by hand and never reads from it again.
func (s *server) mute(first string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "ws://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if first != "" {
		if len(first) > 125 {
			s.t.Fatal("needs a longer frame header")
		}
		_, _ = conn.Write(append([]byte{0x81, 0x80 | byte(len(first)), 0, 0, 0, 0}, first...)) // RFC 6455 section 5.2, mask 0
	}
}

// TestCloseWaitsForNoClient: whatever state a silent client's socket is in,
// Close takes a moment. The bound is far from what clients could make it wait.
func TestCloseWaitsForNoClient(t *testing.T) {
	for _, c := range []struct {
		name, first string
		prepare     func(*server)
	}{
		{"before join", "", func(*server) {}},
		{"refused", goodJoin, func(s *server) { s.err = Refuse(Full, "full", nil) }},
		{"while it joins", goodJoin, func(s *server) { s.wait = true }},
		{"joined", goodJoin, func(*server) {}},
		{"ended", goodJoin, func(*server) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t)
			c.prepare(s)
			s.mute(c.first)
			if c.name == "joined" || c.name == "ended" {
				out := <-s.outs
				if c.name == "ended" {
					out.End(&Error{Kind: Ended, Code: NodeDraining})
				}
			}
			closed := make(chan struct{})
			go func() { defer close(closed); s.Sockets.Close() }()
			select {
			case <-closed:
			case <-time.After(4 * endGrace):
				t.Error("Close still waits")
				<-closed
			}
			s.log.mu.Lock()
			defer s.log.mu.Unlock()
			if strings.Contains(s.log.b.String(), "ERROR") {
				t.Errorf("closing is logged as a fault: %s", s.log.b.String())
			}
		})
	}
}

func TestClosedSocketsTakeNobody(t *testing.T) {
	s := serve(t)
	s.Sockets.Close()
	_, res, err := websocket.Dial(t.Context(), s.url, nil)
	if err == nil || res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("dial after Close: %v, %v", err, res)
	}
	if errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
