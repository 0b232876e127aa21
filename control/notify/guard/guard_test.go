package guard

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpecialAddressesAreRefused(t *testing.T) {
	tests := map[string]bool{ // whether it may be called
		"93.184.215.14": true, "1.1.1.1": true, "2606:4700::1111": true, "2a00:1450:4001::1": true,
		"172.15.255.255": true, "172.32.0.1": true, "100.63.255.255": true, "100.128.0.1": true, "198.17.255.255": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.127.255.255": false,
		"127.0.0.1": false, "127.255.255.254": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "192.0.0.192": false, "192.0.2.1": false, "192.88.99.1": false, "198.18.0.1": false,
		"198.51.100.7": false, "203.0.113.9": false, "224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::7f00:1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:0:127.0.0.1": false,
		"::ffff:1.1.1.1":   true, // IPv4 in other words
		"64:ff9b::1.1.1.1": false, "64:ff9b::127.0.0.1": false, "64:ff9b:1::1": false, "100::1": false,
		"2001::1": false, "2001:0:4136:e378:8000:63bf:3fff:fdd2": false, "2001:10::1": false, "2001:20::1": false, "2001:db8::1": false,
		"2002:7f00:1::": false, "2002:101:101::": false, "3fff::1": false, "5f00::1": false, "4000::1": false,
		"fc00::1": false, "fd12:3456::1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false, "ff0e::1": false,
	}
	var g Guard
	for text, want := range tests {
		err := g.Check(netip.AddrPortFrom(netip.MustParseAddr(text), 443))
		if (err == nil) != want || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v, may be called: %v", text, err, want)
		}
	}
	if g.Check(netip.AddrPort{}) == nil {
		t.Error("no address may be called")
	}
}

func TestEmbeddedAddressesAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:10.1.2.3": "10.1.2.3", "64:ff9b::10.1.2.3": "10.1.2.3", "2002:a01:203::1": "10.1.2.3",
		"2001:0:4136:e378:8000:63bf:f5fe:fdfc": "10.1.2.3", // Teredo inverts the bits
	} {
		if got, ok := Embedded(netip.MustParseAddr(text)); !ok || got.String() != want {
			t.Errorf("%s holds %s, %v", text, got, ok)
		}
	}
	for _, text := range []string{"10.1.2.3", "2606:4700::1111", "::1"} {
		if got, ok := Embedded(netip.MustParseAddr(text)); ok {
			t.Errorf("%s holds %s", text, got)
		}
	}
}

func TestOwnAddressesAreRefusedEvenWhereAllowed(t *testing.T) {
	g := Guard{
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Own:   []netip.AddrPort{netip.MustParseAddrPort("10.0.0.5:7443"), netip.MustParseAddrPort("93.184.215.14:0")},
	}
	for text, want := range map[string]bool{
		"10.0.0.5:7443": false, "10.0.0.5:443": true, "10.0.0.6:7443": true, "93.184.215.14:443": false, "93.184.215.15:443": true,
		"[::ffff:10.0.0.5]:7443": false, "[::ffff:10.0.0.6]:7443": true, "[64:ff9b::10.0.0.6]:443": false, "192.168.0.1:443": false,
	} {
		if err := g.Check(netip.MustParseAddrPort(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestURLsAreJudged(t *testing.T) {
	intranet := Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for raw, want := range map[string][2]bool{ // strict guard, guard with an allow-list
		"https://example.com/hook": {true, true}, "http://example.com/": {false, true}, "ftp://example.com/": {false, false},
		"https://user:pw@example.com/": {false, false}, "https:///x": {false, false}, "https:example.com": {false, false},
		"": {false, false}, "file:///etc/passwd": {false, false}, "https://%zz/": {false, false},
	} {
		if err := new(Guard).CheckURL(raw); (err == nil) != want[0] {
			t.Errorf("strict: %q: %v", raw, err)
		}
		if err := intranet.CheckURL(raw); (err == nil) != want[1] {
			t.Errorf("allowing: %q: %v", raw, err)
		}
	}
}

func TestClientReachesNothingOnThisMachine(t *testing.T) {
	reached := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	client := new(Guard).Client(5 * time.Second)
	defer client.CloseIdleConnections()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "https://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "127.1"} {
		answer, err := client.Get("https://" + host + ":" + port + "/")
		if err == nil {
			t.Errorf("%s answered %d", host, answer.StatusCode)
			_ = answer.Body.Close()
		}
	}
	if _, err := client.Get("https://127.0.0.1:" + port + "/"); !errors.Is(err, ErrAddress) {
		t.Errorf("refused for %v", err)
	}
	if reached {
		t.Error("the server was reached")
	}
}

func TestClientFollowsNoRedirect(t *testing.T) {
	followed := false
	mux := http.NewServeMux()
	mux.HandleFunc("/from", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/to", http.StatusFound) })
	mux.HandleFunc("/to", func(http.ResponseWriter, *http.Request) { followed = true })
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	server := httptest.NewServer(mux)
	defer server.Close()
	g := Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	client := g.Client(5 * time.Second)
	defer client.CloseIdleConnections()
	if _, err := client.Get(server.URL + "/from"); !errors.Is(err, ErrRedirect) || followed {
		t.Errorf("redirect: %v, followed %v", err, followed)
	}
	answer, err := client.Get(server.URL + "/plain")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || string(text) != "ok" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestInTheClearOnlyWhereAllowed(t *testing.T) {
	g := Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	if err := g.clear("tcp4", "93.184.215.14:80", nil); !errors.Is(err, ErrURL) {
		t.Errorf("a public address in the clear: %v", err)
	}
	if err := g.clear("tcp4", "10.1.1.1:80", nil); err != nil {
		t.Error(err)
	}
	for _, bad := range [][2]string{{"udp", "93.184.215.14:80"}, {"unix", "/run/x"}, {"tcp", "example.com:80"}, {"tcp", ""}} {
		if g.Control(bad[0], bad[1], nil) == nil {
			t.Errorf("%v may be called", bad)
		}
	}
}

// FuzzCheck holds that nothing which leads to a special IPv4 address is let pass in IPv6 clothes, and that the
// standard library finds nothing to object to in what passes.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"127.0.0.1:1", "[::1]:443", "[::ffff:10.0.0.1]:80", "[2002:7f00:1::]:443", "[64:ff9b::a00:1]:443", "1.1.1.1:443", "[fe80::1%lo]:1", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		var g Guard
		if g.Control("tcp", address, nil) != nil {
			return
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			t.Fatal(err)
		}
		a := to.Addr().Unmap()
		if a.IsPrivate() || a.IsLoopback() || !a.IsGlobalUnicast() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
			t.Errorf("%s passes", address)
		}
		if v4, ok := Embedded(to.Addr()); ok && Special(v4) != "" {
			t.Errorf("%s passes and leads to %s", address, v4)
		}
	})
}

// A dialer of the operator's own is given what has passed, and no names.
func TestAnotherDialerIsGivenWhatHasPassed(t *testing.T) {
	var dialled []string
	g := &Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, io.ErrUnexpectedEOF
	}}
	client := g.Client(time.Second)
	for _, url := range []string{"https://10.9.0.1/", "http://10.9.0.1/", "https://10.8.0.1/", "http://8.8.8.8/", "https://example.com/"} {
		if answer, err := client.Get(url); err == nil {
			_ = answer.Body.Close()
			t.Errorf("%s was answered", url)
		}
	}
	if want := []string{"10.9.0.1:443", "10.9.0.1:80"}; !slices.Equal(dialled, want) {
		t.Errorf("dialled %q, want %q", dialled, want)
	}
}
