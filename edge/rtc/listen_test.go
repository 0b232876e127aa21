//go:build linux

package rtc

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// listen opens the port of a test.
func listen(t testing.TB, readers int) []net.PacketConn {
	t.Helper()
	all, err := Listen("127.0.0.1:0", readers)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAnAddressStaysWithOneSocket sends from many addresses, twice.
func TestAnAddressStaysWithOneSocket(t *testing.T) {
	const clients = 64
	all := listen(t, 4)
	got := make(chan [2]int, 2*clients) // client, socket
	for i, s := range all {
		if s.LocalAddr().String() != all[0].LocalAddr().String() {
			t.Fatalf("socket %d is at %v", i, s.LocalAddr())
		}
		t.Cleanup(func() { _ = s.Close() })
		go func() {
			var b [1]byte
			for {
				if _, _, err := s.ReadFrom(b[:]); err != nil {
					return
				}
				got <- [2]int{int(b[0]), i}
			}
		}()
	}
	for i := range clients {
		c := listenUDP(t)
		defer c.Close()
		for range 2 {
			if _, err := c.WriteTo([]byte{byte(i)}, all[0].LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
	}
	home, loads := map[int]int{}, map[int]int{}
	for range 2 * clients {
		select {
		case p := <-got:
			if at, met := home[p[0]]; met && at != p[1] {
				t.Errorf("client %d came to sockets %d and %d", p[0], at, p[1])
			}
			home[p[0]] = p[1]
			loads[p[1]]++
		case <-time.After(patience):
			t.Fatalf("%d clients arrived", len(home))
		}
	}
	if len(all) == 4 && len(loads) != 4 { // 64 addresses miss one of four sockets once in 10^8 runs
		t.Errorf("packets by socket: %v", loads)
	}
}

// TestAPortIsOpenedOnce: two nodes must not share clients by mistake.
func TestAPortIsOpenedOnce(t *testing.T) {
	for _, readers := range []int{1, 3} {
		all := listen(t, 3)
		if more, err := Listen(all[0].LocalAddr().String(), readers); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("opened again %d times: %v", len(more), err)
		}
		for _, s := range all {
			_ = s.Close()
		}
		again, err := Listen(all[0].LocalAddr().String(), readers)
		if err != nil || len(again) != readers {
			t.Fatalf("%d sockets after closing: %v", len(again), err)
		}
		for _, s := range again {
			_ = s.Close()
		}
	}
}

func TestTheNumberOfSockets(t *testing.T) {
	for asked, want := range map[int]int{1: 1, 2: 2, 0: Readers(), -1: Readers()} {
		all := listen(t, asked)
		if len(all) != want {
			t.Errorf("%d sockets where %d were asked for", len(all), asked)
		}
		for _, s := range all {
			_ = s.Close()
		}
	}
}

func TestWildcardSocketsShareBothFamilies(t *testing.T) {
	all, err := Listen(":0", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer all[0].Close()
	if len(all) != 2 || all[1].LocalAddr().String() != all[0].LocalAddr().String() {
		t.Fatalf("%d sockets", len(all))
	}
	_ = all[1].Close()
}
