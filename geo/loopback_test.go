package geo

import (
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/testbed/simnet"
)

func TestMain(m *testing.M) { simnet.Alone(); goleak.VerifyTestMain(m) }

// silence swallows what a real socket would send to or from a mute address.
type silence struct {
	*memberlist.NetTransport
	closed chan struct{}
	once   sync.Once
}

func newSilence(t *testing.T) *silence {
	t.Helper()
	nt, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{
		BindAddrs: []string{"127.0.0.1"}, Logger: log.New(io.Discard, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	return &silence{NetTransport: nt, closed: make(chan struct{})}
}

// mute holds the addresses that neither hear nor are heard.
var mute sync.Map

func (s *silence) addr() string { return "127.0.0.1:" + strconv.Itoa(s.GetAutoBindPort()) }

func (s *silence) cut(to string) bool {
	_, far := mute.Load(to)
	_, near := mute.Load(s.addr())
	return far || near
}

func (s *silence) WriteTo(b []byte, to string) (time.Time, error) {
	return s.WriteToAddress(b, memberlist.Address{Addr: to})
}

func (s *silence) WriteToAddress(b []byte, to memberlist.Address) (time.Time, error) {
	if s.cut(to.Addr) {
		return time.Now(), nil
	}
	return s.NetTransport.WriteToAddress(b, to)
}

func (s *silence) DialTimeout(to string, timeout time.Duration) (net.Conn, error) {
	return s.DialAddressTimeout(memberlist.Address{Addr: to}, timeout)
}

func (s *silence) DialAddressTimeout(to memberlist.Address, timeout time.Duration) (net.Conn, error) {
	if s.cut(to.Addr) {
		select {
		case <-time.After(timeout):
		case <-s.closed:
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	return s.NetTransport.DialAddressTimeout(to, timeout)
}

func (s *silence) Shutdown() error {
	s.once.Do(func() { close(s.closed) })
	return s.NetTransport.Shutdown()
}

// eventually waits in real time.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// probed waits at the end of a test for the probes that were under way when the
// library was shut down: it waits for none, and each ends with its interval.
func probed(t *testing.T) {
	t.Cleanup(func() {
		eventually(t, 20*time.Second, "the last probe ends", func() bool { return goleak.Find() == nil })
	})
}

// Real sockets: join, silent death, return after the cut, leave.
func TestLoopback(t *testing.T) {
	probed(t)
	var all []*Members
	var wires []*silence
	var seed string
	for i := range 4 {
		w := newSilence(t)
		if seed == "" {
			seed = w.addr()
		}
		m, err := Start(Config{Self: testNode(i), Transport: w, Keys: [][]byte{testKey}, Label: "loop",
			Seeds: func() []string { return []string{seed} }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
		all, wires = append(all, m), append(wires, w)
	}
	eventually(t, 15*time.Second, "join", allSee(all, 4))

	began := time.Now()
	mute.Store(wires[3].addr(), true)
	eventually(t, 30*time.Second, "silent death", allSee(all[:3], 3))
	t.Logf("silent death seen by all after %v", time.Since(began))
	eventually(t, 30*time.Second, "the silent one is alone", allSee(all[3:], 1))

	began = time.Now()
	mute.Delete(wires[3].addr())
	eventually(t, 30*time.Second, "return", allSee(all, 4))
	t.Logf("back after %v", time.Since(began))

	began = time.Now()
	if err := all[2].Leave(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "leave", func() bool { return allSee(all[:2], 3)() && allSee(all[3:], 3)() })
	t.Logf("left after %v", time.Since(began))
}

// The library's own transport, metrics and log, as in production.
func TestOwnSockets(t *testing.T) {
	probed(t)
	var seed atomic.Value
	seed.Store("")
	var text syncWriter
	start := func(i int, reg prometheus.Registerer) (*Members, error) {
		return Start(Config{Self: testNode(i), Bind: "127.0.0.1:0", Keys: [][]byte{testKey}, Registerer: reg,
			Log:   slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Seeds: func() []string { return []string{seed.Load().(string)} }})
	}
	reg := prometheus.NewRegistry()
	a, err := start(0, reg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := start(1, reg); err == nil { // and leaves nothing behind
		t.Error("two nodes share a registry")
	}
	b, err := start(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	if !strings.HasPrefix(a.Addr(), "127.0.0.1:") || a.Addr() == b.Addr() {
		t.Error(a.Addr(), b.Addr())
	}
	seed.Store(a.Addr()) // seeds are asked again
	eventually(t, 15*time.Second, "join", allSee([]*Members{a, b}, 2))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range families {
		if f.GetName() == "meridian_geo_members" {
			found = f.GetMetric()[0].GetGauge().GetValue() == 2
		}
	}
	if !found {
		t.Error("the gauge of members does not say 2")
	}
	if _, err := Start(Config{Self: testNode(2), Bind: a.Addr(), Keys: [][]byte{testKey}}); err == nil {
		t.Error("two nodes share a port")
	}
	if s := text.String(); strings.Contains(s, string(testKey)) || !strings.Contains(s, "node join") {
		t.Error("log:", s)
	}
}

type syncWriter struct {
	mu sync.Mutex
	b  strings.Builder
}

func (w *syncWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *syncWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}
