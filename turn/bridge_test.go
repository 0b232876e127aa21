package turn

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
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

// batchOf is room for n packets.
func batchOf(n int) []ipv4.Message {
	ms := make([]ipv4.Message, n)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, 100)}
	}
	return ms
}

func TestBatchesMixAllocationsAndTheSocket(t *testing.T) {
	for _, plain := range []bool{false, true} {
		socket := listenUDP(t)
		var media net.PacketConn = socket
		if plain {
			media = struct{ net.PacketConn }{socket} // no kernel's batches
		}
		b := NewBridge(media, []netip.AddrPort{addrOf(socket.LocalAddr())})
		a, err := b.allocate(false)
		if err != nil {
			t.Fatal(err)
		}
		direct := listenUDP(t)
		relayed, gone := a.relayed(), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("240.0.99.99:50000"))
		out := batchOf(0)
		for i, to := range []net.Addr{relayed, direct.LocalAddr(), direct.LocalAddr(), relayed, gone, direct.LocalAddr(), relayed} {
			out = append(out, ipv4.Message{Buffers: [][]byte{{byte('a' + i)}}, Addr: to})
		}
		for calls := 0; len(out) > 0; calls++ {
			n, err := b.WriteBatch(out, 0)
			if err != nil || n <= 0 || calls > 10 {
				t.Fatalf("%d of %d, %v", n, len(out), err)
			}
			out = out[n:]
		}
		buf := make([]byte, 10)
		for conn, want := range map[net.PacketConn]string{a: "adg", direct: "bcf"} {
			for i := range want {
				if n, _, err := conn.ReadFrom(buf); err != nil || string(buf[:n]) != want[i:i+1] {
					t.Errorf("plain %v: %q, %v; want %c", plain, buf[:n], err, want[i])
				}
			}
		}
		if b.stale.Load() != 1 {
			t.Errorf("%d stale", b.stale.Load())
		}
		_, _ = b.Close(), direct.Close()
	}
}

func TestReadBatchTakesWhatWaits(t *testing.T) {
	socket := listenUDP(t)
	b := NewBridge(socket, []netip.AddrPort{addrOf(socket.LocalAddr())})
	defer b.Close()
	direct := listenUDP(t)
	defer direct.Close()
	for i := range 3 {
		b.enqueue([]byte{byte(i)}, netip.MustParseAddrPort("240.0.0.1:50000"))
		if _, err := direct.WriteTo([]byte{byte(10 + i)}, socket.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	for calls := 0; len(got) < 6; calls++ {
		ms := batchOf(4)
		n, err := b.ReadBatch(ms, 0)
		if err != nil || calls > 6 {
			t.Fatalf("%v after %d calls", err, calls)
		}
		for _, m := range ms[:n] {
			if got = append(got, m.Buffers[0][0]); m.N != 1 {
				t.Errorf("%d bytes", m.N)
			}
		}
	}
	if string(got) != "\x00\x01\x02\x0a\x0b\x0c" {
		t.Errorf("read %v", got)
	}
}

func TestForgeriesLeaveABatch(t *testing.T) {
	b := NewBridge(&scripted{}, nil)
	ms := batchOf(5)
	for i, from := range []string{"240.0.0.1:1", "192.0.2.1:1", "[::ffff:240.0.7.7]:1", "[100::2]:9", "192.0.2.2:1"} {
		ms[i].Addr, ms[i].Buffers[0][0] = net.UDPAddrFromAddrPort(netip.MustParseAddrPort(from)), byte(i)
	}
	if n := b.honest(ms); n != 2 || ms[0].Buffers[0][0] != 1 || ms[1].Buffers[0][0] != 4 || b.spoofed.Load() != 3 {
		t.Errorf("%d honest, %d spoofed", n, b.spoofed.Load())
	}
	seen := map[*byte]bool{}
	for _, m := range ms {
		seen[&m.Buffers[0][0]] = true
	}
	if len(seen) != len(ms) {
		t.Error("two messages share a buffer")
	}
}
