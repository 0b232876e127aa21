package sfu

import (
	"fmt"
	"testing"
	"time"
)

type blackhole struct{ packets, bytes int }

func (b *blackhole) Send(p *Packet, _ Batch) {
	b.packets++
	b.bytes += len(p.Payload)
}
func (b *blackhole) SendReport(Report) {}

// The cost of a wave: one source packet of 1,150 bytes to n slots, without
// what sinks do.
func BenchmarkForward(b *testing.B) {
	for _, n := range []int{10, 50, 100, 200, 400} {
		b.Run(fmt.Sprintf("downs=%d", n), func(b *testing.B) {
			now := time.Second
			metrics := NewMetrics(nil)
			u := NewUpTrack(UpConfig{
				Kind: Video, Codec: VP8, Metrics: metrics,
				Now: func() time.Duration { return now },
			})
			sink := &blackhole{}
			for range n {
				d := NewDownTrack(DownConfig{Kind: Video, Sink: sink, Metrics: metrics})
				d.Switch(u)
			}
			payload := append(vp8Payload(true, true, 1, 1, 1, 0), make([]byte, 1138)...)
			p := &Packet{AudioLevel: NoAudioLevel, Payload: payload}
			write := func() {
				p.SequenceNumber++
				p.Arrival = now
				if p.SequenceNumber%6 == 0 {
					p.Timestamp += 3000
				}
				now += 5555 * time.Microsecond
				u.Write(p)
			}
			for range 5000 { // fill the cache's rings
				write()
			}
			b.ReportAllocs()
			before := sink.packets
			for b.Loop() {
				write()
			}
			if got := sink.packets - before; got != b.N*n {
				b.Fatalf("sent %d packets, want %d", got, b.N*n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/forwarded")
		})
	}
}

// Forwarding allocates nothing once the rings have grown.
func TestForwardDoesNotAllocate(t *testing.T) {
	clock := &clockwork{at: time.Second}
	u := NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Now: clock.now})
	for range 20 {
		NewDownTrack(DownConfig{Kind: Video, Sink: &blackhole{}, Now: clock.now}).Switch(u)
	}
	payload := append(vp8Payload(true, true, 1, 1, 1, 0), make([]byte, 1138)...)
	p := &Packet{AudioLevel: NoAudioLevel, Payload: payload}
	write := func() {
		p.SequenceNumber++
		p.Timestamp += 3000
		p.Arrival = clock.at
		clock.at += 5 * ms
		u.Write(p)
		u.Tick(clock.at)
	}
	for range 5000 {
		write()
	}
	if n := testing.AllocsPerRun(2000, write); n != 0 {
		t.Errorf("%v allocations per packet, want none", n)
	}
}
