package signal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/testbed/simnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; none of them comes near it.
const patience = 20 * time.Second

func TestSocketServesRequests(t *testing.T) {
	s := serve(t)
	p := s.join()
	for _, c := range []struct{ in, want string }{
		{`{"type":"ping","t":1.5}`, `{"t":1.5,"type":"pong"}`},
		{`{"type":"subscribe","seq":3,"video":["k.camera",null]}`, `{"failed":[{"code":"no_such_track","track":"k.camera"}],"seq":3,"type":"subscribed"}`},
		{`{"type":"subscribe","seq":4,"audio":[null]}`, `{"failed":[],"seq":4,"type":"subscribed"}`},
		{`{"type":"chat","id":"c1","text":"hi"}`, `{"id":"c1","seq":1,"type":"ack"}`},
		{`{"type":"act","id":"b1","verb":"bitrate","value":300000}`, `{"id":"b1","type":"ack"}`},
		{`{"type":"act","id":"b2","verb":"mute","peer_id":"ann","value":"mic"}`, `{"id":"b2","type":"ack"}`},
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
		{`{"type":"act","id":"b3","verb":"kick","peer_id":"ann"}`, "b3", NotAllowed},
		{`{"type":"act","id":"b4"}`, "b4", BadMessage},
		{`{"type":"act","id":"b5","verb":7}`, "b5", BadMessage},
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
	p.say(`{"type":"leave","grace":true}`)
	if got := p.ends(); got != websocket.StatusNormalClosure {
		t.Errorf("going for a moment closes with %v", got)
	}
	s.isOver("away")

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

// TestLeavingAnEndedSocket: the media of who leaves may end first, with it the
// attachment, and the word of it comes on a socket that is being closed.
func TestLeavingAnEndedSocket(t *testing.T) {
	for word, want := range map[string]string{`{"type":"leave"}`: "left", `{"type":"leave","grace":true}`: "away"} {
		s := serve(t)
		p := s.join()
		(<-s.outs).End(&Error{Kind: Ended, Code: TransportFailed, Message: "over"})
		if m := p.hear(); m["type"] != "ended" {
			t.Fatalf("ended with %v", m)
		}
		p.say(word)
		s.isOver(want)
	}
}

// TestClosingAnEndedSocketSaysNothing: whoever comes back by another closes it too.
func TestClosingAnEndedSocketSaysNothing(t *testing.T) {
	s := serve(t)
	p := s.join()
	(<-s.outs).End(&Error{Kind: Ended, Code: TransportFailed, Message: "over"})
	if m := p.hear(); m["type"] != "ended" {
		t.Fatalf("ended with %v", m)
	}
	p.Conn.Close(websocket.StatusNormalClosure, "")
	s.isOver("lost")
}

// TestLeavingCountsWhenTheSocketIsOver: also if both are there when somebody looks.
func TestLeavingCountsWhenTheSocketIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &socket{in: make(chan frame, 1), out: NewOutbox(), limits: newLimits()}
	if !c.pass(ctx, frame{request: Request{Type: "leave"}}) {
		t.Fatal("there was no room for the word")
	}
	close(c.in)
	session := newFakeSession()
	part, said := c.read(ctx, session)
	go part()
	if over := <-session.over; over != "left" || !said {
		t.Errorf("the session was told %s, %v", over, said)
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
func (s *server) mute(conn net.Conn, first string) {
	s.t.Helper()
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if first != "" {
		if len(first) > 125 {
			s.t.Fatal("needs a longer frame header")
		}
		_, _ = conn.Write(append([]byte{0x81, 0x80 | byte(len(first)), 0, 0, 0, 0}, first...)) // RFC 6455 section 5.2, mask 0
	}
}

// TestCloseWaitsForNoClient: whatever state a silent client's socket is in,
// Close takes a moment, far less than clients could make it wait.
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
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t)
				c.prepare(s)
				n := simnet.New(simnet.Config{Link: simnet.Link{Delay: 20 * time.Millisecond}})
				l, err := n.Host("10.0.0.1").Listen(80)
				if err != nil {
					t.Fatal(err)
				}
				web := &http.Server{Handler: s.Sockets}
				go func() { _ = web.Serve(l) }()
				defer web.Close()
				conn, err := n.Host("10.0.0.2").Dial(t.Context(), "tcp", "10.0.0.1:80")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				s.mute(conn, c.first)
				time.Sleep(200 * time.Millisecond)
				if c.name == "ended" {
					(<-s.outs).End(&Error{Kind: Ended, Code: NodeDraining})
				}
				began := time.Now()
				s.Sockets.Close()
				if took := time.Since(began); took > 2*endGrace {
					t.Errorf("Close took %v", took)
				}
				if strings.Contains(s.log.b.String(), "ERROR") {
					t.Errorf("closing is logged as a fault: %s", s.log.b.String())
				}
			})
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
