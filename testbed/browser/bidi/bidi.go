// Package bidi drives Firefox by WebDriver BiDi, the W3C's protocol for remote
// control over one WebSocket: as much of it as opening one page, running
// scripts in it and taking pictures of it needs. It subscribes to no events.
//
// https://www.w3.org/TR/webdriver-bidi/
package bidi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// answerLimit bounds one message, in bytes; the largest are screenshots.
const answerLimit = 32 << 20

// Error is what the browser answers to a command that failed.
type Error struct {
	Method  string
	Code    string // of the specification, as "no such frame"
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %s", e.Method, e.Code, e.Message) }

// ErrClosed is returned for commands of a session whose browser is gone.
var ErrClosed = errors.New("bidi: the session is closed")

// Session is a connection to one browser.
type Session struct {
	conn *websocket.Conn
	done chan struct{}

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
}

// answer is a message of the browser: what a command gave, or an event.
type answer struct {
	Type    string          `json:"type"`
	ID      int             `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
}

// Dial connects to a browser that listens at url, without a path, and begins a
// session.
func Dial(ctx context.Context, url string) (*Session, error) {
	conn, _, err := websocket.Dial(ctx, url+"/session", nil)
	if err != nil {
		return nil, fmt.Errorf("dial the browser: %w", err)
	}
	conn.SetReadLimit(answerLimit)
	s := &Session{conn: conn, done: make(chan struct{}), waiting: map[int]chan answer{}}
	go s.read()
	if err := s.Call(ctx, "session.new", map[string]any{"capabilities": map[string]any{}}, nil); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the connection; the browser goes on. Later commands give ErrClosed.
func (s *Session) Close() error {
	err := s.conn.CloseNow()
	<-s.done
	return err
}

// read hands answers to those who wait for them until the connection ends.
func (s *Session) read() {
	defer close(s.done)
	for {
		_, b, err := s.conn.Read(context.Background())
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(b, &a) != nil || a.Type == "event" {
			continue
		}
		s.mu.Lock()
		c := s.waiting[a.ID]
		delete(s.waiting, a.ID)
		s.mu.Unlock()
		if c != nil {
			c <- a
		}
	}
}

// Call sends a command and reads its result into a value, if there is one. The
// error is an *Error when the browser refused.
func (s *Session) Call(ctx context.Context, method string, params, into any) error {
	id, c := s.expect()
	defer s.forget(id)
	b, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := s.conn.Write(ctx, websocket.MessageText, b); err != nil {
		return fmt.Errorf("%s: %w", method, errors.Join(ErrClosed, err))
	}
	select {
	case a := <-c:
		return a.read(method, into)
	case <-s.done:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

func (s *Session) expect() (int, chan answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	c := make(chan answer, 1)
	s.waiting[s.last] = c
	return s.last, c
}

func (s *Session) forget(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}

func (a answer) read(method string, into any) error {
	switch {
	case a.Type == "error":
		return &Error{Method: method, Code: a.Error, Message: a.Message}
	case into == nil:
		return nil
	}
	return json.Unmarshal(a.Result, into)
}
