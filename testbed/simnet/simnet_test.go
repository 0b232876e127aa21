package simnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/testbed/simnet"
)

const (
	a = "10.0.0.1"
	b = "10.0.0.2"
)

func packets(t *testing.T, n *simnet.Network) (from, to *simnet.PacketConn) {
	t.Helper()
	from, err := n.Host(a).ListenPacket(0)
	if err != nil {
		t.Fatal(err)
	}
	to, err = n.Host(b).ListenPacket(7000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = from.Close(); _ = to.Close() })
	return from, to
}

// collect reads until nothing came for the time given.
func collect(t *testing.T, c net.PacketConn, quiet time.Duration) []string {
	t.Helper()
	var got []string
	p := make([]byte, 2000)
	for {
		if err := c.SetReadDeadline(time.Now().Add(quiet)); err != nil {
			t.Fatal(err)
		}
		n, _, err := c.ReadFrom(p)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(p[:n]))
	}
}

func TestDatagramTakesTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		n.SetLink(a, b, simnet.Link{Delay: 45 * time.Millisecond})
		from, to := packets(t, n)
		start := time.Now()
		if _, err := from.WriteTo([]byte("hello"), to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 100)
		size, source, err := to.ReadFrom(p)
		if err != nil || string(p[:size]) != "hello" {
			t.Fatalf("read %q, %v", p[:size], err)
		}
		if took := time.Since(start); took != 45*time.Millisecond {
			t.Errorf("took %v, want 45ms", took)
		}
		if _, ok := source.(*net.UDPAddr); !ok || source.String() != from.LocalAddr().String() {
			t.Errorf("source %v (%T), want %v", source, source, from.LocalAddr())
		}
	})
}

func TestJitterKeepsTheOrderUnlessTold(t *testing.T) {
	for _, reorder := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := simnet.New(simnet.Config{Seed: 7})
			n.SetLink(a, b, simnet.Link{Jitter: 30 * time.Millisecond, Reorder: reorder})
			from, to := packets(t, n)
			var want []string
			for i := range 50 {
				want = append(want, string(rune('A'+i)))
				_, _ = from.WriteTo([]byte(want[i]), to.LocalAddr())
			}
			got := collect(t, to, time.Second)
			ordered := strings.Join(got, "") == strings.Join(want, "")
			if len(got) != 50 || ordered == reorder {
				t.Errorf("reorder %v: got %q", reorder, got)
			}
		})
	}
}

func TestLossIsTheShareAskedForAndRepeatable(t *testing.T) {
	run := func(seed uint64) (lost uint64, order string) {
		synctest.Test(t, func(t *testing.T) {
			n := simnet.New(simnet.Config{Seed: seed, Link: simnet.Link{Loss: 0.1}})
			from, to := packets(t, n)
			for i := range 2000 {
				_, _ = from.WriteTo([]byte{byte(i)}, to.LocalAddr())
			}
			order = strings.Join(collect(t, to, time.Second), "")
			lost = n.LinkStats(a, b).Lost
		})
		return lost, order
	}
	lost, order := run(1)
	if lost < 150 || lost > 250 {
		t.Errorf("lost %d of 2000 at 10%%", lost)
	}
	if _, again := run(1); again != order {
		t.Error("the same seed lost other packets")
	}
	if _, other := run(2); other == order {
		t.Error("another seed lost the same packets")
	}
}

func TestRateSpreadsAndTheQueueOverflows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		// 1,000 bytes with headers at 80 kbit/s: 100 ms each; five wait 500 ms.
		n.SetLink(a, b, simnet.Link{Rate: 80_000, Queue: 500 * time.Millisecond})
		from, to := packets(t, n)
		start := time.Now()
		for range 20 {
			_, _ = from.WriteTo(make([]byte, 972), to.LocalAddr())
		}
		got := collect(t, to, time.Second)
		if len(got) != 6 || time.Since(start) != 1600*time.Millisecond {
			t.Errorf("%d arrived by %v, want 6 by 600ms and a second of quiet", len(got), time.Since(start))
		}
		if s := n.Stats(); s.Overflowed != 14 || s.Sent != 20 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestTooBigVanishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		from, to := packets(t, n)
		for _, size := range []int{1472, 1473} {
			if wrote, err := from.WriteTo(make([]byte, size), to.LocalAddr()); wrote != size || err != nil {
				t.Errorf("wrote %d, %v", wrote, err)
			}
		}
		if got := collect(t, to, time.Second); len(got) != 1 || len(got[0]) != 1472 {
			t.Errorf("%d arrived", len(got))
		}
		if n.Stats().TooBig != 1 {
			t.Errorf("stats %+v", n.Stats())
		}
	})
}

func TestCutAndSilenceDropDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{Link: simnet.Link{Delay: 10 * time.Millisecond}})
		from, to := packets(t, n)
		send := func(s string) { _, _ = from.WriteTo([]byte(s), to.LocalAddr()) }
		send("under way")
		n.Cut(a, b)
		send("cut")
		time.Sleep(20 * time.Millisecond)
		n.Heal(a, b)
		send("healed")
		time.Sleep(20 * time.Millisecond)
		n.Silence(b)
		send("silent")
		time.Sleep(20 * time.Millisecond)
		n.Revive(b)
		send("revived")
		if got := strings.Join(collect(t, to, time.Second), ","); got != "healed,revived" {
			t.Errorf("got %s", got)
		}
		if s := n.LinkStats(a, b); s.Blocked != 3 || s.Delivered != 2 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestOneWayCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{Link: simnet.Link{Delay: 10 * time.Millisecond}})
		from, to := packets(t, n)
		n.CutOneWay(a, b)
		_, _ = from.WriteTo([]byte("there"), to.LocalAddr())
		_, _ = to.WriteTo([]byte("back"), from.LocalAddr())
		if got := strings.Join(collect(t, from, time.Second), ","); got != "back" {
			t.Errorf("got %q against the cut", got)
		}
		n.Heal(a, b)
		_, _ = from.WriteTo([]byte("healed"), to.LocalAddr())
		if got := strings.Join(collect(t, to, time.Second), ","); got != "healed" {
			t.Errorf("got %q along the cut", got)
		}
	})
}

func TestPacketConnDeadlineAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		_, to := packets(t, n)
		start := time.Now()
		_ = to.SetReadDeadline(start.Add(time.Second))
		_, _, err := to.ReadFrom(make([]byte, 1))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		_ = to.SetReadDeadline(time.Time{})
		go func() {
			time.Sleep(time.Second)
			_ = to.Close()
		}()
		if _, _, err := to.ReadFrom(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read of a closed endpoint: %v", err)
		}
		if _, err := n.Host(b).ListenPacket(7000); err != nil {
			t.Errorf("the port is not free after Close: %v", err)
		}
		if _, err := n.Host(b).ListenPacket(7000); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("a port in use: %v", err)
		}
	})
}

func streams(t *testing.T, n *simnet.Network) (near, far net.Conn) {
	t.Helper()
	l, err := n.Host(b).Listen(80)
	if err != nil {
		t.Fatal(err)
	}
	near, err = n.Host(a).Dial(t.Context(), "tcp", b+":80")
	if err != nil {
		t.Fatal(err)
	}
	far, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close(); _ = far.Close(); _ = l.Close() })
	return near, far
}

func TestStreamIsWholeAndOrderedOverABadPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{Seed: 3})
		n.SetLink(a, b, simnet.Link{Delay: 40 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.05, Rate: 20e6})
		near, far := streams(t, n)
		sent := strings.Repeat("0123456789abcdef", 1<<16)
		go func() {
			_, _ = io.WriteString(near, sent)
			_ = near.Close()
		}()
		var cuts sync.WaitGroup
		defer cuts.Wait()
		cuts.Go(func() {
			for range 5 {
				time.Sleep(300 * time.Millisecond)
				n.Cut(a, b)
				time.Sleep(time.Second)
				n.Heal(a, b)
			}
		})
		got, err := io.ReadAll(far)
		if err != nil || string(got) != sent {
			t.Errorf("%d of %d bytes, equal %v, %v", len(got), len(sent), string(got) == sent, err)
		}
	})
}

func TestCutStallsAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		n.SetLink(a, b, simnet.Link{Delay: 10 * time.Millisecond})
		near, far := streams(t, n)
		n.Silence(b)
		if _, err := near.Write([]byte("late")); err != nil {
			t.Fatal(err)
		}
		_ = near.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := near.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a full window: %v", err)
		}
		_ = far.SetReadDeadline(time.Now().Add(time.Hour))
		p := make([]byte, 4)
		if _, err := far.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read over a silent path: %v", err)
		}
		n.Revive(b)
		healed := time.Now()
		_ = far.SetReadDeadline(time.Time{})
		if _, err := io.ReadFull(far, p); err != nil || string(p) != "late" || time.Since(healed) != 10*time.Millisecond {
			t.Errorf("%q, %v after %v", p, err, time.Since(healed))
		}
	})
}

func TestDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{Link: simnet.Link{Delay: 50 * time.Millisecond}})
		h := n.Host(a)
		n.Host(b).Name("fra.example")
		start := time.Now()
		if _, err := h.Dial(t.Context(), "tcp", b+":81"); !errors.Is(err, syscall.ECONNREFUSED) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("nobody listens: %v after %v", err, time.Since(start))
		}
		if _, err := h.Dial(t.Context(), "tcp", "iad.example:81"); !errors.Is(err, simnet.ErrUnknownHost) {
			t.Errorf("unknown name: %v", err)
		}
		l, err := n.Host(b).Listen(80)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n.Silence(b)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start = time.Now()
		_, err = h.Dial(ctx, "tcp", b+":80")
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() || time.Since(start) != 3*time.Second {
			t.Errorf("silent host: %v after %v", err, time.Since(start))
		}
		go func() {
			time.Sleep(time.Second)
			n.Revive(b)
		}()
		c, err := h.Dial(t.Context(), "tcp4", "FRA.example:80")
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := c.RemoteAddr().(*net.TCPAddr); !ok || c.RemoteAddr().String() != b+":80" {
			t.Errorf("remote %v", c.RemoteAddr())
		}
	})
}

func TestEndsOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		near, far := streams(t, n)
		_, _ = near.Write([]byte("bye"))
		_ = near.(interface{ CloseWrite() error }).CloseWrite()
		if got, err := io.ReadAll(far); string(got) != "bye" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := near.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write after CloseWrite: %v", err)
		}
		_, _ = far.Write([]byte("unread"))
		synctest.Wait()
		_ = near.Close()
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after Close: %v", err)
		}
		if _, err := far.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("write to a peer that closed with unread input: %v", err)
		}
	})
}

func TestListenerDeadlineAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		l, err := n.Host(b).Listen(80)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_ = l.SetDeadline(start.Add(time.Second))
		if _, err := l.Accept(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		unaccepted, err := n.Host(a).Dial(t.Context(), "tcp", b+":80")
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := unaccepted.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a stream nobody accepted: %v", err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept after Close: %v", err)
		}
	})
}

func TestDialledDatagramsComeFromOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{})
		_, to := packets(t, n)
		c, err := n.Host(a).Dial(t.Context(), "udp", b+":7000")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		other, err := n.Host("10.0.0.3").ListenPacket(0)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = other.WriteTo([]byte("stranger"), c.LocalAddr())
		_, _ = to.WriteTo([]byte("friend"), c.LocalAddr())
		p := make([]byte, 100)
		size, err := c.Read(p)
		if err != nil || string(p[:size]) != "friend" {
			t.Errorf("%q, %v", p[:size], err)
		}
	})
}
