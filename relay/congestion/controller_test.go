package congestion

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// sane checks what must hold whatever was reported.
func sane(t *testing.T, c *Controller, now time.Duration) {
	t.Helper()
	m := c.Measures(now)
	if !(m.Rate >= c.cfg.Min && m.Rate <= c.cfg.Max) {
		t.Fatalf("a rate of %v", m.Rate)
	}
	if !(m.Loss >= 0 && m.Loss <= 1) || m.Queue < 0 || m.RoundTrip < 0 || m.State > Silent {
		t.Fatalf("%+v", m)
	}
	for _, v := range []float64{m.Sent, m.Received, m.Capacity, m.Gradient} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%+v", m)
		}
	}
	if m.Capacity > c.cfg.Max || m.Sent < 0 || m.Received < 0 {
		t.Fatalf("%+v", m)
	}
}

// TestRateKeepsItsBounds feeds random reports at random times, backwards too.
func TestRateKeepsItsBounds(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := New(Config{Min: 1e6, Max: 50e6})
		now := time.Duration(0)
		for range 3000 {
			now += time.Duration(r.Int64N(int64(50*ms))) - 10*ms
			switch r.IntN(5) {
			case 0:
				c.Tick(now)
			case 1:
				c.Offer(r.Float64()*100e6, r.Float64()*100e6)
			case 2:
				c.Sent(now, r.IntN(100_000))
			default:
				c.Report(now, Report{
					Interval: time.Duration(r.Int64N(int64(100 * ms))), Received: r.IntN(1 << 20),
					Delay: time.Duration(r.Int64N(int64(100 * ms))), Samples: r.IntN(3),
					Lost: r.IntN(20), Packets: r.IntN(500), Burst: r.IntN(30), RoundTrip: time.Duration(r.Int64N(int64(sec))),
				})
			}
			sane(t, c, now)
		}
	}
}

func TestConfigIsMadeSane(t *testing.T) {
	for _, cfg := range []Config{{}, {Min: math.NaN(), Max: math.Inf(1), Start: -1}, {Min: 5e6, Max: 1e6}, {Start: 1e12}} {
		c := New(cfg)
		sane(t, c, 0)
		c.Offer(math.NaN(), math.Inf(1))
		c.Report(0, Report{Interval: 20 * ms, Received: 1 << 20, Packets: 1})
		sane(t, c, 0)
	}
}

// steady gives a controller that has sent and received 40 Mbit/s for two seconds.
func steady() (c *Controller, now time.Duration) {
	c = New(Config{})
	for now < 2*sec {
		now += 20 * ms
		c.Sent(now, 100_000)
		c.Report(now, calm())
	}
	return c, now
}

func calm() Report {
	return Report{Interval: 20 * ms, Received: 100_000, Delay: 40 * ms, Samples: 80, Packets: 80, RoundTrip: 80 * ms}
}

func TestOneLateReportChangesNothing(t *testing.T) {
	c, now := steady()
	before := c.Rate()
	for i := range 200 {
		now += 20 * ms
		r := calm()
		if i%4 < 1 {
			r.Delay += 45 * ms
		}
		c.Sent(now, 100_000)
		c.Report(now, r)
	}
	if c.Rate() < before {
		t.Errorf("%.1f Mbit/s became %.1f", before/mbit, c.Rate()/mbit)
	}
}

func TestThreeLateReportsLowerTheRate(t *testing.T) {
	c, now := steady()
	for range 4 {
		now += 20 * ms
		r := calm()
		r.Delay += 15 * ms
		c.Report(now, r)
	}
	if got := c.Rate() / mbit; got > 40 || got < 30 || c.State() != Yielding {
		t.Errorf("%.1f Mbit/s, %v", got, c.State())
	}
}

func TestRateRisesOnlyAsFarAsItIsUsed(t *testing.T) {
	c, now := steady()
	for range 3 {
		now += 20 * ms
		r := calm()
		r.Delay += 15 * ms
		c.Report(now, r)
	}
	run := func(d time.Duration) {
		for end := now + d; now < end; {
			now += 20 * ms
			c.Sent(now, 25_000)
			r := calm()
			r.Received = 25_000
			c.Report(now, r)
		}
	}
	run(sec)
	low := c.Rate()
	run(10 * sec) // sends 10 Mbit/s
	if c.Rate() > low {
		t.Errorf("%.1f Mbit/s became %.1f while 10 were sent", low/mbit, c.Rate()/mbit)
	}
	c.Offer(100*mbit, 60*mbit) // more would leave at 60
	run(10 * sec)
	if got := c.Rate() / mbit; got < 60 || got > 66 {
		t.Errorf("%.1f Mbit/s, 60 are needed", got)
	}
	c.Offer(62*mbit, 0)
	run(10 * sec)
	if got := c.Rate() / mbit; got > 80 {
		t.Errorf("%.1f Mbit/s for 62", got)
	}
}

func TestAnotherWayHasItsOwnDelay(t *testing.T) {
	c, now := steady()
	before := c.Rate()
	c.Moved()
	for range 20 {
		now += 20 * ms
		r := calm()
		r.Delay += 60 * ms
		c.Sent(now, 100_000)
		c.Report(now, r)
	}
	if c.Rate() < before {
		t.Errorf("%.1f Mbit/s became %.1f", before/mbit, c.Rate()/mbit)
	}
}

func TestSilenceCountsFromWhatWasSent(t *testing.T) {
	c, now := steady()
	before := c.Rate()
	for range 100 { // nothing is sent
		now += 50 * ms
		c.Tick(now)
	}
	if c.Rate() != before || c.State() == Silent {
		t.Errorf("%.1f Mbit/s, %v", c.Rate()/mbit, c.State())
	}
	for range 100 {
		now += 50 * ms
		c.Sent(now, 1000)
		c.Tick(now)
	}
	if c.Rate() != c.cfg.Min || c.State() != Silent {
		t.Errorf("%.1f Mbit/s, %v", c.Rate()/mbit, c.State())
	}
}

func TestBaseDelay(t *testing.T) {
	var b base
	for _, c := range []struct {
		at, delay, queue time.Duration
	}{
		{0, 100 * ms, 0}, {20 * ms, 110 * ms, 10 * ms}, {40 * ms, 95 * ms, 0}, {60 * ms, 100 * ms, 5 * ms},
		{80 * ms, 500 * ms, 5 * ms},           // a clock stepped
		{100 * ms, 510 * ms, 15 * ms},         //
		{5 * sec, 505 * ms, 10 * ms},          //
		{9 * sec, 515 * ms, 20 * ms},          //
		{11 * sec, 510 * ms, 5 * ms},          // the least of the first second is forgotten
		{60 * sec, 600 * ms, 0},               // a pause
		{59 * sec, 610 * ms, 0},               // a clock that goes back starts anew
		{59*sec + 20*ms, -600 * ms, 0},        // and another
		{59*sec + 40*ms, -595 * ms, 5 * ms},   //
		{59*sec + 60*ms, -maxDelay, 0},        //
		{59*sec + 80*ms, maxDelay, 0},         //
		{59*sec + 100*ms, maxDelay - 5*ms, 0}, //
		{59*sec + 120*ms, maxDelay, 5 * ms},   //
	} {
		if queue := b.add(c.at, c.delay, 20*ms); queue != c.queue {
			t.Errorf("at %v a delay of %v has a queue of %v, want %v", c.at, c.delay, queue, c.queue)
		}
	}
}

func TestMeter(t *testing.T) {
	var m meter
	for at := time.Duration(0); at < sec; at += 10 * ms {
		m.add(at, 1250) // 1 Mbit/s
	}
	for _, c := range []struct {
		now, lag, length time.Duration
		rate             float64
	}{
		{sec, 0, 100 * ms, 1}, {sec, 500 * ms, 100 * ms, 1}, {sec, 0, 2 * sec, 1},
		{1100 * ms, 0, 200 * ms, 0.5}, {1100 * ms, 100 * ms, 100 * ms, 1}, {2 * sec, 0, 500 * ms, 0}, {10 * sec, 0, sec, 0},
	} {
		if got := m.rate(c.now, c.lag, c.length) / mbit; math.Abs(got-c.rate) > 1e-9 {
			t.Errorf("%v before %v: %v Mbit/s, want %v", c.lag, c.now, got, c.rate)
		}
	}
}

// FuzzReports feeds reports as a broken node would make them up.
func FuzzReports(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 3*42))
	wild := make([]byte, 84)
	for i := range wild {
		wild[i] = 0xff
	}
	f.Add(wild)
	f.Add(binary.BigEndian.AppendUint64(append(wild[:8:8], make([]byte, 26)...), 1<<62))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := New(Config{})
		now := time.Duration(0)
		for len(b) >= 42 {
			now += time.Duration(int16(binary.BigEndian.Uint16(b))) * ms
			c.Sent(now, int(int32(binary.BigEndian.Uint32(b[2:]))))
			c.Report(now, Report{
				Interval: time.Duration(binary.BigEndian.Uint64(b[6:])), Received: int(binary.BigEndian.Uint64(b[14:])),
				Delay: time.Duration(binary.BigEndian.Uint64(b[22:])), Samples: int(b[30]),
				Lost: int(int8(b[31])), Packets: int(int8(b[32])), Burst: int(int8(b[33])),
				RoundTrip: time.Duration(binary.BigEndian.Uint64(b[34:])),
			})
			sane(t, c, now)
			c.Tick(now)
			c.Offer(math.Float64frombits(binary.BigEndian.Uint64(b[6:])), math.Float64frombits(binary.BigEndian.Uint64(b[34:])))
			sane(t, c, now)
			b = b[42:]
		}
	})
}

func BenchmarkReport(b *testing.B) {
	c, now := steady()
	b.ReportAllocs()
	for b.Loop() {
		now += 20 * ms
		c.Sent(now, 100_000)
		c.Report(now, calm())
	}
}
