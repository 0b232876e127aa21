package turn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/turn/credential"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

var secret = []byte("a secret of the cluster")

// node is a media socket that echoes, behind a Bridge, with TURN beside it.
type node struct {
	server *Server
	bridge *Bridge
	media  netip.AddrPort
	seen   chan netip.AddrPort // sources of what the media socket got
	clock  atomic.Int64        // added to the wall clock
}

func newNode(t *testing.T, change ...func(*Config)) *node {
	t.Helper()
	socket := listenUDP(t)
	n := &node{media: addrOf(socket.LocalAddr()), seen: make(chan netip.AddrPort, 1024)}
	n.bridge = NewBridge(socket, []netip.AddrPort{n.media, netip.MustParseAddrPort("203.0.113.9:40000")})
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			k, from, err := n.bridge.ReadFrom(buf)
			if err != nil {
				return
			}
			select {
			case n.seen <- addrOf(from):
			default:
			}
			if _, err := n.bridge.WriteTo(buf[:k], from); err != nil {
				return
			}
		}
	}()
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		UDP: listenUDP(t), TCP: tcp, Bridge: n.bridge, Secret: secret,
		Now: func() time.Time { return time.Now().Add(time.Duration(n.clock.Load())) },
	}
	for _, c := range change {
		c(&cfg)
	}
	if n.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if got := n.server.Allocations(); got != 0 {
			t.Errorf("%d allocations after Close", got)
		}
		_ = n.bridge.Close()
		<-done
	})
	return n
}

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func addrOf(a net.Addr) netip.AddrPort {
	return unmap(netip.MustParseAddrPort(a.String()))
}

// dial is a TURN client over network "udp", "tcp" or "tls".
func (n *node) dial(t *testing.T, network, name, password string) *turn.Client {
	t.Helper()
	var conn net.PacketConn
	var server string
	switch network {
	case "udp":
		conn, server = listenUDP(t), n.server.cfg.UDP.LocalAddr().String()
	default:
		server = n.server.cfg.TCP.Addr().String()
		c, err := net.Dial("tcp4", server)
		if err != nil {
			t.Fatal(err)
		}
		if network == "tls" {
			c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		}
		conn = turn.NewSTUNConn(c)
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: server, TURNServerAddr: server, Conn: conn, Username: name, Password: password,
		Realm: "meridian", LoggerFactory: loggers{slog.New(slog.DiscardHandler)}, RTO: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); _ = conn.Close() })
	return client
}

// allocate returns the relayed end, which ends with the test.
func allocate(t *testing.T, c *turn.Client) net.PacketConn {
	t.Helper()
	relay, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	return relay
}

func mint() (name, password string) {
	return credential.Mint(secret, "demo/ann", 5*time.Minute, time.Now())
}

// echo sends until an answer comes through, as permissions and channels are
// made on the way.
func echo(t *testing.T, relay net.PacketConn, to netip.AddrPort, text string) {
	t.Helper()
	buf := make([]byte, 2048)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if _, err := relay.WriteTo([]byte(text), net.UDPAddrFromAddrPort(to)); err != nil {
			t.Fatal(err)
		}
		if err := relay.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		k, from, err := relay.ReadFrom(buf)
		if err != nil {
			continue
		}
		if got := string(buf[:k]); got != text || addrOf(from) != to {
			t.Fatalf("%q from %v, want %q from %v", got, from, text, to)
		}
		return
	}
	t.Fatal("no echo")
}

func TestRelaying(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) { relays(t, newNode(t), network) })
	}
	t.Run("tls", func(t *testing.T) {
		cert := testCertificate(t)
		n := newNode(t, func(c *Config) {
			c.TCP = tls.NewListener(c.TCP, &tls.Config{Certificates: []tls.Certificate{cert}})
		})
		relays(t, n, "tls")
	})
}

func relays(t *testing.T, n *node, network string) {
	t.Helper()
	name, password := mint()
	relay := allocate(t, n.dial(t, network, name, password))
	if at := addrOf(relay.LocalAddr()); !virtual4.Contains(at.Addr()) {
		t.Errorf("relayed address %v is not virtual", at)
	}
	echo(t, relay, n.media, "hello")
	if from := <-n.seen; !n.bridge.Relayed(from) {
		t.Errorf("media came from %v", from)
	}
	// The announced address leads to the same socket, and answers come from
	// where the client spoke to.
	echo(t, relay, n.bridge.addrs[1], "announced")
	direct := listenUDP(t)
	defer direct.Close()
	echo(t, direct, n.media, "direct traffic passes beside")
	if err := relay.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "release", func() bool { return n.server.Allocations() == 0 })
}

func TestTwoAllocationsAreApart(t *testing.T) {
	n := newNode(t)
	name, password := mint()
	a := allocate(t, n.dial(t, "udp", name, password))
	b := allocate(t, n.dial(t, "tcp", name, password))
	if a.LocalAddr().String() == b.LocalAddr().String() {
		t.Fatalf("both are %v", a.LocalAddr())
	}
	echo(t, a, n.media, "to a")
	echo(t, b, n.media, "to b")
	echo(t, a, n.media, "to a again")
}

func TestExpiryCountsAtAllocateOnly(t *testing.T) {
	n := newNode(t)
	name, password := credential.Mint(secret, "demo/ann", 30*time.Minute, time.Now())
	client := n.dial(t, "udp", name, password)
	relay := allocate(t, client)
	n.clock.Store(int64(time.Hour))
	// Permission and channel are asked for after the name's end.
	echo(t, relay, n.media, "still here")
	if err := client.CreatePermission(net.UDPAddrFromAddrPort(n.media)); err != nil {
		t.Errorf("permission after the name's end: %v", err)
	}
	if got := n.refresh(t, client, name, password, stun.MethodRefresh); got != 0 {
		t.Errorf("refresh after the name's end: %d", got)
	}
	if _, err := n.dial(t, "udp", name, password).Allocate(); err == nil {
		t.Error("an expired name allocates")
	}
	echo(t, relay, n.media, "and still")
}

// refresh sends one authenticated request on the client's 5-tuple and returns
// the error code of the answer, 0 for success.
func (n *node) refresh(t *testing.T, client *turn.Client, name, password string, method stun.Method, more ...stun.Setter) stun.ErrorCode {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp4", n.server.cfg.UDP.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(setters ...stun.Setter) *stun.Message {
		msg, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, setters...)...)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.PerformTransaction(msg, to, false)
		if err != nil {
			t.Fatal(err)
		}
		return res.Msg
	}
	var nonce stun.Nonce
	if err := nonce.GetFrom(ask()); err != nil {
		t.Fatal(err)
	}
	setters := append(more, stun.NewUsername(name), stun.NewRealm("meridian"), nonce,
		stun.NewLongTermIntegrity(name, "meridian", password), stun.Fingerprint)
	answer := ask(setters...)
	if answer.Type.Class == stun.ClassSuccessResponse {
		return 0
	}
	var code stun.ErrorCodeAttribute
	if err := code.GetFrom(answer); err != nil {
		t.Fatal(err)
	}
	return code.Code
}

func TestRefusals(t *testing.T) {
	n := newNode(t)
	name, password := mint()
	for what, c := range map[string][2]string{
		"wrong password": {name, "guess"}, "unknown name": {"ann", password}, "other name": {"9" + name, password}, "": {"", ""},
	} {
		if _, err := n.dial(t, "udp", c[0], c[1]).Allocate(); err == nil {
			t.Errorf("%s: allocated", what)
		}
	}
}

func TestQuota(t *testing.T) {
	n := newNode(t, func(c *Config) { c.MaxPerName = 2 })
	name, password := mint()
	first := allocate(t, n.dial(t, "udp", name, password))
	allocate(t, n.dial(t, "tcp", name, password))
	if _, err := n.dial(t, "udp", name, password).Allocate(); err == nil {
		t.Fatal("a third allocation of one name")
	}
	other, pw := credential.Mint(secret, "demo/bob", time.Minute, time.Now())
	allocate(t, n.dial(t, "udp", other, pw))
	_ = first.Close()
	until(t, "a free place", func() bool { return n.server.Allocations() == 2 })
	allocate(t, n.dial(t, "udp", name, password))
}

// canary is a socket that must never hear anything.
func canary(t *testing.T, network, addr string) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		if k, from, err := c.ReadFrom(buf); err == nil {
			t.Errorf("the canary at %v heard %q from %v", c.LocalAddr(), buf[:k], from)
		}
	}()
	t.Cleanup(func() { _ = c.Close(); <-done })
	return addrOf(c.LocalAddr())
}

func TestNothingElseIsReachable(t *testing.T) {
	n := newNode(t)
	name, password := mint()
	client := n.dial(t, "udp", name, password)
	relay := allocate(t, client)
	echo(t, relay, n.media, "the way is open")

	loopback := canary(t, "udp4", "127.0.0.1:0")
	second := canary(t, "udp4", "127.0.0.2:0")
	all := canary(t, "udp4", "0.0.0.0:0")
	peers := []netip.AddrPort{
		second,
		netip.AddrPortFrom(netip.IPv4Unspecified(), loopback.Port()),
		netip.MustParseAddrPort("169.254.169.254:80"),
		netip.MustParseAddrPort("240.0.0.1:50000"),
		netip.MustParseAddrPort("255.255.255.255:53"),
		netip.MustParseAddrPort("224.0.0.251:5353"),
	}
	if own, ok := privateAddr(); ok {
		peers = append(peers, netip.AddrPortFrom(own, all.Port()))
	}
	for _, p := range peers {
		for _, method := range []stun.Method{stun.MethodCreatePermission, stun.MethodChannelBind} {
			peer := stun.XORMappedAddress{IP: p.Addr().AsSlice(), Port: int(p.Port())}
			got := n.refresh(t, client, name, password, method, setter(func(m *stun.Message) error {
				m.Add(stun.AttrChannelNumber, []byte{0x40, 0x07, 0, 0})
				return peer.AddToAs(m, stun.AttrXORPeerAddress)
			}))
			// pion/turn says 401 where RFC 8656 section 12.2 has 403 for
			// ChannelBind.
			if got != stun.CodeForbidden && (method != stun.MethodChannelBind || got != stun.CodeUnauthorized) {
				t.Errorf("%v for %v: %d", method, p, got)
			}
		}
		n.indicate(t, client, p)
	}
	// Addresses in IPv6 clothes, and attributes that hold none.
	for what, raw := range map[string]func(*stun.Message) []byte{
		"mapped loopback":    mapped(netip.MustParseAddr("::ffff:127.0.0.1"), second.Port()),
		"mapped second":      mapped(netip.MustParseAddr("::ffff:127.0.0.2"), second.Port()),
		"unspecified":        mapped(netip.IPv6Unspecified(), loopback.Port()),
		"loopback":           mapped(netip.IPv6Loopback(), loopback.Port()),
		"empty":              literal(),
		"short":              literal(0, 1, 0),
		"family of nobody":   literal(0, 9, 0, 1, 1, 2, 3, 4),
		"IPv6 cut to 4":      literal(0, 2, 0, 1, 1, 2, 3, 4),
		"IPv4 with 16 bytes": literal(append([]byte{0, 1, 0, 1}, make([]byte, 16)...)...),
	} {
		for _, method := range []stun.Method{stun.MethodCreatePermission, stun.MethodChannelBind} {
			got := n.refresh(t, client, name, password, method, setter(func(m *stun.Message) error {
				m.Add(stun.AttrChannelNumber, []byte{0x40, 0x08, 0, 0})
				m.Add(stun.AttrXORPeerAddress, raw(m))
				return nil
			}))
			if got == 0 && what != "mapped loopback" {
				t.Errorf("%v for %s: success", method, what)
			}
		}
	}
	// Another port of an address of ours: permitted by address, dropped by
	// port.
	before := n.bridge.refused.Load()
	if err := client.CreatePermission(net.UDPAddrFromAddrPort(loopback)); err != nil {
		t.Fatal(err)
	}
	if _, err := relay.WriteTo([]byte("other port"), net.UDPAddrFromAddrPort(loopback)); err != nil {
		t.Fatal(err)
	}
	until(t, "a refused packet", func() bool { return n.bridge.refused.Load() > before })
	echo(t, relay, n.media, "still alive")
}

// indicate sends a Send indication to p past all permissions.
func (n *node) indicate(t *testing.T, client *turn.Client, p netip.AddrPort) {
	t.Helper()
	peer := stun.XORMappedAddress{IP: p.Addr().AsSlice(), Port: int(p.Port())}
	msg, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication),
		setter(func(m *stun.Message) error {
			m.Add(stun.AttrData, []byte("canary?"))
			return peer.AddToAs(m, stun.AttrXORPeerAddress)
		}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.WriteTo(msg.Raw, n.server.cfg.UDP.LocalAddr()); err != nil {
		t.Fatal(err)
	}
}

type setter func(*stun.Message) error

func (s setter) AddTo(m *stun.Message) error { return s(m) }

// mapped is an XOR-PEER-ADDRESS of family IPv6 whatever ip is: pion's own
// encoder would make IPv4 of a mapped address.
func mapped(ip netip.Addr, port uint16) func(*stun.Message) []byte {
	return func(m *stun.Message) []byte {
		raw := []byte{0, 2, byte(port>>8) ^ 0x21, byte(port) ^ 0x12}
		mask := append([]byte{0x21, 0x12, 0xa4, 0x42}, m.TransactionID[:]...)
		for i, c := range ip.As16() {
			raw = append(raw, c^mask[i])
		}
		return raw
	}
}

func literal(b ...byte) func(*stun.Message) []byte {
	return func(*stun.Message) []byte { return b }
}

// privateAddr is an address of this machine besides loopback.
func privateAddr() (netip.Addr, bool) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, false
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			return p.Addr(), true
		}
	}
	return netip.Addr{}, false
}

func TestIdleConnectionsEnd(t *testing.T) {
	n := newNode(t, func(c *Config) { c.IdleTimeout = 50 * time.Millisecond; c.MaxTCP = 2 })
	addr := n.server.cfg.TCP.Addr().String()
	closed := func(c net.Conn) {
		t.Helper()
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("not closed: %v", err)
		}
		_ = c.Close()
	}
	for range 2 {
		c, err := net.Dial("tcp4", addr)
		if err != nil {
			t.Fatal(err)
		}
		closed(c)
	}
	name, password := mint()
	var relay net.PacketConn
	until(t, "an allocation within 50 ms", func() bool {
		var err error
		relay, err = n.dial(t, "tcp", name, password).Allocate()
		return err == nil
	})
	t.Cleanup(func() { _ = relay.Close() })
	idle, err := net.Dial("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	closed(idle) // 50 ms have passed
	echo(t, relay, n.media, "an allocation lives on")
}

func TestPasswordsAreNotLogged(t *testing.T) {
	var log lockedBuffer
	n := newNode(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.TCP = nil
	})
	name, password := mint()
	relay := allocate(t, n.dial(t, "udp", name, password))
	echo(t, relay, n.media, "x")
	_ = relay.Close()
	if err := n.server.Close(); err != nil {
		t.Fatal(err)
	}
	if s := log.String(); strings.Contains(s, password) {
		t.Error("the password is in the log")
	}
}

// lockedBuffer is read while goroutines of pion, which Close does not wait for,
// may still log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(patience)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-ticker.C:
		}
	}
}

func testCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	cert, err := selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
