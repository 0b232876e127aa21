package rtc

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// duct is a socket in memory: what the test puts in is read.
type duct struct {
	in     chan check
	mu     sync.Mutex
	out    []netip.AddrPort
	closed chan struct{}
	once   sync.Once
}

func newDuct() *duct { return &duct{in: make(chan check, 16), closed: make(chan struct{})} }

func (d *duct) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case m := <-d.in:
		if m.b == nil {
			return 0, nil, errors.New("connection refused") // as ICMP makes a socket say
		}
		return copy(b, m.b), net.UDPAddrFromAddrPort(m.from), nil
	case <-d.closed:
		return 0, nil, net.ErrClosed
	}
}

func (d *duct) WriteTo(b []byte, to net.Addr) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out = append(d.out, addrPort(to))
	return len(b), nil
}

func (d *duct) Close() error                     { d.once.Do(func() { close(d.closed) }); return nil }
func (d *duct) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(nodeAddr) }
func (d *duct) SetDeadline(time.Time) error      { return nil }
func (d *duct) SetReadDeadline(time.Time) error  { return nil }
func (d *duct) SetWriteDeadline(time.Time) error { return nil }

var (
	nodeAddr = netip.MustParseAddrPort("192.0.2.1:5000")
	alice    = netip.MustParseAddrPort("198.51.100.1:1000")
	bob      = netip.MustParseAddrPort("198.51.100.2:2000")
	stranger = netip.MustParseAddrPort("203.0.113.9:9")
)

// request is a Binding request that names a ufrag.
func request(t testing.TB, username string, attrs ...stun.Setter) []byte {
	t.Helper()
	all := append([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(username)}, attrs...)
	m, err := stun.Build(all...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// muxed is an engine on a duct, and transports that do nothing but record.
type muxed struct {
	*Engine
	duct *duct
	now  atomic.Int64
}

func newMuxed(t *testing.T) *muxed {
	m := &muxed{duct: newDuct()}
	m.Engine = newEngine(t, func(c *Config) { c.Media = m.duct; c.Now = func() time.Duration { return time.Duration(m.now.Load()) } })
	return m
}

func (m *muxed) transport(t *testing.T, ufrag string) (*Transport, *checkConn) {
	t.Helper()
	tr, err := m.Accept(t.Context(), Offer{SDP: load(t, "whip.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tr.door.GetConn(ufrag, m.duct.LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	return tr, conn.(*checkConn)
}

// hear is what the reader of the only socket does.
func (m *muxed) hear(b []byte, from netip.AddrPort) { m.mux.datagram(b, from, m.mux.sockets[0]) }

func (m *muxed) owner(a netip.AddrPort) *door {
	m.mux.mu.RLock()
	defer m.mux.mu.RUnlock()
	return m.mux.peers[a]
}

func success(t *testing.T) []byte {
	t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.BindingSuccess)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func TestChecksGoToTheirTransport(t *testing.T) {
	m := newMuxed(t)
	_, a := m.transport(t, "aaaa")
	_, b := m.transport(t, "bbbb")
	first, second := request(t, "aaaa:x"), request(t, "bbbb:x")
	m.hear(first, alice)
	m.hear(second, alice) // the ufrag decides, not the address
	m.hear(request(t, "cccc:x"), alice)
	m.hear(request(t, "aaaa"), alice)
	for _, want := range []struct {
		conn *checkConn
		b    []byte
	}{{a, first}, {b, second}} {
		buf := make([]byte, 200)
		n, from, err := want.conn.ReadFromAddrPort(buf)
		if err != nil || from != alice || !slices.Equal(buf[:n], want.b) {
			t.Errorf("%d bytes from %v, %v", n, from, err)
		}
		if len(want.conn.queue) != 0 {
			t.Error("a check too many")
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	m.hear(first, alice)
	if _, _, err := a.ReadFromAddrPort(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed conn reads: %v", err)
	}
}

func TestOnlyValidatedAddressesAreHeard(t *testing.T) {
	m := newMuxed(t)
	tr, conn := m.transport(t, "aaaa")
	record, media := []byte{22, 254, 253, 0}, []byte{0x80, 96, 0, 1}
	for _, b := range [][]byte{record, media} {
		m.hear(b, alice)
	}
	if n := counted(t, m.metrics.stranger); n != 2 || tr.pipe.Load().records.Count() != 0 {
		t.Fatalf("%d dropped, %d records", n, tr.pipe.Load().records.Count())
	}
	if _, err := conn.WriteToAddrPort(success(t), alice); err != nil {
		t.Fatal(err)
	}
	m.hear(record, alice)
	m.hear(record, stranger)
	m.hear([]byte{64, 1, 2, 3}, alice) // TURN channels are not ours
	if n := counted(t, m.metrics.stranger); n != 3 || tr.pipe.Load().records.Count() != 1 {
		t.Errorf("%d dropped, %d records", n, tr.pipe.Load().records.Count())
	}
	tr.Close(nil)
	wait(t, tr.Done(), "end")
	if m.owner(alice) != nil {
		t.Error("the address of a closed transport is kept")
	}
	if _, err := tr.door.GetConn("dddd", m.duct.LocalAddr()); err == nil {
		t.Error("a closed transport got a conn")
	}
}

func TestAnAddressInUseIsNotTakenOver(t *testing.T) {
	m := newMuxed(t)
	a, conn := m.transport(t, "aaaa")
	b, forger := m.transport(t, "bbbb")
	prove := func(c *checkConn) {
		t.Helper()
		if _, err := c.WriteToAddrPort(success(t), alice); err != nil {
			t.Fatal(err)
		}
	}
	m.now.Store(int64(time.Minute))
	prove(conn)
	prove(forger)
	if m.owner(alice) != a.door {
		t.Error("taken over while alive")
	}
	m.now.Add(int64(holdsAddr))
	prove(forger)
	if m.owner(alice) != b.door {
		t.Error("kept by a transport that is silent")
	}
}

func TestAddressesOfOneClientAreBounded(t *testing.T) {
	m := newMuxed(t)
	tr, conn := m.transport(t, "aaaa")
	for port := range uint16(200) {
		if _, err := conn.WriteToAddrPort(success(t), netip.AddrPortFrom(alice.Addr(), 1000+port)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(m.mux.peers); n != maxAddrs || len(tr.door.addrs) != maxAddrs {
		t.Errorf("%d addresses", n)
	}
	if m.owner(netip.AddrPortFrom(alice.Addr(), 1199)) != tr.door {
		t.Error("the latest is not among them")
	}
}

func TestSignsOfLifeReachICE(t *testing.T) {
	m := newMuxed(t)
	_, conn := m.transport(t, "aaaa")
	indication, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodBinding, stun.ClassIndication))
	if err != nil {
		t.Fatal(err)
	}
	m.hear(indication.Raw, alice)
	if len(conn.queue) != 0 {
		t.Error("a stranger keeps a pair alive")
	}
	if _, err := conn.WriteToAddrPort(success(t), alice); err != nil {
		t.Fatal(err)
	}
	m.hear(indication.Raw, alice)
	buf := make([]byte, 100)
	n, from, err := conn.ReadFromAddrPort(buf)
	if err != nil || from != alice || !isBinding(buf[:n], stunIndication) {
		t.Errorf("%x from %v, %v", buf[:n], from, err)
	}
}

// TestPassingErrorsDoNotEndTheReader has the socket report an error about one
// client, in a bubble: the plain path needs no kernel.
func TestPassingErrorsDoNotEndTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMuxed(t)
		_, conn := m.transport(t, "aaaa")
		m.duct.in <- check{}
		m.duct.in <- check{request(t, "aaaa:x"), bob}
		synctest.Wait()
		if len(conn.queue) != 1 {
			t.Errorf("%d checks arrived", len(conn.queue))
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if err := m.Close(); err != nil {
			t.Errorf("closed again: %v", err)
		}
	})
}

// TestPacketsFollowTheSelectedPair has many changes of the pair meet readers
// of the address.
func TestPacketsFollowTheSelectedPair(t *testing.T) {
	m := newMuxed(t)
	tr, _ := m.transport(t, "zzzz")
	if tr.write([]byte{1}) {
		t.Error("sent without a pair")
	}
	ufrag, pwd := tr.ICE()
	remote := tr.offer.ufrag
	check := func(from netip.AddrPort, priority uint32) {
		m.duct.in <- check{request(t, ufrag+":"+remote, ice.PriorityAttr(priority), ice.UseCandidate(),
			stun.NewShortTermIntegrity(pwd), stun.Fingerprint), from}
	}
	for i, from := range []netip.AddrPort{alice, bob} {
		check(from, uint32(1000+i))
		until(t, "packets to the latest pair", func() bool {
			p := tr.peer.Load()
			return p != nil && addrPort(p.addr) == from && tr.write([]byte{1})
		})
		if m.owner(from) != tr.door {
			t.Errorf("%v was selected but is not heard", from)
		}
	}
	tr.Close(nil)
	wait(t, tr.Done(), "end")
	if tr.write([]byte{1}) {
		t.Error("sent after the end")
	}
}

func TestUfrags(t *testing.T) {
	good := request(t, "ufrag:other", stun.Fingerprint)
	if u, ok := checkedUfrag(good); !ok || u != "ufrag" {
		t.Errorf("%q %v", u, ok)
	}
	for n := range good {
		if u, ok := checkedUfrag(good[:n]); ok {
			t.Errorf("cut to %d bytes: %q", n, u)
		}
	}
	for name, b := range map[string][]byte{"no colon": request(t, "ufrag"), "response": success(t)} {
		if u, ok := checkedUfrag(b); ok {
			t.Errorf("%s: %q", name, u)
		}
	}
}

func FuzzMux(f *testing.F) {
	f.Add(request(f, "aaaa:x"))
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 255, 255, 0, 0, 0, 0})
	e, err := New(Config{Media: newDuct(), ConnectTimeout: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	tr, err := e.Accept(f.Context(), Offer{SDP: load(f, "whip.sdp")})
	if err != nil {
		f.Fatal(err)
	}
	e.mux.admit(tr.door, alice)
	f.Fuzz(func(t *testing.T, b []byte) {
		e.mux.datagram(slices.Clone(b), alice, e.mux.sockets[0])
		e.mux.datagram(slices.Clone(b), stranger, e.mux.sockets[0])
		if u, ok := checkedUfrag(b); ok {
			m := &stun.Message{Raw: slices.Clone(b)}
			var name stun.Username
			if m.Decode() == nil && name.GetFrom(m) == nil && len(u) > len(name) {
				t.Errorf("%q is no part of %q", u, name)
			}
		}
	})
}
