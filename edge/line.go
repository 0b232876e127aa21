package edge

import (
	"sync"

	"github.com/meridian-video/meridian/edge/signal"
)

// line is what a participant is told by: the outbox of their socket, which is
// another after the socket was lost and opened anew. Messages are whole in one of
// the two.
type line struct {
	mu  sync.Mutex
	out *signal.Outbox
	nth int32 // sockets so far
}

func newLine(out *signal.Outbox) *line {
	if out == nil {
		return nil // WHIP, which hears nothing
	}
	return &line{out: out, nth: 1}
}

// Send queues a message.
func (l *line) Send(m any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out.Send(m)
}

// End ends the socket.
func (l *line) End(e *signal.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out.End(e)
}

// replace goes on with another socket's outbox and ends the one before.
func (l *line) replace(out *signal.Outbox) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out.End(&signal.Error{Kind: signal.Ended, Code: signal.Superseded, Message: "This connection was opened again."})
	l.out, l.nth = out, l.nth+1
}

// is reports whether a socket's outbox is the one that counts.
func (l *line) is(out *signal.Outbox) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out == out
}

// sockets counts them: who remembers what the client was told says it anew to
// the next.
func (l *line) sockets() int32 {
	if l == nil {
		return 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.nth
}

// grip is one socket's hold on an attachment. What becomes of the socket says
// nothing any more once another has taken its place.
type grip struct {
	*attachment
	out *signal.Outbox
}

// Leave implements signal.Session.
func (g grip) Leave() {
	if g.attachment.out.is(g.out) {
		g.attachment.Leave()
	}
}

// Away implements signal.Session.
func (g grip) Away() {
	if g.attachment.out.is(g.out) {
		g.attachment.Away()
	}
}

// Lost implements signal.Session.
func (g grip) Lost() {
	if g.attachment.out.is(g.out) {
		g.attachment.Lost()
	}
}
