package turn

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

func TestBridgeDropsSpoofedAndStale(t *testing.T) {
	socket := &scripted{in: make(chan packet, 8), wake: make(chan struct{}, 1)}
	b := NewBridge(socket, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("0.0.0.0:1000")})
	if len(b.addrs) != 1 {
		t.Fatalf("reaches %v", b.addrs)
	}
	socket.in <- packet{netip.MustParseAddrPort("240.0.0.1:50000"), "spoofed"}
	socket.in <- packet{netip.MustParseAddrPort("[::ffff:240.0.0.1]:50000"), "spoofed"}
	socket.in <- packet{netip.MustParseAddrPort("[100::1]:50000"), "spoofed"}
	socket.in <- packet{netip.MustParseAddrPort("198.51.100.1:1"), "honest"}
	buf := make([]byte, 100)
	n, from, err := b.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "honest" || b.spoofed.Load() != 3 {
		t.Fatalf("%q from %v: %v, %d spoofed", buf[:n], from, err, b.spoofed.Load())
	}
	for _, to := range []string{"240.0.0.1:50000", "240.0.77.1:1", "[100::5]:50000", "[::ffff:240.0.0.1]:50000"} {
		if _, err := b.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
			t.Error(err)
		}
	}
	if socket.wrote.Load() != 0 || b.stale.Load() != 4 {
		t.Errorf("%d packets to virtual addresses reached the wire, %d counted", socket.wrote.Load(), b.stale.Load())
	}
}

// TestFloodDoesNotStarveTheSocket has allocations keep the queue full.
func TestFloodDoesNotStarveTheSocket(t *testing.T) {
	socket := listenUDP(t)
	b := NewBridge(socket, []netip.AddrPort{addrOf(socket.LocalAddr())})
	defer b.Close()
	from := netip.MustParseAddrPort("240.0.0.1:50000")
	direct := listenUDP(t)
	defer direct.Close()
	if _, err := direct.WriteTo([]byte("direct"), socket.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	for i := range 10 * maxStreak {
		for len(b.queue) < queueLen {
			b.enqueue([]byte("flood"), from)
		}
		n, _, err := b.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		if string(buf[:n]) == "direct" {
			if i < 1 {
				t.Error("the flood had no turn")
			}
			return
		}
	}
	t.Error("the socket had no turn")
}

// TestNoWakeUpIsLost sends single packets at a sleeping reader.
func TestNoWakeUpIsLost(t *testing.T) {
	socket := listenUDP(t)
	b := NewBridge(socket, []netip.AddrPort{addrOf(socket.LocalAddr())})
	got := make(chan string)
	go func() {
		defer close(got)
		buf := make([]byte, 100)
		for {
			n, _, err := b.ReadFrom(buf)
			if err != nil {
				return
			}
			got <- string(buf[:n])
		}
	}()
	for range 20_000 {
		b.enqueue([]byte("x"), netip.MustParseAddrPort("240.0.0.1:50000"))
		select {
		case <-got:
		case <-time.After(patience):
			t.Fatal("the reader slept on")
		}
	}
	_ = b.Close()
	if _, open := <-got; open {
		t.Error("a packet after Close")
	}
}

type packet struct {
	from netip.AddrPort
	text string
}

// scripted is a socket that reads what the test says.
type scripted struct {
	net.PacketConn
	in    chan packet
	wake  chan struct{}
	wrote atomic.Int64
}

func (s *scripted) ReadFrom(b []byte) (int, net.Addr, error) {
	p := <-s.in
	return copy(b, p.text), net.UDPAddrFromAddrPort(p.from), nil
}

func (s *scripted) WriteTo(b []byte, _ net.Addr) (int, error) {
	s.wrote.Add(1)
	return len(b), nil
}

func (s *scripted) SetReadDeadline(time.Time) error { return nil }

func TestVirtualAddressesAreUnique(t *testing.T) {
	socket := listenUDP(t)
	b := NewBridge(socket, nil)
	defer b.Close()
	seen := make(map[netip.Addr]bool)
	for i := range 70_000 {
		a, err := b.allocate(i%2 == 1)
		if err != nil {
			t.Fatal(err)
		}
		if !virtual(a.addr) || b.allocations[a.addr] != a {
			t.Fatalf("allocation %d has %v", i, a.addr)
		}
		if i < 60_000 {
			if seen[a.addr] {
				t.Fatalf("%v twice", a.addr)
			}
			seen[a.addr] = true
		}
		if i > 100 {
			_ = a.Close()
		}
	}
}
