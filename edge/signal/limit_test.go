package signal

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

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

// TestViewsAreDelayed: they share what subscribe may use, and the last one counts.
func TestViewsAreDelayed(t *testing.T) {
	s := serve(t)
	p := s.join()
	const sent = subscribeBurst + 5
	for i := range sent {
		p.say(fmt.Sprintf(`{"type":"views","video":[{"width":%d,"height":360,"priority":"other","visible":true},null]}`, i))
	}
	p.say(`{"type":"ping","t":1}`)
	if m := p.hear(); m["type"] != "pong" {
		t.Fatalf("views are answered with %v", m)
	}
	if n := s.session.count("views"); n != sent {
		t.Errorf("%d of %d views were set", n, sent)
	}
	if v := s.session.views; len(v) != 2 || v[0].Width != sent-1 || v[1] != nil {
		t.Errorf("the last views are %+v", v)
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

// TestChangesShareABudget: what everybody is told counts together.
func TestChangesShareABudget(t *testing.T) {
	l, now := newLimits(), time.Unix(1, 0)
	kinds := []Request{{Type: "media"}, {Type: "rename"}, {Type: "act", Verb: "mute"}}
	for i := range changeBurst {
		if !l.allow(kinds[i%len(kinds)], now) {
			t.Fatalf("change %d is refused", i)
		}
	}
	for _, kind := range kinds {
		if l.allow(kind, now) {
			t.Errorf("%s is allowed above the budget", kind.Type)
		}
	}
	if !l.allow(Request{Type: "chat"}, now) {
		t.Error("chat is refused for changes")
	}
}

// TestReactionsHaveALowerBudget: applause of one is not what others are for.
func TestReactionsHaveALowerBudget(t *testing.T) {
	l, now, taken := newLimits(), time.Unix(1, 0), 0
	for range changeBurst - 1 {
		if l.allow(Request{Type: "act", Verb: "react"}, now) {
			taken++
		}
	}
	if taken != reactBurst {
		t.Errorf("%d reactions at once", taken)
	}
	if !l.allow(Request{Type: "act", Verb: "hand"}, now) {
		t.Error("a hand is refused for reactions")
	}
}
