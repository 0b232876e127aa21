package sealed

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/relay/wire"
)

// step is the grain of the simulated time.
const step = 250 * time.Microsecond

// secrets of the two directions.
var there, back = Secret{1}, Secret{2}

// flight is a datagram under way.
type flight struct {
	at time.Duration
	b  []byte
}

// line is one direction of a simulated link: a delay, and what may happen to a datagram.
type line struct {
	delay  time.Duration
	lose   func(b []byte) bool // nil: nothing
	jitter func() time.Duration
	twice  func() bool
	air    []flight
	bytes  int // carried, with 28 bytes of IP and UDP each
}

func (l *line) put(now time.Duration, w *Wave) {
	at := 0
	for _, size := range w.Sizes {
		b := slices.Clone(w.Buf[at : at+size])
		at += size
		l.bytes += size + 28
		if l.lose != nil && l.lose(b) {
			continue
		}
		f := flight{now + l.delay, b}
		if l.jitter != nil {
			f.at += l.jitter()
		}
		l.air = append(l.air, f)
		if l.twice != nil && l.twice() {
			l.air = append(l.air, flight{f.at + time.Millisecond, slices.Clone(b)})
		}
	}
	w.Reset()
}

// due takes what has arrived by now.
func (l *line) due(now time.Duration) (came [][]byte) {
	rest := l.air[:0]
	for _, f := range l.air {
		if f.at <= now {
			came = append(came, f.b)
		} else {
			rest = append(rest, f)
		}
	}
	l.air = rest
	return came
}

// end is one end of a simulated link.
type end struct {
	send     *Sender
	receive  *Receiver
	out      *line
	feedback []Feedback
	refused  int
	states   []State
	wave     Wave
}

// poll does what an owner does when a time has come.
func (e *end) poll(now time.Duration) {
	if e.receive.Report(now, e.send.RTT()) {
		e.send.Answer(e.receive)
	}
	if e.send.Next() > now {
		return
	}
	state := e.send.Poll(now, 1<<20, &e.wave)
	if n := len(e.states); n == 0 || e.states[n-1] != state {
		e.states = append(e.states, state)
	}
	e.out.put(now, &e.wave)
}

func (e *end) take(now time.Duration, came [][]byte) {
	for _, b := range came {
		answered, err := e.receive.Take(now, b)
		if err != nil {
			e.refused++
		}
		if answered {
			if f, ok := e.send.Take(now, e.receive); ok {
				e.feedback = append(e.feedback, f)
			}
		}
	}
}

// pair is a simulated link with both ends. near sends media, far takes it.
type pair struct {
	near, far end
	now       time.Duration
	arrived   func(alias uint32, p *wire.Media)
}

func (p *pair) Media(alias uint32, m *wire.Media) {
	if p.arrived != nil {
		p.arrived(alias, m)
	}
}

func newPair(delay time.Duration) *pair {
	p := &pair{}
	p.near = end{send: NewSender(there), receive: NewReceiver(back, p), out: &line{delay: delay}}
	p.far = end{send: NewSender(back), receive: NewReceiver(there, p), out: &line{delay: delay}}
	return p
}

// run lets time pass; load is called at every step.
func (p *pair) run(d time.Duration, load func(now time.Duration)) {
	for until := p.now + d; p.now < until; p.now += step {
		p.near.take(p.now, p.far.out.due(p.now))
		p.far.take(p.now, p.near.out.due(p.now))
		if load != nil {
			load(p.now)
		}
		p.near.poll(p.now)
		p.far.poll(p.now)
	}
}

// sent is a packet of the load.
type sent struct {
	at, came time.Duration // came is 0 while it has not
	audio    bool
}

// studio makes a load and keeps what came of it.
type studio struct {
	pair         *pair
	video, audio int // tracks
	every        time.Duration
	packets      map[[2]uint32]*sent
	bytes        int
	turn         uint32
	broken       int
}

func newStudio(p *pair, mbit, audio int) *studio {
	s := &studio{pair: p, video: max(1, mbit/5), audio: audio, packets: map[[2]uint32]*sent{}}
	s.every = time.Duration(float64(4*1150*8) / (float64(mbit) * 1e6) * float64(time.Second))
	p.arrived = s.came
	return s
}

func (s *studio) came(alias uint32, m *wire.Media) {
	if p := s.packets[[2]uint32{alias, m.Timestamp}]; p != nil && p.came == 0 {
		p.came = s.pair.now
		if !bytes.Equal(m.Payload, content(alias, m.Timestamp, len(m.Payload))) {
			s.broken++
		}
	}
}

func content(alias, number uint32, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(alias) + byte(number)*7 + byte(i)
	}
	return b
}

func (s *studio) send(now time.Duration, alias uint32, size int, audio bool) {
	s.turn++
	s.packets[[2]uint32{alias, s.turn}] = &sent{at: now, audio: audio}
	m := wire.Media{SequenceNumber: uint16(s.turn), Timestamp: s.turn, Payload: content(alias, s.turn, size)}
	s.pair.near.send.Add(now, alias, &m, audio)
	s.bytes += size
}

// load sends runs of four video packets, and audio every 20 ms.
func (s *studio) load(now time.Duration) {
	for at := now; at < now+step; at++ {
		next := (at + s.every - 1) / s.every * s.every
		if next >= now+step {
			break
		}
		for range 4 {
			s.send(now, uint32(next/s.every)%uint32(s.video), 1150, false)
		}
		s.pair.near.send.Flush(now)
		at = next
	}
	for i := range s.audio {
		if (now+time.Duration(i)*step)%(20*time.Millisecond) == 0 {
			s.send(now, uint32(s.video+i), 120, true)
			s.pair.near.send.Flush(now)
		}
	}
}

// outcome is in shares of 1, for packets sent after a moment of warming up.
type outcome struct {
	videoOnTime, videoLost, audioBad float64
	wire                             float64
	p99                              time.Duration
}

func (s *studio) outcome(delay time.Duration) (o outcome) {
	const within = 40 * time.Millisecond
	var video, audio float64
	var late []time.Duration
	for _, p := range s.packets {
		took := p.came - p.at - delay
		lost, onTime := p.came == 0, p.came != 0 && took <= within
		if !lost {
			late = append(late, took)
		}
		switch {
		case p.audio:
			audio++
			if !onTime {
				o.audioBad++
			}
		default:
			video++
			if onTime {
				o.videoOnTime++
			}
			if lost {
				o.videoLost++
			}
		}
	}
	slices.Sort(late)
	o.videoOnTime, o.videoLost, o.audioBad = o.videoOnTime/video, o.videoLost/video, o.audioBad/max(audio, 1)
	o.p99 = late[len(late)*99/100]
	o.wire = float64(s.pair.near.out.bytes) / float64(s.bytes)
	return o
}

func (o outcome) String() string {
	return fmt.Sprintf("video on time %.4f %%, lost %.4f %%; audio lost or late %.4f %%; p99 +%v; wire %.3f",
		100*o.videoOnTime, 100*o.videoLost, 100*o.audioBad, o.p99, o.wire)
}

// random loses a share of the datagrams, each for itself.
func random(seed uint64, share float64) func([]byte) bool {
	r := rand.New(rand.NewPCG(seed, 1))
	return func([]byte) bool { return r.Float64() < share }
}

// inBursts loses a share in runs of n.
func inBursts(seed uint64, share float64, n int) func([]byte) bool {
	r := rand.New(rand.NewPCG(seed, 2))
	left := 0
	return func([]byte) bool {
		if left == 0 && r.Float64() < share/float64(n)/(1-share) {
			left = n
		}
		if left == 0 {
			return false
		}
		left--
		return true
	}
}

// simulate runs a load over a link for d after the path has come up.
func simulate(t *testing.T, mbit, audio int, delay, d time.Duration, lose func(seed uint64) func([]byte) bool) (outcome, *pair) {
	t.Helper()
	p := newPair(delay)
	p.near.out.lose, p.far.out.lose = lose(1), lose(2)
	p.run(time.Second, nil)
	if p.near.send.State() != Up {
		t.Fatalf("path %v after a second", p.near.send.State())
	}
	s := newStudio(p, mbit, audio)
	p.run(2*time.Second, s.load) // bursts are being measured
	clear(s.packets)
	s.bytes, p.near.out.bytes = 0, 0
	p.run(d, s.load)
	p.run(time.Second, nil)
	if s.broken > 0 {
		t.Errorf("%d packets arrived changed", s.broken)
	}
	o := s.outcome(delay)
	t.Logf("%d Mbit/s: %v; sent %+v; got %+v", mbit, o, p.near.send.Stats(), p.far.receive.Stats())
	return o, p
}

func TestRandomLossIsRepairedInTime(t *testing.T) {
	for _, mbit := range []int{5, 20, 150} {
		o, _ := simulate(t, mbit, 20, 40*time.Millisecond, 3*time.Second, func(seed uint64) func([]byte) bool {
			return random(seed, 0.001)
		})
		if o.videoOnTime < 0.999 || o.videoLost > 0.0001 || o.audioBad > 0.001 {
			t.Errorf("%d Mbit/s: %v", mbit, o)
		}
		if mbit == 150 && o.wire > 1.15 {
			t.Errorf("%.3f bytes on the wire for each of payload", o.wire)
		}
	}
}

func TestBurstsLoseNoVideoAndLittleAudio(t *testing.T) {
	for _, mbit := range []int{5, 20, 150} {
		o, _ := simulate(t, mbit, 20, 40*time.Millisecond, 3*time.Second, func(seed uint64) func([]byte) bool {
			return inBursts(seed, 0.02, 5)
		})
		if o.videoLost > 0.0001 || o.audioBad > 0.001 {
			t.Errorf("%d Mbit/s: %v", mbit, o)
		}
	}
}

// TestFeedbackTellsDelayLossAndRate checks what a controller is told.
func TestFeedbackTellsDelayLossAndRate(t *testing.T) {
	_, p := simulate(t, 20, 0, 30*time.Millisecond, 2*time.Second, func(seed uint64) func([]byte) bool {
		if seed == 1 {
			return inBursts(seed, 0.02, 3)
		}
		return nil
	})
	var total Feedback
	for _, f := range p.near.feedback {
		total.Datagrams += f.Datagrams
		total.Bytes += f.Bytes
		total.Lost += f.Lost
		total.Interval += f.Interval
		for i, n := range f.Bursts {
			total.Bursts[i] += n
		}
		if f.MaxDelay < f.MinDelay || f.MeanDelay < f.MinDelay || f.MaxDelay-f.MinDelay > step || f.RTT < 60*time.Millisecond || f.RTT > 61*time.Millisecond {
			t.Fatalf("delays %+v over a link of 60 ms that queues nothing", f)
		}
	}
	got := p.far.receive.Stats()
	if total.Datagrams == 0 || total.Datagrams > got.Datagrams || total.Bytes > got.Bytes || got.Datagrams-total.Datagrams > 5 {
		t.Errorf("told of %d datagrams, %d bytes; arrived %+v", total.Datagrams, total.Bytes, got)
	}
	if share := float64(total.Lost) / float64(total.Lost+total.Datagrams); share < 0.01 || share > 0.03 {
		t.Errorf("told of loss %v", share)
	}
	if total.Bursts[2] == 0 || total.Bursts[0] > total.Bursts[2]/4 {
		t.Errorf("bursts of 3 told as %v", total.Bursts)
	}
}

// TestJitterAndCopiesHarmNothing: everything comes, whatever the order.
func TestJitterAndCopiesHarmNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	p := newPair(20 * time.Millisecond)
	p.near.out.jitter = func() time.Duration { return time.Duration(r.IntN(5000)) * time.Microsecond }
	p.near.out.twice = func() bool { return r.IntN(4) == 0 }
	p.near.out.lose = random(4, 0.01)
	p.run(500*time.Millisecond, nil)
	s := newStudio(p, 20, 10)
	p.run(2*time.Second, s.load)
	p.run(time.Second, nil)
	if o := s.outcome(20 * time.Millisecond); o.videoLost > 0.0001 || o.audioBad > 0.0001 || s.broken > 0 {
		t.Errorf("%v, %d changed", o, s.broken)
	}
	if p.far.refused == 0 {
		t.Error("no copy was refused")
	}
}

// TestLargestRecordsCross: records longer than a datagram come whole.
func TestLargestRecordsCross(t *testing.T) {
	p := newPair(time.Millisecond)
	p.run(200*time.Millisecond, nil)
	var got []wire.Media
	p.arrived = func(_ uint32, m *wire.Media) {
		kept := *m
		kept.Payload = slices.Clone(m.Payload)
		got = append(got, kept)
	}
	for i := range 20 {
		m := wire.Media{SequenceNumber: uint16(i), Payload: bytes.Repeat([]byte{byte(i)}, wire.MaxPayload), Descriptor: make([]byte, wire.MaxDescriptor)}
		p.near.send.Add(p.now, wire.MaxAlias, &m, false)
	}
	p.run(50*time.Millisecond, nil)
	for i, m := range got {
		if int(m.SequenceNumber) != i || len(m.Payload) != wire.MaxPayload || m.Payload[9] != byte(i) {
			t.Errorf("packet %d is %d, %d bytes", i, m.SequenceNumber, len(m.Payload))
		}
	}
	if len(got) != 20 {
		t.Errorf("%d of 20 packets", len(got))
	}
}
