package sfu

import (
	"testing"
	"time"
)

func TestNTP(t *testing.T) {
	if got := NTP(1500*ms) - NTP(0); got != 3<<31 {
		t.Errorf("1.5 s are %d, want %d", got, uint64(3)<<31)
	}
	for _, d := range []time.Duration{0, 1, time.Millisecond, 3*time.Second - 1} {
		base := uint64(0xfffffffe_80000000) // just before the NTP era ends
		if got := ntpSpan(base, base+NTP(d)-NTP(0)); d-got < 0 || d-got > 1 {
			t.Errorf("span of %v is %v", d, got)
		}
	}
	if got := ntpSpan(NTP(time.Second), NTP(0)); got != -time.Second {
		t.Errorf("span is %v, want -1s", got)
	}
}

func TestSourceClock(t *testing.T) {
	c := NewSourceClock()
	sender := func(d time.Duration) uint64 { return NTP(d + 1000*time.Hour) }
	c.observe(sender(0), 80*ms)
	c.observe(sender(time.Second), time.Second+30*ms)
	c.observe(sender(2*time.Second), 2*time.Second+60*ms)
	near := func(want time.Duration) {
		t.Helper()
		if got := c.toNode(sender(5 * time.Second)); got-want > ms || want-got > ms {
			t.Errorf("5 s of the sender are %v, want %v", got, want)
		}
	}
	near(5*time.Second + 30*ms) // the least delay counts
	for i := 3; i < 60; i++ {
		at := time.Duration(i) * time.Second
		c.observe(sender(at), at+50*ms)
	}
	near(5*time.Second + 50*ms) // and is forgotten in time
	c.observe(sender(7200*time.Second), 60*time.Second)
	near(5*time.Second - 7140*time.Second) // the sender's clock was set
}

// Voice and picture of one publisher, in slots with unrelated timestamps,
// must name the same instant.
func TestReportsShareTheNodeClock(t *testing.T) {
	clock := &clockwork{at: 10 * time.Second}
	source := NewSourceClock()
	now := clock.now
	audio := NewUpTrack(UpConfig{Kind: Audio, Codec: Opus, Clock: source, Now: now})
	video := NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Clock: source, Now: now})
	ra, rv := &recorder{}, &recorder{}
	da := NewDownTrack(DownConfig{Kind: Audio, Sink: ra, Now: now})
	dv := NewDownTrack(DownConfig{Kind: Video, Sink: rv, Now: now})
	da.Switch(audio)
	dv.Switch(video)

	// At sender time 0 the voice is at 1000 and the picture at 2000. The
	// reports take 40 and 90 ms, the packets 40 ms.
	sender := func(d time.Duration) uint64 { return NTP(d + 77*time.Hour) }
	audio.Write(&Packet{Timestamp: 1000, Arrival: clock.at, Payload: []byte{0x78, 1}})
	video.Write(&Packet{Timestamp: 2000, Arrival: clock.at, Payload: vp8Payload(true, true, 1, 1, 1, 0)})
	audio.SenderReport(0, sender(0), 1000, clock.at)
	video.SenderReport(0, sender(time.Second), 2000+90000, clock.at+time.Second+50*ms)
	clock.at += 1100 * ms
	audio.Tick(clock.at)
	video.Tick(clock.at)
	if len(ra.reports) != 1 || len(rv.reports) != 1 {
		t.Fatalf("got %d and %d reports, want one each", len(ra.reports), len(rv.reports))
	}
	// Since the first packets 1.1 s have passed at the node.
	for _, x := range []struct {
		name string
		rec  *recorder
		want uint32
	}{{"audio", ra, 1100 * 48}, {"video", rv, 1100 * 90}} {
		r := x.rec.reports[0]
		if r.NTP != NTP(clock.at) || r.Packets != 1 || int(r.Octets) != len(x.rec.packets[0].payload) {
			t.Errorf("%s: report %+v", x.name, r)
		}
		if got := r.RTP - x.rec.packets[0].Timestamp; got-x.want+2 > 4 {
			t.Errorf("%s: timestamp %d after the packet's, want %d", x.name, got, x.want)
		}
	}
	for range 300 {
		clock.at += 10 * ms
		audio.Tick(clock.at)
	}
	if n := len(ra.reports); n != 4 {
		t.Errorf("%d reports in 4.1 s, want 4", n)
	}
	// A switch is followed by a report at once.
	other := NewUpTrack(UpConfig{Kind: Audio, Codec: Opus, Now: now})
	other.SenderReport(0, sender(0), 5, clock.at)
	da.Switch(other)
	other.Tick(clock.at)
	other.Write(&Packet{Timestamp: 1, Arrival: clock.at, Payload: []byte{0x78}})
	other.Tick(clock.at)
	if n := len(ra.reports); n != 5 {
		t.Errorf("%d reports after the switch, want 5", n)
	}
}
