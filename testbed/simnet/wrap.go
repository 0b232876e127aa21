package simnet

import (
	"container/heap"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Wrapped is a real socket with a bad path in front of it. See [Wrap].
type Wrapped struct {
	net.PacketConn

	cut   atomic.Bool
	stats struct{ sent, lost, blocked atomic.Uint64 }

	mu     sync.Mutex // guards everything below
	path   path
	queue  events
	number uint64
	timer  *time.Timer
	closed bool
}

// Wrap puts a link in front of what conn sends; what it receives is left as it
// is, so that two wrapped ends make a link of two directions. Cut stops both.
func Wrap(conn net.PacketConn, l Link) *Wrapped {
	w := &Wrapped{PacketConn: conn}
	w.path = path{link: l, rand: rand.New(rand.NewPCG(1, 1))}
	return w
}

// SetLink changes the link for what is sent from now on.
func (w *Wrapped) SetLink(l Link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.path.link = l
}

// Cut drops everything in both directions while it is on, silently.
func (w *Wrapped) Cut(on bool) { w.cut.Store(on) }

// Stats returns the counts of what was sent.
func (w *Wrapped) Stats() Stats {
	return Stats{
		Sent:    w.stats.sent.Load(),
		Lost:    w.stats.lost.Load(),
		Blocked: w.stats.blocked.Load(),
	}
}

// ReadFrom reads from the socket and forgets what arrives while it is cut.
func (w *Wrapped) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := w.PacketConn.ReadFrom(p)
		if err != nil || !w.cut.Load() {
			return n, from, err
		}
		w.stats.blocked.Add(1)
	}
}

// WriteTo sends p now, later or never. Errors of a delayed send are not seen,
// as on a network.
func (w *Wrapped) WriteTo(p []byte, to net.Addr) (int, error) {
	w.stats.sent.Add(1)
	if w.cut.Load() {
		w.stats.blocked.Add(1)
		return len(p), nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, net.ErrClosed
	}
	now := time.Now()
	at, fate := w.path.datagram(now, len(p)+udpHeaders)
	if fate != passes {
		w.stats.lost.Add(1)
		return len(p), nil
	}
	if !at.After(now) && len(w.queue) == 0 {
		return w.PacketConn.WriteTo(p, to)
	}
	payload := append([]byte(nil), p...)
	w.number++
	heap.Push(&w.queue, event{at: at, number: w.number, run: func() {
		if w.cut.Load() {
			w.stats.blocked.Add(1)
			return
		}
		_, _ = w.PacketConn.WriteTo(payload, to)
	}})
	w.arm()
	return len(p), nil
}

func (w *Wrapped) arm() {
	if w.closed || len(w.queue) == 0 {
		return
	}
	wait := time.Until(w.queue[0].at)
	if w.timer == nil {
		w.timer = time.AfterFunc(wait, w.tick)
		return
	}
	w.timer.Reset(wait)
}

func (w *Wrapped) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 && !w.queue[0].at.After(time.Now()) {
		heap.Pop(&w.queue).(event).run()
	}
	w.arm()
}

// Close closes the socket and forgets what is under way.
func (w *Wrapped) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.queue = nil
	if w.timer != nil {
		w.timer.Stop()
	}
	return w.PacketConn.Close()
}

// SetReadBuffer passes the wish on to a socket that knows it; quic-go asks.
func (w *Wrapped) SetReadBuffer(bytes int) error {
	if c, ok := w.PacketConn.(interface{ SetReadBuffer(int) error }); ok {
		return c.SetReadBuffer(bytes)
	}
	return nil
}

// SetWriteBuffer passes the wish on to a socket that knows it; quic-go asks.
func (w *Wrapped) SetWriteBuffer(bytes int) error {
	if c, ok := w.PacketConn.(interface{ SetWriteBuffer(int) error }); ok {
		return c.SetWriteBuffer(bytes)
	}
	return nil
}
