package browser

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestWithoutUDP has a browser come to a node whose UDP port swallows
// everything, as a strict firewall does: it and another, for whom all is well,
// see and hear each other all the same.
func TestWithoutUDP(t *testing.T) {
	c := cluster.StartAt(t, map[string]cluster.Media{
		"syd": {Listen: "127.0.0.1:0", Announce: []string{hole(t, "127.0.0.1")}, NoTURN: true},
	}, "fra", "syd")
	free := New(t, "free", Options{Tone: 440, Width: 480, Height: 270})
	walled := New(t, "walled", Options{Tone: 700, Width: 800, Height: 450})
	join(free, c.Edges["fra"].URL+"/m/walled?pop=fra", "Free")
	join(walled, c.Edges["syd"].URL+"/m/walled?pop=syd", "Walled")
	for _, p := range []*Page{free, walled} {
		p.Until(startTimeout, "sees the other", decodes(1))
	}
	free.Hears(startTimeout, 700)
	walled.Hears(startTimeout, 440)
	free.by(t, "udp")
	s := walled.by(t, "tcp")
	t.Logf("first frame %.0f ms after the click; up %.0f, down %.0f kbit/s, round trip %.1f ms",
		s.Timings.FirstRemoteFrame, s.Connection.Up/1000, s.Connection.Down/1000, s.Connection.RTT)
	if n := c.Metric("syd", "meridian_rtc_streams"); n < 1 {
		t.Errorf("the node has %.0f connections", n)
	}
	walled.Click(`[aria-label^="Connection"]`)
	walled.Shot("connection")

	// Consent of what is not used would have run out by then.
	frames := s.Slots.Video[0].Frames
	began := time.Now()
	walled.Until(climbTimeout+startTimeout, "still sees the other after a while", func(s State) error {
		if v, ok := s.Picture(); !ok || v.Frames <= frames || time.Since(began) < climbTimeout {
			return fmt.Errorf("%.0f frames after %.0f s", v.Frames, time.Since(began).Seconds())
		}
		return nil
	})
	if s := walled.by(t, "tcp"); s.Attachments != 1 {
		t.Errorf("attached %d times", s.Attachments)
	}
}

// TestFirefoxWithoutUDP is the same for Firefox, to a port of media's own.
func TestFirefoxWithoutUDP(t *testing.T) {
	own := ownAddress(t)
	c := cluster.StartAt(t, map[string]cluster.Media{
		"syd": {Announce: []string{hole(t, own)}, TCP: own + ":0", NoTURN: true},
	}, "fra", "syd")
	chrome := New(t, "chromium", Options{Tone: 440, Width: 480, Height: 270})
	fox := New(t, "firefox", Options{Firefox: true, Tone: 700, Width: 480, Height: 270})
	join(chrome, c.Edges["fra"].URL+"/m/walled-fox?pop=fra", "Chromium")
	join(fox, c.Edges["syd"].URL+"/m/walled-fox?pop=syd", "Firefox")
	for _, p := range []*Page{chrome, fox} {
		p.Until(startTimeout, "sees the other", decodes(1))
	}
	fox.Sounds(startTimeout)
	chrome.Hears(startTimeout, 700)
	s := fox.by(t, "tcp")
	t.Logf("first frame %.0f ms after the click", s.Timings.FirstRemoteFrame)
}

// freeTCP finds a port that is free now.
func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// hole is a UDP port that swallows everything.
func hole(t *testing.T, ip string) string {
	t.Helper()
	c, err := net.ListenPacket("udp4", ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.LocalAddr().String()
}

// by waits until the page's media goes directly by a protocol.
func (p *Page) by(t *testing.T, protocol string) State {
	t.Helper()
	return p.within(t).Until(startTimeout, "goes by "+protocol, func(s State) error {
		if s.Connection.Protocol != protocol || s.Connection.Path != "direct" {
			return fmt.Errorf("%s by %s", s.Connection.Path, s.Connection.Protocol)
		}
		return nil
	})
}

// TestNarrowWayWithoutUDP is TestNarrowWay over TCP, which loses nothing but
// delays all: the picture becomes smaller, and large again.
func TestNarrowWayWithoutUDP(t *testing.T) {
	server := freeTCP(t)
	way := newThrottle(t, server, 3_000_000)
	c := cluster.StartAt(t, map[string]cluster.Media{
		"syd": {Announce: []string{hole(t, "127.0.0.1")}, NoTURN: true, TCP: server, AnnounceTCP: []string{way.Addr().String()}},
	}, "fra", "syd")
	publisher := New(t, "publisher", Options{Tone: 440, Width: 480, Height: 270})
	viewer := New(t, "viewer", Options{Width: 1280, Height: 720})
	join(publisher, c.Edges["fra"].URL+"/m/narrow-tcp?pop=fra", "Publisher")
	join(viewer, c.Edges["syd"].URL+"/m/narrow-tcp?pop=syd", "Viewer")
	wide := viewer.receives(t, "the high layer", 720)
	viewer.by(t, "tcp")

	way.rate.Store(300_000)
	began := time.Now()
	watch := stood{at: began, frames: wide.Frames}
	viewer.Until(climbTimeout, "gets less, and the node says why", func(s State) error {
		v, _ := s.Picture()
		watch.see(v)
		if v.Layer == nil || v.Layer.Reason != "bandwidth" || v.Layer.State != "paused" && v.Height >= wide.Height {
			return fmt.Errorf("%v, %.0f lines", v.Layer, v.Height)
		}
		return nil
	})
	t.Logf("after %.1f s; the picture stood for %.1f s at most", time.Since(began).Seconds(), watch.longest.Seconds())
	t.Logf("%.0f packets did not fit a queue", c.Metric("syd", `meridian_rtc_dropped_total{reason="stream_full"}`))
	viewer.Sounds(startTimeout)

	way.rate.Store(3_000_000)
	viewer.receives(t, "the high layer again", 720)
	if s := viewer.by(t, "tcp"); s.Attachments != 1 {
		t.Errorf("attached %d times", s.Attachments)
	}
}
