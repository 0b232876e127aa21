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
	hole, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hole.Close() })
	c := cluster.StartAt(t, map[string]cluster.Media{
		"syd": {Listen: "127.0.0.1:0", Announce: []string{hole.LocalAddr().String()}},
	}, "fra", "syd")
	free := New(t, "free", Options{Tone: 440, Width: 480, Height: 270})
	walled := New(t, "walled", Options{Tone: 700, Width: 480, Height: 270})
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
