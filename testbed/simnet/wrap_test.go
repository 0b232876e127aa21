package simnet_test

import (
	"net"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/simnet"
)

func TestWrapDelaysDropsAndCutsARealSocket(t *testing.T) {
	listen := func() net.PacketConn {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	far := listen()
	near := simnet.Wrap(listen(), simnet.Link{Delay: 20 * time.Millisecond})
	defer near.Close()
	exchange := func(text string) string {
		t.Helper()
		if _, err := near.WriteTo([]byte(text), far.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 100)
		_ = far.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, _, err := far.ReadFrom(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(p[:n])
	}
	start := time.Now()
	if got := exchange("delayed"); got != "delayed" || time.Since(start) < 20*time.Millisecond {
		t.Errorf("%q after %v", got, time.Since(start))
	}
	near.Cut(true)
	if _, err := near.WriteTo([]byte("cut"), far.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	near.Cut(false)
	if got := exchange("healed"); got != "healed" {
		t.Errorf("got %q, want what was sent after the cut", got)
	}
	near.SetLink(simnet.Link{Loss: 1})
	if _, err := near.WriteTo([]byte("lost"), far.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	near.SetLink(simnet.Link{})
	if got := exchange("now"); got != "now" {
		t.Errorf("got %q", got)
	}
	if s := near.Stats(); s.Sent != 5 || s.Blocked != 1 || s.Lost != 1 {
		t.Errorf("stats %+v", s)
	}
}
