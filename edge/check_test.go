package edge

import (
	"context"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/edge/signal"
)

const oneSlot = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
	"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n" +
	"a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n"

// TestCheckHoldsATransportForItsSocket: and no place in any room.
func TestCheckHoldsATransportForItsSocket(t *testing.T) {
	n := startLone(t)
	ctx, over := context.WithCancel(t.Context())
	c, err := n.Check(ctx, signal.Check{ID: "udp", Offer: oneSlot, Trace: "trace"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Type != "checked" || c.ID != "udp" || !strings.Contains(c.Answer, "a=candidate") {
		t.Errorf("answered %+v", c)
	}
	n.holds(0, 1, 0, 0)
	over()
	n.holds(0, 0, 0, 0)
	n.until("the place is free", func() bool { return n.checks.open.Load() == 0 })
}

func TestChecksAreBounded(t *testing.T) {
	n := startLone(t)
	ctx, over := context.WithCancel(t.Context())
	defer over()
	n.checks.open.Store(maxChecks - 1)
	if _, err := n.Check(ctx, signal.Check{ID: "u", Offer: oneSlot}); err != nil {
		t.Error(err)
	}
	if _, err := n.Check(ctx, signal.Check{ID: "u", Offer: oneSlot}); err == nil {
		t.Error("one more than there are places was taken")
	}
	n.checks.open.Add(-1)
	if _, err := n.Check(ctx, signal.Check{ID: "u", Offer: "rubbish"}); err == nil {
		t.Error("an offer that is none was taken")
	}
	if open := n.checks.open.Load(); open != maxChecks-1 {
		t.Errorf("%d places are taken after a bad offer", open)
	}
}
