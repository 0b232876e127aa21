package bandwidth

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A cluster of n packets of 300 bytes, sent each gap, arriving each spread.
func measured(n, lost int, gap, spread time.Duration) (float64, bool) {
	var p probes
	c := p.wish(0, 300*8/gap.Seconds(), 0)
	for i := range n {
		p.sent(uint16(i), 300, time.Duration(i)*gap, c.ID)
	}
	for i := range n - lost {
		k := packet{number: uint32(i), size: 300, probe: c.ID}
		p.arrived(&k, time.Second+time.Duration(i)*spread)
	}
	return p.train.proved(float64(c.Bitrate))
}

func TestProbeMeasures(t *testing.T) {
	tests := []struct {
		name        string
		n, lost     int
		gap, spread time.Duration
		want        float64
		full        bool
	}{
		{"borne", 20, 0, 2 * ms, 2 * ms, 1.2e6, false},
		{"a full link", 20, 0, 2 * ms, 4 * ms, kept * 0.6e6, true},
		{"a little closer", 20, 0, 2 * ms, 1500 * time.Microsecond, 1.2e6, false},
		{"all at once at the end", 20, 0, 2 * ms, 100 * time.Microsecond, 0, true},
		{"at one moment", 20, 0, 2 * ms, 0, 0, true},
		{"most of it lost", 20, 11, 2 * ms, 2 * ms, 0, true},
		{"too few to tell", 4, 0, 2 * ms, 2 * ms, 0, true},
	}
	for _, tt := range tests {
		got, full := measured(tt.n, tt.lost, tt.gap, tt.spread)
		if math.Abs(got-tt.want) > 1000 || full != tt.full {
			t.Errorf("%s: %.0f bit/s, full %v; want %.0f, %v", tt.name, got, full, tt.want, tt.full)
		}
	}
}

// Media between the padding belongs to the cluster, what comes after does not.
func TestProbeTakesMediaAlong(t *testing.T) {
	var p probes
	if got := p.sent(1, 1000, 0, 0); got != 0 {
		t.Errorf("cluster %d before there was any", got)
	}
	c := p.wish(0, 1e6, 0)
	if got := p.sent(2, 1000, ms, 0); got != 0 {
		t.Errorf("cluster %d before it began", got)
	}
	for seq, id := range []uint8{c.ID, 0, c.ID, 0, c.ID} {
		if got := p.sent(uint16(3+seq), 1000, 2*ms, id); got != c.ID {
			t.Errorf("packet %d is of cluster %d", seq, got)
		}
	}
	if got := p.sent(8, 1000, 3*ms, 0); got != 0 {
		t.Errorf("cluster %d after it was complete", got)
	}
	if p.answered(6) || !p.answered(7) || !p.answered(9) {
		t.Error("the end of the cluster is not where it is")
	}
	for range 300 {
		if c := p.wish(0, 1e6, 0); c.ID == 0 {
			t.Fatal("0 is no ID")
		}
	}
}

func TestProbesPauseLongerEachTime(t *testing.T) {
	var p probes
	now := time.Duration(0)
	last := time.Duration(0)
	for range 8 {
		p.finish(now, true, false)
		pause := p.due - now
		if pause < minPause || pause < last || pause > maxPause {
			t.Errorf("a pause of %v after one of %v", pause, last)
		}
		last, now = pause, p.due
	}
	if last != maxPause {
		t.Errorf("the longest pause is %v", last)
	}
	p.finish(now, true, false)
	p.hasten(now, now+calmTime)
	if p.due != now+calmTime {
		t.Errorf("due at %v after a fall at %v", p.due, now)
	}
	p.finish(now, true, false)
	due := p.due
	p.hasten(now+ms, now+ms)
	if p.due != due {
		t.Error("hastened twice in a row")
	}
	p.finish(now, false, true)
	if p.due != now {
		t.Error("a gain is not followed up at once")
	}
}

// Jitter that reorders moves the first and the last arrival, but not the line
// through all.
func TestProbeSeesThroughJitter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		name        string
		gap, spread time.Duration
		want        float64
	}{
		{"borne", 2 * ms, 2 * ms, 1.2e6},
		{"a full link", 2 * ms, 4 * ms, kept * 0.6e6},
	}
	for _, tt := range tests {
		const trains, packets = 200, 50
		sum := 0.0
		for range trains {
			var p probes
			c := p.wish(0, 300*8/tt.gap.Seconds(), 0)
			for i := range packets {
				p.sent(uint16(i), 300, time.Duration(i)*tt.gap, c.ID)
			}
			for i := range packets {
				late := time.Duration(random.Int64N(int64(60 * ms)))
				p.arrived(&packet{number: uint32(i), size: 300, probe: c.ID}, time.Duration(i)*tt.spread+late)
			}
			bitrate, _ := p.train.proved(float64(c.Bitrate))
			sum += bitrate / trains
		}
		if sum < 0.85*tt.want || sum > 1.15*tt.want {
			t.Errorf("%s: %.0f bit/s on average, want about %.0f", tt.name, sum, tt.want)
		}
	}
}

// What feedback tells of after the packets sent later has arrived all the same.
func TestProbeCountsTheLate(t *testing.T) {
	var whole, torn train
	for i := range 20 {
		whole.out.add(300, time.Duration(i)*2*ms)
	}
	torn.out = whole.out
	order := rand.New(rand.NewPCG(3, 4)).Perm(4)
	for i := range 20 {
		whole.take(&packet{number: uint32(i), size: 300}, time.Duration(i)*4*ms)
		if i >= 4 {
			torn.take(&packet{number: uint32(i), size: 300}, time.Duration(i)*4*ms)
		}
	}
	for _, i := range order {
		torn.take(&packet{number: uint32(i), size: 300}, time.Duration(i)*4*ms)
	}
	want, _ := whole.proved(1.2e6)
	got, full := torn.proved(1.2e6)
	if torn.packets != 20 || torn.bytes != 6000 || !full {
		t.Errorf("%d packets, %d bytes, full %v", torn.packets, torn.bytes, full)
	}
	if got < want || got > 1.3*want {
		t.Errorf("%.0f bit/s, in order %.0f", got, want)
	}
}

// A probe that is borne tells of a wider link than was thought; one that is not
// tells of none narrower than what arrives already.
func TestProbeCorrectsTheLink(t *testing.T) {
	tests := []struct {
		name         string
		spread       time.Duration
		link         float64
		atLeast, top float64
	}{
		{"borne above the link", 2 * ms, 0.8e6, 0, 0},
		{"borne below the link", 2 * ms, 3e6, 3e6, 3e6},
		{"full", 4 * ms, 3e6, 0.59e6, 0.61e6},
		{"slower than what arrives", 20 * ms, 3e6, 0.4e6, 0.5e6},
	}
	for _, tt := range tests {
		e := New(Config{})
		e.rate.link = tt.link
		c := e.probes.wish(time.Second, 1.2e6, 0)
		for i := range 20 {
			e.acked.add(time.Duration(i)*25*ms, 1400) // 0.45 Mbit/s
			e.probes.sent(uint16(i), 300, time.Second+time.Duration(i)*2*ms, c.ID)
		}
		for i := range 20 {
			e.probes.arrived(&packet{number: uint32(i), size: 300, probe: c.ID}, time.Duration(i)*tt.spread)
		}
		e.measure(2 * time.Second)
		if e.rate.link < tt.atLeast || e.rate.link > tt.top {
			t.Errorf("%s: a link of %.0f bit/s", tt.name, e.rate.link)
		}
	}
}
