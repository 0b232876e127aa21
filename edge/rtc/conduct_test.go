package rtc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/srtp/v3"
	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/edge/sfu"
)

// steady asks for d a second, evenly in 50 compounds, and returns after how
// many seconds it was ended, and which share was heeded.
func steady(d demand, seconds int) (ended, heeded float64) {
	var c conduct
	var before demand
	var heard, all int
	for i := 1; i <= 50*seconds; i++ {
		now := time.Duration(i) * 20 * time.Millisecond
		due := demand{d.packets * i / 50, d.numbers * i / 50, d.keyframes * i / 50, d.receipts * i / 50}
		all++
		if c.deaf(now) {
			before = due
			continue
		}
		step := demand{due.packets - before.packets, due.numbers - before.numbers, due.keyframes - before.keyframes, due.receipts - before.receipts}
		before = due
		switch c.judge(step, now) {
		case heed:
			heard++
		case end:
			return now.Seconds(), float64(heard) / float64(all)
		}
	}
	return 0, float64(heard) / float64(all)
}

func TestFloodsAreIgnoredAndEnded(t *testing.T) {
	for _, test := range []struct {
		name       string
		asked      demand
		ended      bool
		least, top float64 // share heeded
	}{
		{"at every limit", unread, false, 1, 1},
		{"NACKs above the limit", demand{packets: 50, numbers: 3000}, false, 0.5, 0.8},
		{"NACKs of a flood", demand{packets: 50, numbers: 5000}, true, 0.2, 0.5},
		{"1,000 keyframes", demand{packets: 1000, keyframes: 1000}, true, 0.1, 0.4},
		{"reports", demand{packets: 4000}, true, 0.2, 0.5},
		{"receipts", demand{packets: 20, receipts: 60_000}, true, 0.1, 0.3},
		{"twice what is read", flood, false, 0.4, 0.6},
	} {
		ended, heeded := steady(test.asked, 60)
		if (ended > 0) != test.ended || test.ended && (ended < 9 || ended > 11) {
			t.Errorf("%s: ended after %v s", test.name, ended)
		}
		if heeded < test.least || heeded > test.top {
			t.Errorf("%s: %.2f heeded", test.name, heeded)
		}
	}
}

// A stall that lets everything go at once is no flood, nor are floods with
// pauses: what they cost is bounded by the second.
func TestSecondsMustFollowEachOther(t *testing.T) {
	var c conduct
	for i := range 100 {
		now := time.Duration(i) * time.Second
		if i%floodSeconds == floodSeconds-1 {
			continue // a second without any
		}
		if v := c.judge(demand{packets: 1, numbers: flood.numbers + 1}, now); v != ignore {
			t.Fatalf("second %d: verdict %d", i, v)
		}
		if !c.deaf(now + time.Second/2) {
			t.Fatalf("second %d: more is decrypted", i)
		}
	}
	if c.deaf(200 * time.Second) {
		t.Error("deaf in a new second")
	}
	if v := c.judge(demand{packets: 1}, 200*time.Second); v != heed {
		t.Errorf("verdict %d in a new second", v)
	}
}

// browser is what an honest one asks for in 20 ms: each slot loses packets at
// random, asks for them ten times if it must, and for a keyframe every 200 ms
// while it has none; feedback comes each 50 ms and reports twice a second.
type browser struct {
	random  *rand.Rand
	slots   int
	packets float64 // a slot and second
	loss    float64
	repair  float64 // chance that an answer comes
	still   int     // slots without a picture
}

func (b *browser) ask(tick int) (d demand) {
	if tick%3 == 0 {
		d.add(demand{packets: 1, receipts: int(3 * b.packets / 50 * float64(b.slots))})
	}
	for slot := range b.slots {
		if (tick+slot)%25 == 0 {
			d.packets++ // a report
		}
		if slot < b.still && (tick+slot)%10 == 0 {
			d.add(demand{packets: 1, keyframes: 1})
		}
		b.lose(&d)
	}
	return d
}

// lose has one slot lose some of 20 ms. A loss is asked for at once, in a
// packet of its own, and again with all others of its round trip.
func (b *browser) lose(d *demand) {
	for range int(b.packets/50 + b.random.Float64()) {
		if b.random.Float64() >= b.loss {
			continue
		}
		tries := 1
		for tries < 10 && b.random.Float64() >= b.repair {
			tries++
		}
		d.add(demand{packets: 1, numbers: tries})
	}
}

// TestHonestClientsStayFarBelowTheLimits: whatever a browser suffers, nothing
// of it is ignored, let alone ended.
func TestHonestClientsStayFarBelowTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &browser{
			random:  rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)),
			slots:   rapid.IntRange(1, 13).Draw(t, "slots"),
			loss:    rapid.Float64Range(0, 0.2).Draw(t, "loss"),
			repair:  rapid.Float64Range(0.5, 1).Draw(t, "repair"),
			packets: rapid.Float64Range(10, 80).Draw(t, "packets"),
		}
		b.still = rapid.IntRange(0, b.slots).Draw(t, "still")
		var c conduct
		var most demand
		for i := range 50 * 30 {
			now := time.Duration(i) * 20 * time.Millisecond
			if v := c.judge(b.ask(i), now); v != heed {
				t.Fatalf("verdict %d after %v: %+v", v, now, c.asked)
			}
			most = demand{max(most.packets, c.asked.packets), max(most.numbers, c.asked.numbers), max(most.keyframes, c.asked.keyframes), max(most.receipts, c.asked.receipts)}
		}
		if twice := (demand{2 * most.packets, 2 * most.numbers, 2 * most.keyframes, 2 * most.receipts}); twice.exceeds(unread) {
			t.Fatalf("%+v is more than half of %+v", most, unread)
		}
	})
}

func TestSilenceEndsOnlyWhoIsSentMedia(t *testing.T) {
	for _, test := range []struct {
		name   string
		rate   uint64 // packets a second
		until  time.Duration
		answer time.Duration // when a report comes; 0: never
		want   time.Duration
	}{
		{"never answers", 50, time.Hour, 0, silentTime},
		{"answers late", 50, time.Hour, 20 * time.Second, 20*time.Second + silentTime},
		{"is sent a little, and lost it", 50, time.Second, 0, 0},
		{"is sent nothing", 0, 0, 0, 0},
	} {
		var x debt
		var sent uint64
		var since, got time.Duration
		for now := time.Duration(0); now < 2*time.Minute && got == 0; now += tickEvery {
			if now <= test.until {
				sent = test.rate * uint64(now/time.Millisecond) / 1000
			}
			if now == test.answer {
				since = now
			}
			if x.judge(now-since, sent) {
				got = now
			}
		}
		if got < test.want || got > test.want+time.Second || (test.want == 0) != (got == 0) {
			t.Errorf("%s: ended after %v, want %v", test.name, got, test.want)
		}
	}
}

// TestFloodingClientIsEnded: the node stays deaf to most of a flood, and ends
// who goes on; the publisher hears nothing of it.
func TestFloodingClientIsEnded(t *testing.T) {
	clock := newFakeClock()
	e := newEngine(t, func(c *Config) { c.Now = clock.now })
	pub, sub := newClient(t, vp8), newClient(t, vp8)
	pub.publish(t, webrtc.MimeTypeVP8)
	sub.slots(t, webrtc.RTPCodecTypeVideo, 1)
	pub.join(t, e)
	tr := sub.join(t, e)
	slot := downOf(t, tr, sfu.Video)
	slot.Switch(upOf(t, pub.transport, sfu.Video))
	ssrc := tr.downs[0].ssrc
	clock.hold()
	requests := slices.Repeat([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}, 100)
	for range floodSeconds {
		before := counted(t, e.metrics.flooded)
		until(t, "a second of flood", func() bool {
			if err := sub.WriteRTCP(requests); err != nil {
				return true
			}
			return counted(t, e.metrics.flooded) > before+20 // some may be of the second before
		})
		clock.step(time.Second)
	}
	ends(t, tr, ErrFlood)
	if n := slot.Stats().KeyframeRequests; n == 0 || n > uint64(floodSeconds*unread.keyframes) {
		t.Errorf("%d requests for keyframes were heard", n)
	}
	if pub.transport.Cause() != nil {
		t.Errorf("the publisher was ended: %v", pub.transport.Cause())
	}
	if got := counted(t, e.metrics.closed.WithLabelValues("flood")); got != 1 {
		t.Errorf("%v transports ended for a flood", got)
	}
}

// TestSilentClientIsEnded: consent alone does not keep a client that is sent
// media and never reports, and another goes on beside it. The clock is fast.
func TestSilentClientIsEnded(t *testing.T) {
	clock := newFakeClock()
	clock.speed = 60
	e := newEngine(t, func(c *Config) { c.Now = clock.now })
	pub, mute, honest := newClient(t, vp8), newClient(t, vp8), newClient(t, vp8)
	video, _ := pub.publish(t, webrtc.MimeTypeVP8)
	pub.join(t, e)
	noReports := func(b []byte, out bool) bool { return out && b[0]>>6 == 2 && !isRTP(b) }
	mute.socket.drop.Store(&noReports)
	for _, c := range []*client{mute, honest} {
		c.slots(t, webrtc.RTPCodecTypeVideo, 1)
		c.join(t, e)
		downOf(t, c.transport, sfu.Video).Switch(upOf(t, pub.transport, sfu.Video))
	}
	send(t, video)
	picture := honest.track(t)
	honest.reading.Go(func() {
		for {
			if _, _, err := picture.ReadRTP(); err != nil {
				return
			}
		}
	})
	ends(t, mute.transport, ErrSilent)
	if cause := honest.transport.Cause(); cause != nil {
		t.Errorf("the other was ended: %v", cause)
	}
	if n := mute.transport.counts.packetsOut.Load(); n < silentPackets {
		t.Errorf("ended after %d packets", n)
	}
}

// TestSSRCsOfAClientAreBounded: each costs memory for as long as it lives.
func TestSSRCsOfAClientAreBounded(t *testing.T) {
	for _, kind := range []string{"RTP", "RTCP"} {
		tr := idle(t, "whip.sdp")
		out, in := contexts(t)
		r := &reader{t: tr, in: in}
		open := func(ssrc uint32) bool {
			var sealed []byte
			var err error
			if kind == "RTP" {
				p := keyframe(1, frame(true)[:100])
				p.SSRC = ssrc
				plain, _ := p.Marshal()
				sealed, err = out.EncryptRTP(nil, plain, nil)
			} else {
				sealed, err = out.EncryptRTCP(nil, compound(t, &rtcp.ReceiverReport{SSRC: ssrc}), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			return r.open(sealed)
		}
		for i := range uint32(maxMet) {
			if !open(i) {
				t.Fatalf("%s of source %d was not opened", kind, i)
			}
		}
		if !open(1) && kind == "RTCP" {
			t.Error("a known source is not heard")
		}
		if tr.Cause() != nil {
			t.Fatalf("%s: ended with %d sources: %v", kind, r.met, tr.Cause())
		}
		open(maxMet + 1)
		ends(t, tr, ErrFlood)
		if open(maxMet + 2) {
			t.Errorf("%s is opened after the end", kind)
		}
	}
}

// contexts are both ends of one direction.
func contexts(t testing.TB) (out, in *srtp.Context) {
	t.Helper()
	key, salt := make([]byte, 16), make([]byte, 12)
	out, err := srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	in, err = srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm, srtp.SRTCPNoReplayProtection())
	if err != nil {
		t.Fatal(err)
	}
	return out, in
}

// BenchmarkControl is what a datagram of RTCP costs the reader: when it is
// heeded, decryption included, when it stays unread, and when it is not even
// decrypted.
func BenchmarkControl(b *testing.B) {
	for _, test := range []struct {
		name string
		in   rtcp.Packet
	}{
		{"NACK of 100", nackOf(100)},
		{"feedback of 200", receiptsOf(200)},
		{"feedback of 65,535", receiptsOf(65535)},
		{"PLI", &rtcp.PictureLossIndication{MediaSSRC: 2}},
		{"report", &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 2}}}},
	} {
		plain := compound(b, test.in)
		for _, as := range []verdict{heed, ignore, end} {
			b.Run(fmt.Sprintf("%s/%s", test.name, [...]string{"heeded", "unread", "deaf"}[as]), func(b *testing.B) {
				benchmarkControl(b, plain, as)
			})
		}
	}
}

func benchmarkControl(b *testing.B, plain []byte, as verdict) {
	tr := idle(b, "whep.sdp")
	tr.engine.cfg.Now = func() time.Duration { return 0 }
	up := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Video, Codec: sfu.VP8})
	b.Cleanup(up.Close)
	downOf(b, tr, sfu.Video).Switch(up)
	for _, d := range tr.downs {
		if d.kind == sfu.Video {
			tr.routes.Load().downs[2] = d
		}
	}
	out, in := contexts(b)
	sealed, err := out.EncryptRTCP(nil, plain, nil)
	if err != nil {
		b.Fatal(err)
	}
	before := [...]conduct{heed: {}, ignore: {asked: unread}, end: {over: true}}[as]
	r, buf := &reader{t: tr, in: in}, make([]byte, len(sealed))
	b.ReportAllocs()
	for b.Loop() {
		r.conduct = before
		r.control(buf[:copy(buf, sealed)])
	}
}

// fakeClock is the time until it is held; from then on it moves by steps.
type fakeClock struct {
	start   time.Time
	speed   time.Duration // of real time
	stopped atomic.Int64
}

func newFakeClock() *fakeClock { return &fakeClock{start: time.Now(), speed: 1} }

func (c *fakeClock) now() time.Duration {
	if at := c.stopped.Load(); at != 0 {
		return time.Duration(at)
	}
	return c.speed * time.Since(c.start)
}

func (c *fakeClock) hold() { c.stopped.Store(int64(c.now())) }

func (c *fakeClock) step(d time.Duration) { c.stopped.Add(int64(d)) }
