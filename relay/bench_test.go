//go:build unix

package relay

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/meridian-video/meridian/relay/wire"
)

// countingReceiver counts packets.
type countingReceiver struct {
	mu sync.Mutex
	n  int
}

func (r *countingReceiver) Media(*wire.Media) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
}
func (*countingReceiver) Report(wire.Report) {}
func (*countingReceiver) Closed(error)       {}

func (r *countingReceiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// BenchmarkLink gives the CPU time of both ends and the generator for one RTP packet at
// a steady rate over loopback, from getrusage: by QUIC streams and by sealed datagrams.
func BenchmarkLink(b *testing.B) {
	for _, rate := range []offer{
		{"20Mbit", 10, 1150, 18400 * time.Microsecond, 4},
		{"150Mbit", 60, 1150, 14700 * time.Microsecond, 4},
		{"audio100", 100, 120, 20 * time.Millisecond, 1},
	} {
		b.Run(rate.name+"/streams", func(b *testing.B) { rate.measure(b, true) })
		b.Run(rate.name+"/sealed", func(b *testing.B) { rate.measure(b, false) })
	}
}

// offer is a load.
type offer struct {
	name    string
	tracks  int
	payload int
	every   time.Duration // between two frames of a track
	run     int           // packets of a frame
}

func (r offer) measure(b *testing.B, plain bool) {
	s := &studio{}
	n := newNetwork(b)
	how := func(c *Config) {
		c.tuning = defaultTuning()
		c.tuning.plain = plain
	}
	fra := n.startOn("fra", nil, onSocket(b, n, "fra"), withTracks(s), how)
	iad := n.startOn("iad", nil, onSocket(b, n, "iad"), how)
	got := &countingReceiver{}
	for i := range r.tracks {
		if _, err := iad.Subscribe(context.Background(), "fra", track(string(rune('a'+i))), got); err != nil {
			b.Fatal(err)
		}
	}
	settle(func() bool { return plain || fra.Links()[0].Path.State == "up" })
	outs := s.attached()
	p := wire.Media{Payload: make([]byte, r.payload)}
	every := r.every / time.Duration(r.tracks)
	start, turn, sent := time.Now(), 0, 0
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	frame := func() {
		if wait := time.Until(start.Add(time.Duration(turn) * every)); wait > 0 {
			timer.Reset(wait)
			<-timer.C
		}
		out := outs[turn%len(outs)]
		for range r.run {
			p.SequenceNumber++
			p.Timestamp = uint32(turn)
			out.Send(&p)
		}
		out.Flush()
		turn++
	}
	for time.Since(start) < 3*time.Second { // until the controller knows the rate
		frame()
	}
	before := got.count()
	begin, began := cpuTime(b), time.Now()
	for b.Loop() {
		frame()
		sent += r.run
	}
	elapsed := time.Since(began)
	used := cpuTime(b) - begin
	settle(func() bool { return got.count()-before >= sent })
	b.ReportMetric(100*float64(got.count()-before)/float64(sent), "delivered-%")
	b.ReportMetric(float64(used.Nanoseconds())/1000/float64(sent), "cpu-µs/packet")
	b.ReportMetric(float64(sent*r.payload*8)/elapsed.Seconds()/1e6, "Mbit/s")
	b.ReportMetric(0, "ns/op")
}

// settle waits until what was sent has come, for a second at most.
func settle(done func() bool) {
	tick, end := time.NewTicker(5*time.Millisecond), time.NewTimer(time.Second)
	defer tick.Stop()
	defer end.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-end.C:
			return
		}
	}
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
