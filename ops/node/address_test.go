package node

import (
	"net"
	"net/netip"
	"slices"
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
