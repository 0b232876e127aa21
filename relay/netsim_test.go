package relay

import (
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// wan is an in-memory network of packet connections with delay, random loss and a rate,
// usable in a synctest bubble. Order is kept per destination.
type wan struct {
	delay time.Duration // one way
	loss  float64
	drop  atomic.Pointer[func(b []byte) bool] // loses more; nil: nothing

	mu    sync.Mutex
	rate  float64       // bit/s towards each end; 0: no limit
	queue time.Duration // in front of it
	ends  map[string]*wanConn
	rand  *rand.Rand
	bytes atomic.Int64 // carried, with 28 bytes of IP and UDP each
}

func newWAN(delay time.Duration, loss float64) *wan {
	return &wan{delay: delay, loss: loss, ends: make(map[string]*wanConn), rand: rand.New(rand.NewPCG(1, 2))}
}

type wanPacket struct {
	data []byte
	from net.Addr
	at   time.Time
}

// wanConn is one end; it is only a net.PacketConn, nothing of a *net.UDPConn.
type wanConn struct {
	wan   *wan
	addr  *net.UDPAddr
	queue chan wanPacket
	busy  time.Time // until when the way here is; guarded by wan.mu
	done  chan struct{}
	once  sync.Once

	mu       sync.Mutex
	deadline time.Time
	moved    chan struct{} // closes when the deadline changes
}

func (w *wan) drops(b []byte) bool {
	drop := w.drop.Load()
	return drop != nil && (*drop)(b)
}

// setDrop loses the datagrams that f says; nil: none.
func (w *wan) setDrop(f func(b []byte) bool) {
	if f == nil {
		w.drop.Store(nil)
		return
	}
	w.drop.Store(&f)
}

func (w *wan) listen(last byte) *wanConn {
	c := &wanConn{
		wan: w, addr: &net.UDPAddr{IP: net.IPv4(10, 0, 0, last), Port: 4433},
		queue: make(chan wanPacket, 1<<16), done: make(chan struct{}), moved: make(chan struct{}),
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends[c.addr.String()] = c
	return c
}

func (c *wanConn) WriteTo(b []byte, to net.Addr) (int, error) {
	w := c.wan
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes.Add(int64(len(b)) + 28)
	end := w.ends[to.String()]
	if end == nil || w.rand.Float64() < w.loss || w.drops(b) {
		return len(b), nil
	}
	leaves, ok := w.pass(end, len(b)+28)
	if !ok {
		return len(b), nil
	}
	select {
	case end.queue <- wanPacket{append([]byte(nil), b...), c.addr, leaves.Add(w.delay)}:
	default:
	}
	return len(b), nil
}

// pass is when a packet has gone through the bottleneck, false when its queue is full;
// the caller holds mu.
func (w *wan) pass(end *wanConn, size int) (time.Time, bool) {
	now := time.Now()
	if w.rate == 0 {
		return now, true
	}
	if now.After(end.busy) {
		end.busy = now
	}
	if end.busy.Sub(now) > w.queue {
		return now, false
	}
	end.busy = end.busy.Add(time.Duration(float64(size*8) / w.rate * float64(time.Second)))
	return end.busy, true
}

// narrow sets the rate.
func (w *wan) narrow(rate float64, queue time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rate, w.queue = rate, queue
}

func (c *wanConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c.mu.Lock()
		deadline, moved := c.deadline, c.moved
		c.mu.Unlock()
		var expired <-chan time.Time
		if !deadline.IsZero() {
			if !time.Now().Before(deadline) {
				return 0, nil, os.ErrDeadlineExceeded
			}
			expired = time.After(time.Until(deadline))
		}
		select {
		case p := <-c.queue:
			if wait := time.Until(p.at); wait > 0 {
				select {
				case <-time.After(wait):
				case <-c.done:
					return 0, nil, net.ErrClosed
				}
			}
			return copy(b, p.data), p.from, nil
		case <-expired:
		case <-moved:
		case <-c.done:
			return 0, nil, net.ErrClosed
		}
	}
}

func (c *wanConn) Close() error {
	c.once.Do(func() { close(c.done) })
	return nil
}

func (c *wanConn) LocalAddr() net.Addr { return c.addr }

func (c *wanConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	close(c.moved)
	c.moved = make(chan struct{})
	return nil
}

func (c *wanConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c *wanConn) SetWriteDeadline(time.Time) error { return nil }
