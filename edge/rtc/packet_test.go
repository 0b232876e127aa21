package rtc

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

func TestRepetitionsAreIdentical(t *testing.T) {
	var s sent
	text := func(seq uint16, version byte) []byte { return []byte{byte(seq >> 8), byte(seq), version} }
	start := uint16(65000)
	for i := range uint16(3000) {
		seq := start + i
		if i%7 == 3 {
			continue // comes late, or never
		}
		if !s.same(seq, text(seq, 0)) {
			t.Fatalf("first sending of %d refused", seq)
		}
		if !s.same(seq, text(seq, 0)) {
			t.Fatalf("repetition of %d refused", seq)
		}
		if s.same(seq, text(seq, 1)) {
			t.Fatalf("%d taken with another content", seq)
		}
		if late := seq - 3; i%7 == 6 {
			if !s.same(late, text(late, 0)) {
				t.Fatalf("late first sending of %d refused", late)
			}
			if s.same(late, text(late, 1)) {
				t.Fatalf("late %d taken with another content", late)
			}
		}
	}
	if s.same(start+2998-sentSpan, text(start+2998-sentSpan, 0)) {
		t.Error("a number that nobody can vouch for was taken")
	}
}

func TestReception(t *testing.T) {
	var r reception
	now := time.Duration(0)
	for i := range 100 {
		now += 20 * time.Millisecond
		if i == 50 || i == 51 {
			continue
		}
		r.packet(uint16(65500+i), uint32(i)*960, now, 48000)
	}
	r.packet(uint16(65500+50-1<<16), 50*960, now, 48000) // repaired
	b := r.block(9, now)
	if b.TotalLost != 1 || b.FractionLost != 256/100 || b.LastSequenceNumber != 1<<16+63 || b.Jitter > 4800 {
		t.Errorf("%+v", b)
	}
	if b = r.block(9, now); b.FractionLost != 0 || b.TotalLost != 1 || b.Delay != 0 {
		t.Errorf("second report %+v", b)
	}
}

func TestRestartByFragment(t *testing.T) {
	m := newMeet(t)
	receive(t, m.picture, 20)
	c := m.sub
	old := c.transport.Answer()
	offer, err := c.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	line := func(s, prefix string) string {
		for l := range strings.Lines(s) {
			if strings.HasPrefix(l, prefix) {
				return l
			}
		}
		t.Fatalf("no %s in %s", prefix, s)
		return ""
	}
	fragment, err := c.transport.RestartFragment(t.Context(), line(offer.SDP, "a=ice-ufrag:")+line(offer.SDP, "a=ice-pwd:"))
	if err != nil {
		t.Fatal(err)
	}
	answer := old
	for _, prefix := range []string{"a=ice-ufrag:", "a=ice-pwd:"} {
		answer = strings.ReplaceAll(answer, line(old, prefix), line(fragment, prefix))
	}
	if answer == old || !strings.Contains(fragment, "typ host") {
		t.Fatalf("fragment\n%s", fragment)
	}
	c.settle(t, offer, answer)
	until(t, "a pair after the restart", func() bool { return c.transport.Stats().ICE == "connected" })
	receive(t, m.picture, 100)
}

func TestAcceptObeysItsContext(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxTransports = 1 })
	tr, err := e.Accept(t.Context(), Offer{SDP: load(t, "whip.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Accept(t.Context(), Offer{SDP: load(t, "whip.sdp")}); err != ErrFull {
		t.Errorf("second of one: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Accept(ctx, Offer{SDP: load(t, "whip.sdp")}); err == nil {
		t.Error("accepted under an ended context")
	}
	if tr.Cause() != nil {
		t.Errorf("the first one ended: %v", tr.Cause())
	}
}

// A client's report is told as it was, in the units of Stats; what was lost may
// be less than nothing when packets were repeated (RFC 3550 section 6.4.1).
func TestStatsOfASlot(t *testing.T) {
	d := &down{mid: "7", kind: sfu.Video, rtt: 30 * time.Millisecond, latest: rtcp.ReceptionReport{
		FractionLost: 64, TotalLost: 0xfffffe, LastSequenceNumber: 1<<16 + 5, Jitter: 900,
	}}
	want := DownStats{
		MID: "7", Kind: sfu.Video, FractionLost: 0.25, Expected: 1<<16 + 5, Lost: -2,
		Jitter: 10 * time.Millisecond, RTT: 30 * time.Millisecond,
	}
	if got := d.stats(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	d.kind = sfu.Audio
	if got := d.stats().Jitter; got != 18750*time.Microsecond {
		t.Errorf("jitter of sound %v", got)
	}
}
