package browser

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// throttle is a way to a node's TCP port that can be made slow, as narrow is
// for UDP. Each connection has the rate for itself, and little waits here: the
// kernel's buffers on both sides are as small as it makes them.
type throttle struct {
	net.Listener
	server string
	rate   atomic.Int64 // from the node, in bit/s
	wg     sync.WaitGroup
	closed chan struct{}
}

// newThrottle begins to forward to a server that need not be there yet.
func newThrottle(t *testing.T, server string, rate int64) *throttle {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &throttle{Listener: l, server: server, closed: make(chan struct{})}
	w.rate.Store(rate)
	w.wg.Go(w.accept)
	t.Cleanup(func() {
		close(w.closed)
		_ = l.Close()
		w.wg.Wait()
	})
	return w
}

func (w *throttle) accept() {
	for {
		near, err := w.Accept()
		if err != nil {
			return
		}
		w.wg.Go(func() { w.forward(near.(*net.TCPConn)) })
	}
}

func (w *throttle) forward(near *net.TCPConn) {
	defer near.Close()
	d := net.Dialer{Timeout: time.Second}
	c, err := d.Dial("tcp4", w.server)
	if err != nil {
		return
	}
	far := c.(*net.TCPConn)
	defer far.Close()
	_ = far.SetReadBuffer(8 << 10)
	_ = near.SetWriteBuffer(8 << 10)
	w.wg.Go(func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	})
	w.downwards(near, far)
}

// downwards forwards 20 ms at a time.
func (w *throttle) downwards(near, far net.Conn) {
	const step = 20 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	buf := make([]byte, 64<<10)
	for {
		select {
		case <-tick.C:
		case <-w.closed:
			return
		}
		due := min(int(w.rate.Load()/8*int64(step)/int64(time.Second)), len(buf))
		n, err := far.Read(buf[:due])
		if err == nil {
			_, err = near.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}
