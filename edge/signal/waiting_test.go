package signal

import (
	"errors"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func (s *server) knock() *peer {
	s.t.Helper()
	s.admit, s.gone = make(chan struct{}), make(chan error, 1)
	p := s.dial()
	p.say(goodJoin)
	if m := p.hear(); m["type"] != "waiting" || m["ping_ms"] != float64(PingInterval.Milliseconds()) {
		s.t.Fatalf("heard %v", m)
	}
	return p
}

// Who waits sees that the node is there, is heard in nothing, and is joined when
// admitted.
func TestWaitingIsAnsweredPingsOnly(t *testing.T) {
	s := serve(t)
	p := s.knock()
	for range 3 {
		p.say(`{"type":"chat","id":"c1","text":"let me in"}`)
		p.say(`{"type":"act","id":"a1","verb":"admit"}`)
		p.say(`{"type":"ping","t":7}`)
		if m := p.hear(); m["type"] != "pong" || m["t"] != 7.0 {
			t.Fatalf("heard %v", m)
		}
	}
	s.admit <- struct{}{}
	for _, want := range []string{"joined", "update"} {
		if m := p.hear(); m["type"] != want {
			t.Fatalf("heard %v, want %s", m, want)
		}
	}
	p.say(`{"type":"chat","id":"c2","text":"hi"}`)
	if m := p.hear(); m["type"] != "ack" || m["id"] != "c2" {
		t.Errorf("heard %v", m)
	}
	if n := len(s.session.did); n != 0 {
		t.Errorf("did %v", s.session.did)
	}
	p.say(`{"type":"leave"}`)
	s.isOver("left")
	if code := p.ends(); code != websocket.StatusNormalClosure {
		t.Errorf("closed with %d", code)
	}
}

func TestWaitingEndsWithItsSocket(t *testing.T) {
	for name, leave := range map[string]func(*peer){
		"leaves":     func(p *peer) { p.say(`{"type":"leave"}`) },
		"closes":     func(p *peer) { _ = p.Close(websocket.StatusGoingAway, "") },
		"disappears": func(p *peer) { _ = p.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			leave(s.knock())
			select {
			case err := <-s.gone:
				if !errors.Is(err, errGaveUp) {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Fatal("still waits")
			}
		})
	}
}
