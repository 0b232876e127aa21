package dev

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// wanDelays are the one-way delays between POPs that --wan emulates, in the
// order of pairs (0,1), (1,2), (0,2): Frankfurt to Washington, Washington to
// Sydney, Frankfurt to Sydney. Further pairs take them in turn.
var wanDelays = []time.Duration{45 * time.Millisecond, 85 * time.Millisecond, 140 * time.Millisecond}

// wanDelay is the one-way delay between two POPs.
func wanDelay(a, b int) time.Duration {
	switch a, b = min(a, b), max(a, b); {
	case a == b:
		return 0
	case b-a == 1:
		return wanDelays[a%2]
	}
	return wanDelays[2]
}

// wanQueue bounds the packets under way to one destination.
const wanQueue = 4096

// wanConn delays what it sends by destination, in order, and drops what does
// not fit under way, as a long link does.
type wanConn struct {
	net.PacketConn
	delay func(to netip.AddrPort) time.Duration

	mu     sync.Mutex
	lanes  map[netip.AddrPort]chan flight
	closed chan struct{}
	once   sync.Once
	wg     sync.WaitGroup
}

type flight struct {
	due  time.Time
	data []byte
	to   net.Addr
}

func newWAN(c net.PacketConn, delay func(netip.AddrPort) time.Duration) *wanConn {
	return &wanConn{PacketConn: c, delay: delay, lanes: map[netip.AddrPort]chan flight{}, closed: make(chan struct{})}
}

// SetReadBuffer and SetWriteBuffer accept what quic-go asks of a UDP socket; the
// sockets have their buffers already.
func (w *wanConn) SetReadBuffer(int) error { return nil }

// SetWriteBuffer: see SetReadBuffer.
func (w *wanConn) SetWriteBuffer(int) error { return nil }

// WriteTo implements net.PacketConn.
func (w *wanConn) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return w.PacketConn.WriteTo(b, to)
	}
	dst := udp.AddrPort()
	delay := w.delay(netip.AddrPortFrom(dst.Addr().Unmap(), dst.Port()))
	if delay == 0 {
		return w.PacketConn.WriteTo(b, to)
	}
	lane := w.lane(dst)
	if lane == nil {
		return 0, net.ErrClosed
	}
	select {
	case lane <- flight{time.Now().Add(delay), append([]byte(nil), b...), to}:
	default: // the link is full
	}
	return len(b), nil
}

func (w *wanConn) lane(dst netip.AddrPort) chan flight {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.closed:
		return nil
	default:
	}
	lane, ok := w.lanes[dst]
	if !ok {
		lane = make(chan flight, wanQueue)
		w.lanes[dst] = lane
		w.wg.Go(func() { w.carry(lane) })
	}
	return lane
}

func (w *wanConn) carry(lane chan flight) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-w.closed:
			return
		case f := <-lane:
			timer.Reset(time.Until(f.due))
			select {
			case <-w.closed:
				return
			case <-timer.C:
			}
			_, _ = w.PacketConn.WriteTo(f.data, f.to)
		}
	}
}

// Close implements net.PacketConn.
func (w *wanConn) Close() error {
	w.once.Do(func() {
		w.mu.Lock()
		close(w.closed)
		w.mu.Unlock()
	})
	err := w.PacketConn.Close()
	w.wg.Wait()
	return err
}
