//go:build linux

package main

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/simnet"
)

// usual is options as their defaults are.
func usual() options {
	return options{
		Server: []string{"meridian"}, Scenario: []string{"idle"}, Viewers: []int{50}, Parties: 10, Speakers: 20,
		Joins: 20, Storm: 50, Duration: 6 * time.Second, Sockets: 4,
	}
}

func TestWrongFlagsSayWhatIsRight(t *testing.T) {
	tests := map[string]struct {
		change func(*options)
		want   []string
	}{
		"scenario": {func(o *options) { o.Scenario = []string{"party"} }, []string{"--scenario party", "webinar", "lossy"}},
		"server":   {func(o *options) { o.Server = []string{"apache"} }, []string{"--server apache", "janus", "mediamtx", "meridian"}},
		"livekit":  {func(o *options) { o.Server = []string{"livekit"} }, []string{"signalling of its own", "15 to 20 µs"}},
		"galene":   {func(o *options) { o.Server = []string{"galene"} }, []string{"16 µs"}},
		"viewers":  {func(o *options) { o.Viewers = []int{0} }, []string{"1 to 1000"}},
		"parties":  {func(o *options) { o.Parties = 11 }, []string{"--parties 11", "2 to 10"}},
		"duration": {func(o *options) { o.Duration = time.Millisecond }, []string{"--duration 1ms", "1s to 10m"}},
		"sockets":  {func(o *options) { o.Sockets = 0 }, []string{"--sockets 0", "1 to 64"}},
		"two":      {func(o *options) { o.Sockets, o.Parties = 0, 1 }, []string{"--sockets 0", "--parties 1"}},
	}
	for name, tt := range tests {
		o := usual()
		tt.change(&o)
		err := o.Validate()
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		for _, w := range tt.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", name, err, w)
			}
		}
	}
	if o := usual(); o.Validate() != nil {
		t.Errorf("the usual is refused: %v", o.Validate())
	}
}

func TestRefusalsHaveAnExitCodeOfTheirOwn(t *testing.T) {
	for _, args := range [][]string{{"sfu", "--nope"}, {"sfu", "--scenario", "party"}, {"figures", "missing.json"}, {"figures"}, {"floor"}} {
		if code := command(args); code != 2 {
			t.Errorf("%q ends with %d, want 2", args, code)
		}
	}
	if code := command([]string{"--help"}); code != 0 {
		t.Errorf("--help ends with %d", code)
	}
}

func TestASlotPlanShowsOthersInTurn(t *testing.T) {
	all := []string{"a", "b", "c", "d"}
	if got := allBut(all, 2, 9); !slices.Equal(got, []string{"d", "a", "b"}) {
		t.Errorf("all but c: %v", got)
	}
	if got := allBut(all, 0, 2); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("two but a: %v", got)
	}
	if got := row(all, 3, 3); !slices.Equal(got, []string{"d", "a", "b"}) {
		t.Errorf("three from d: %v", got)
	}
}

func TestAWebinarShowsItsEnds(t *testing.T) {
	var all []Result
	for n := range 6 {
		all = append(all, Result{Viewers: n})
	}
	var kept []int
	for _, r := range ends(all) {
		kept = append(kept, r.Viewers)
	}
	if !slices.Equal(kept, []int{0, 4, 5}) {
		t.Errorf("kept %v", kept)
	}
	if len(ends(all[:2])) != 2 {
		t.Error("two results are two")
	}
}

func TestTheFloorSealsAndSendsToAll(t *testing.T) {
	sink, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	at := sink.LocalAddr().(*net.UDPAddr).AddrPort()
	w, err := newWave(slices.Repeat([]netip.AddrPort{at}, 70)) // more than one system call takes
	if err != nil {
		t.Fatal(err)
	}
	defer w.conn.Close()
	w.send(100)
	if w.sent != 70 {
		t.Fatalf("sent %d", w.sent)
	}
	if err := sink.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 70 {
		buf := make([]byte, 2048)
		n, err := sink.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if n != 12+100+16 || bytes.Contains(buf[12:n], make([]byte, 32)) {
			t.Fatalf("%d bytes, or not sealed", n)
		}
		seen[string(buf[:n])] = true
	}
	if len(seen) != 70 {
		t.Errorf("%d different packets of 70: a nonce was used twice", len(seen))
	}
}

func TestTheFloorIsThatOfTheWholeRun(t *testing.T) {
	if got := (Floor{100, 3, 1, .4, 20}).mean(Floor{100, 5, 2, .6, 24}); *got != (Floor{100, 4, 1.5, .5, 22}) {
		t.Errorf("%+v", *got)
	}
}

func TestAPathCarriesBothWaysAndLoses(t *testing.T) {
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	p, err := newPath(server.LocalAddr().(*net.UDPAddr).AddrPort(), simnet.Link{Loss: .5})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	viewer, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(p.address()))
	if err != nil {
		t.Fatal(err)
	}
	defer viewer.Close()
	if _, err := viewer.Write([]byte("up")); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	_ = server.SetReadDeadline(deadline)
	buf := make([]byte, 16)
	_, from, err := server.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	for range 64 {
		if _, err := server.WriteToUDPAddrPort([]byte("down"), from); err != nil {
			t.Fatal(err)
		}
	}
	_ = viewer.SetReadDeadline(deadline)
	if n, err := viewer.Read(buf); err != nil || string(buf[:n]) != "down" {
		t.Fatalf("%q %v", buf[:n], err)
	}
}

func TestCausesAreReadOffTheMetrics(t *testing.T) {
	text := "# TYPE meridian_rtc_transports_closed_total counter\n" +
		`meridian_rtc_transports_closed_total{cause="flood"} 2` + "\n" +
		`meridian_rtc_transports_closed_total{cause="client",node="a"} 31` + "\nother{cause=\"x\"} 1\n"
	got := endsIn(text)
	if len(got) != 2 || got["flood"] != "2" || got["client"] != "31" {
		t.Errorf("causes %v", got)
	}
}
