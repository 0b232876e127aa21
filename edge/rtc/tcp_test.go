package rtc

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

func listenTCP(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// newTCPClient makes a client that has TCP alone.
func newTCPClient(t testing.TB, codecs ...clientCodec) *client {
	t.Helper()
	return newClientBy(t, func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
		s.SetIPFilter(net.IP.IsLoopback)
	}, codecs...)
}

// newTCPEngine makes an engine that takes TCP too.
func newTCPEngine(t *testing.T) *Engine {
	t.Helper()
	return newEngine(t, func(c *Config) { c.Streams = listenTCP(t) })
}

// TestMeetingOverTCP has one of two come by TCP: each sends and receives, also
// after an ICE restart.
func TestMeetingOverTCP(t *testing.T) {
	for name, clients := range map[string][2]func(testing.TB, ...clientCodec) *client{
		"publisher": {newTCPClient, newClient}, "subscriber": {newClient, newTCPClient}, "both": {newTCPClient, newTCPClient},
	} {
		t.Run(name, func(t *testing.T) {
			m := meeting(t, newTCPEngine(t), clients[0](t, vp8, opus), clients[1](t, vp8, opus))
			for i, p := range receive(t, m.picture, 100)[1:] {
				if len(p.Payload) == 0 {
					t.Fatalf("packet %d is empty", i)
				}
			}
			receive(t, m.voice, 50)
			for _, c := range []*client{m.pub, m.sub} {
				want := "tcp"
				if c.socket != nil {
					want = "udp"
				}
				if s := c.transport.Stats(); s.Protocol != want || s.Remote != "prflx" {
					t.Errorf("by %s from %s, not by %s", s.Protocol, s.Remote, want)
				}
				restart(t, c)
				receive(t, m.picture, 100)
				if s := c.transport.Stats(); s.Protocol != want {
					t.Errorf("by %s after a restart", s.Protocol)
				}
			}
			m.pub.transport.Close(nil)
			wait(t, m.pub.transport.Done(), "end")
			m.sub.transport.Close(nil)
			wait(t, m.sub.transport.Done(), "end")
			until(t, "the connections' end", func() bool { return m.engine.openStreams() == 0 })
		})
	}
}

// restart has a client restart ICE.
func restart(t *testing.T, c *client) {
	t.Helper()
	offer, err := c.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.transport.Restart(t.Context(), offer.SDP)
	if err != nil {
		t.Fatal(err)
	}
	c.settle(t, offer, answer)
	until(t, "a pair after the restart", func() bool { return c.transport.Stats().ICE == "connected" })
}

func TestAnswerNamesStreams(t *testing.T) {
	l := listenTCP(t)
	e := newEngine(t, func(c *Config) {
		c.Streams, c.Announce, c.AnnounceStreams = l, addrPorts("192.0.2.1:5000", "[2001:db8::1]:5000"), addrPorts("192.0.2.1:443", "[2001:db8::1]:443")
	})
	tr, err := e.Accept(t.Context(), Offer{SDP: load(t, "whip.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(tr.Answer()) {
		if c, ok := strings.CutPrefix(strings.TrimSpace(line), "a=candidate:"); ok {
			got = append(got, c)
		}
	}
	want := []string{
		"1 1 udp 2130706431 192.0.2.1 5000 typ host",
		"2 1 udp 2130706175 2001:db8::1 5000 typ host",
		"3 1 tcp 1520435199 192.0.2.1 443 typ host tcptype passive",
		"4 1 tcp 1520434943 2001:db8::1 443 typ host tcptype passive",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if upOf(t, tr, sfu.Video) == nil {
		t.Error("no section")
	}
}

func TestStreamsAreAnnouncedWhereMediaIs(t *testing.T) {
	for name, list := range map[string][]string{
		"another family": {"[2001:db8::1]:443"}, "unspecified": {"0.0.0.0:443"}, "no port": {"192.0.2.1:0"},
	} {
		media, l := listenUDP(t), listenTCP(t)
		if _, err := New(Config{Media: media, Streams: l, AnnounceStreams: addrPorts(list...)}); err == nil {
			t.Errorf("%s: taken", name)
		}
		_, _ = media.Close(), l.Close()
	}
}

func addrPorts(list ...string) (out []netip.AddrPort) {
	for _, s := range list {
		out = append(out, netip.MustParseAddrPort(s))
	}
	return out
}
