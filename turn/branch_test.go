package turn

import (
	"net"
	"net/netip"
	"testing"
)

// TestBranchReachesAllocationsAndTheWire writes a mixed batch by a branch.
func TestBranchReachesAllocationsAndTheWire(t *testing.T) {
	for _, plain := range []bool{false, true} {
		socket, second := listenUDP(t), listenUDP(t)
		var media net.PacketConn = second
		if plain {
			media = struct{ net.PacketConn }{second} // no kernel's batches
		}
		b := NewBridge(socket, []netip.AddrPort{addrOf(socket.LocalAddr())})
		branch := b.Beside(media)
		a, err := b.allocate(false)
		if err != nil {
			t.Fatal(err)
		}
		direct := listenUDP(t)
		relayed, gone := a.relayed(), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("240.0.99.99:50000"))
		out := batchOf(4)
		for i, to := range []net.Addr{relayed, direct.LocalAddr(), gone, relayed} {
			out[i].Buffers[0], out[i].Addr = []byte{byte('a' + i)}, to
		}
		for calls := 0; len(out) > 0; calls++ {
			n, err := branch.WriteBatch(out, 0)
			if err != nil || n <= 0 || calls > 10 {
				t.Fatalf("%d of %d, %v", n, len(out), err)
			}
			out = out[n:]
		}
		buf := make([]byte, 10)
		for _, want := range "ad" {
			if n, _, err := a.ReadFrom(buf); err != nil || string(buf[:n]) != string(want) {
				t.Errorf("plain %v: the allocation got %q, %v", plain, buf[:n], err)
			}
		}
		n, from, err := direct.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "b" || addrOf(from) != addrOf(second.LocalAddr()) {
			t.Errorf("plain %v: %q from %v, %v", plain, buf[:n], from, err)
		}
		if b.stale.Load() != 1 {
			t.Errorf("%d stale", b.stale.Load())
		}
		_, _, _ = branch.Close(), b.Close(), direct.Close()
		if _, err := branch.WriteTo([]byte("x"), relayed); err != nil || b.stale.Load() != 2 {
			t.Errorf("after the end: %v, %d stale", err, b.stale.Load())
		}
	}
}

// TestBranchReadsItsSocketAlone: what allocations send is the Bridge's to read,
// and forgeries are nobody's.
func TestBranchReadsItsSocketAlone(t *testing.T) {
	socket := &scripted{in: make(chan packet, 8)}
	b := NewBridge(&scripted{}, nil)
	branch := b.Beside(socket)
	b.enqueue([]byte("relayed"), netip.MustParseAddrPort("240.0.0.1:50000"))
	socket.in <- packet{netip.MustParseAddrPort("240.0.0.1:50000"), "spoofed"}
	socket.in <- packet{netip.MustParseAddrPort("198.51.100.1:1"), "honest"}
	buf := make([]byte, 100)
	n, from, err := branch.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "honest" || addrOf(from).Port() != 1 {
		t.Errorf("%q from %v: %v", buf[:n], from, err)
	}
	if b.spoofed.Load() != 1 || len(b.queue) != 1 {
		t.Errorf("%d spoofed, %d queued", b.spoofed.Load(), len(b.queue))
	}
}

func TestBranchEndsWithItsSocket(t *testing.T) {
	socket := listenUDP(t)
	branch := NewBridge(&scripted{}, nil).Beside(socket)
	done := make(chan error)
	go func() {
		_, err := branch.ReadBatch(batchOf(1), 0)
		done <- err
	}()
	_ = branch.Close()
	if err := <-done; err == nil {
		t.Error("a closed socket was read")
	}
	if branch.LocalAddr().String() != socket.LocalAddr().String() {
		t.Errorf("at %v", branch.LocalAddr())
	}
}
