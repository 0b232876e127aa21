package node

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/ops/config"
)

func prefixes(list ...string) (out []net.Addr) {
	for _, s := range list {
		ip, n, err := net.ParseCIDR(s)
		if err != nil {
			panic(err)
		}
		out = append(out, &net.IPNet{IP: ip, Mask: n.Mask})
	}
	return out
}

func TestOthers(t *testing.T) {
	for _, test := range []struct {
		machine []net.Addr
		want    []string
	}{
		{prefixes("127.0.0.1/8", "2001:db8::5/64", "fe80::1/64", "203.0.113.5/24", "::1/128", "10.0.0.5/8"), []string{"203.0.113.5", "10.0.0.5", "2001:db8::5"}},
		{prefixes("127.0.0.1/8", "169.254.1.1/16"), []string{"127.0.0.1"}},
	} {
		var got []string
		for _, ip := range others(test.machine) {
			got = append(got, ip.String())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("of %v: %v, want %v", test.machine, got, test.want)
		}
	}
}

// Where a socket is bound to all addresses, others are told one they can reach.
func TestNothingAnnouncesAllAddresses(t *testing.T) {
	for _, bound := range []string{"0.0.0.0:7002", "[::]:7002"} {
		at := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(bound))
		if got := netip.MustParseAddrPort(Reachable(config.Endpoint{}, at)); got.Addr().IsUnspecified() || got.Port() != 7002 {
			t.Errorf("%s is reached at %s", bound, got)
		}
		list, err := announced(nil, at)
		if err != nil || len(list) == 0 {
			t.Fatalf("%v, %v", list, err)
		}
		for _, a := range list {
			if a.Addr().IsUnspecified() || a.Port() != 7002 {
				t.Errorf("%s is announced as %s", bound, a)
			}
		}
	}
	for bind, want := range map[string]string{
		"0.0.0.0:7946":   net.JoinHostPort(machineAddresses()[0].String(), "7946"),
		"[::]:7946":      net.JoinHostPort(machineAddresses()[0].String(), "7946"),
		":7946":          net.JoinHostPort(machineAddresses()[0].String(), "7946"),
		"10.0.0.5:7946":  "",
		"localhost:7946": "",
	} {
		g := gossip(config.Config{Gossip: config.Gossip{Listen: bind}})
		if g.Advertise != want {
			t.Errorf("gossip on %s is announced as %q, want %q", bind, g.Advertise, want)
		}
		if _, err := netip.ParseAddrPort(g.Bind); err != nil {
			t.Errorf("gossip on %s binds %s", bind, g.Bind)
		}
	}
}

func TestAnnounceIsKept(t *testing.T) {
	at := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("0.0.0.0:7000"))
	if got := Reachable(config.Endpoint{Announce: "relay.example.net:9"}, at); got != "relay.example.net:9" {
		t.Errorf("got %s", got)
	}
	if got := gossip(config.Config{Gossip: config.Gossip{Listen: ":7946", Announce: "203.0.113.5:9"}}).Advertise; got != "203.0.113.5:9" {
		t.Errorf("got %s", got)
	}
	got, err := announced([]string{"203.0.113.5", "203.0.113.6:7100", "2001:db8::5"}, at)
	want := []netip.AddrPort{
		netip.MustParseAddrPort("203.0.113.5:7000"), netip.MustParseAddrPort("203.0.113.6:7100"), netip.MustParseAddrPort("[2001:db8::5]:7000"),
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := announced([]string{"media.example.net"}, at); err == nil {
		t.Error("a name is taken as an address of media")
	}
}

// Media over TCP is announced where media is and the port is bound.
func TestAnnouncedTCP(t *testing.T) {
	for _, test := range []struct {
		bound       string
		list, media []string
		want        []string
	}{
		{"[::]:443", nil, []string{"203.0.113.5:7000", "[2001:db8::5]:7000"}, []string{"203.0.113.5:443", "[2001:db8::5]:443"}},
		{"0.0.0.0:443", nil, []string{"203.0.113.5:7000", "[2001:db8::5]:7000"}, []string{"203.0.113.5:443"}},
		{"10.0.0.5:443", nil, []string{"203.0.113.5:7000", "203.0.113.5:7001"}, []string{"203.0.113.5:443"}},
		{"127.0.0.1:8080", nil, []string{"203.0.113.5:7000"}, nil}, // a proxy's
		{"127.0.0.1:8080", nil, []string{"127.0.0.1:7000"}, []string{"127.0.0.1:8080"}},
		{"127.0.0.1:8080", []string{"203.0.113.5:443", "203.0.113.6"}, []string{"203.0.113.5:7000"}, []string{"203.0.113.5:443", "203.0.113.6:8080"}},
	} {
		var media []netip.AddrPort
		for _, m := range test.media {
			media = append(media, netip.MustParseAddrPort(m))
		}
		got, err := announcedTCP(test.list, media, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.bound)))
		var names []string
		for _, a := range got {
			names = append(names, a.String())
		}
		if err != nil || !slices.Equal(names, test.want) {
			t.Errorf("bound to %s: %v, %v, want %v", test.bound, names, err, test.want)
		}
	}
}

func TestMediaOverTCPIsOptional(t *testing.T) {
	for _, test := range []struct {
		media         config.Media
		taken, shared bool
	}{
		{config.Media{}, false, false}, {config.Media{TCP: "127.0.0.1:0"}, true, false}, {config.Media{TCP: config.WithHTTP}, true, true},
	} {
		var s Sockets
		o := EdgeOptions{HTTP: s.TCP("127.0.0.1:0"), MediaAnnounce: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7000")}}
		http := o.HTTP
		if err := shareMedia(&s, &o, test.media); err != nil {
			t.Fatal(err)
		}
		if (o.MediaTCP != nil) != test.taken || (o.HTTP != http) != test.shared {
			t.Errorf("tcp %q: taken %v, shared %v", test.media.TCP, o.MediaTCP != nil, o.HTTP != http)
		}
		if test.shared && o.MediaTCP.Addr().String() != http.Addr().String() {
			t.Errorf("on %v", o.MediaTCP.Addr())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTURNURLs(t *testing.T) {
	var s Sockets
	defer s.Close()
	o := EdgeOptions{TURNUDP: s.UDP("127.0.0.1:0"), MediaAnnounce: []netip.AddrPort{netip.MustParseAddrPort("203.0.113.5:7000")}}
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	_, port, _ := net.SplitHostPort(o.TURNUDP.LocalAddr().String())
	for _, test := range []struct{ hosts, want []string }{
		{nil, []string{"turn:203.0.113.5:" + port + "?transport=udp"}},
		{[]string{"turn.example.net"}, []string{"turn:turn.example.net:" + port + "?transport=udp"}},
		{[]string{"turn.example.net:443"}, []string{"turn:turn.example.net:443?transport=udp"}},
		{[]string{"2001:db8::5"}, []string{"turn:[2001:db8::5]:" + port + "?transport=udp"}},
	} {
		if got := turnURLs(test.hosts, o); !slices.Equal(got, test.want) {
			t.Errorf("of %v: %v, want %v", test.hosts, got, test.want)
		}
	}
}

// TestMediaPort: a second node on the port of a first one is told so, though
// the first one's own sockets share it.
func TestMediaPort(t *testing.T) {
	var s, other Sockets
	defer s.Close()
	first, beside := s.Media("127.0.0.1:0", 2)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	for _, c := range beside {
		if c.LocalAddr().String() != first.LocalAddr().String() {
			t.Errorf("%v beside %v", c.LocalAddr(), first.LocalAddr())
		}
	}
	if again, _ := other.Media(first.LocalAddr().String(), 2); again != nil || other.Err == nil || !strings.Contains(other.Err.Error(), "in use") {
		t.Errorf("opened twice: %v", other.Err)
	}
	if again, _ := other.Media("127.0.0.1:0", 1); again != nil {
		t.Error("opened after an error")
	}
	_ = s.Close()
	var next Sockets
	if again, _ := next.Media(first.LocalAddr().String(), 1); again == nil {
		t.Errorf("a socket is still open: %v", next.Err)
	}
	_ = next.Close()
}

// After an error nothing more is opened, and what was opened is closed.
func TestSocketsClose(t *testing.T) {
	var s Sockets
	first := s.TCP("127.0.0.1:0")
	if s.optionalTCP("") != nil || s.optionalUDP("") != nil {
		t.Error("an address that is not there is opened")
	}
	if taken := s.TCP(first.Addr().String()); taken != nil || s.Err == nil {
		t.Errorf("opened twice: %v, %v", taken, s.Err)
	}
	if s.UDP("127.0.0.1:0") != nil {
		t.Error("opened after an error")
	}
	if err := s.Close(); err == nil {
		t.Error("the error is lost")
	}
	again, err := net.Listen("tcp", first.Addr().String())
	if err != nil {
		t.Fatalf("the first is still open: %v", err)
	}
	again.Close()
}
