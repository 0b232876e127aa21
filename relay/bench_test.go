//go:build unix

package relay

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
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
// a steady rate over loopback, from getrusage.
func BenchmarkLink(b *testing.B) {
	for _, rate := range []struct {
		name    string
		tracks  int
		payload int
		every   time.Duration // between two frames of a track
		run     int           // packets of a frame
	}{
		{"20Mbit", 10, 1150, 18400 * time.Microsecond, 4},
		{"150Mbit", 60, 1150, 14700 * time.Microsecond, 4},
		{"audio100", 100, 120, 20 * time.Millisecond, 1},
	} {
		b.Run(rate.name, func(b *testing.B) {
			s := &studio{}
			n := newNetwork(b)
			real := func(id geo.NodeID) func(*Config) {
				conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
				if err != nil {
					b.Fatal(err)
				}
				n.place(id, conn.LocalAddr().String())
				return func(c *Config) { c.Conn = conn }
			}
			n.startOn("fra", nil, real("fra"), withTracks(s))
			iad := n.startOn("iad", nil, real("iad"))
			r := &countingReceiver{}
			for i := range rate.tracks {
				if _, err := iad.Subscribe(context.Background(), "fra", track(string(rune('a'+i))), r); err != nil {
					b.Fatal(err)
				}
			}
			outs := s.attached()
			p := wire.Media{Payload: make([]byte, rate.payload)}
			begin := cpuTime(b)
			every := rate.every / time.Duration(rate.tracks)
			start, sent := time.Now(), 0
			timer := time.NewTimer(time.Hour)
			defer timer.Stop()
			for turn := 0; b.Loop(); turn++ {
				if wait := time.Until(start.Add(time.Duration(turn) * every)); wait > 0 {
					timer.Reset(wait)
					<-timer.C
				}
				out := outs[turn%len(outs)]
				for range rate.run {
					p.SequenceNumber++
					out.Send(&p)
					sent++
				}
				out.Flush()
			}
			used := cpuTime(b) - begin
			settle(func() bool { return r.count() >= sent })
			b.ReportMetric(100*float64(r.count())/float64(sent), "delivered-%")
			b.ReportMetric(float64(used.Nanoseconds())/1000/float64(sent), "cpu-µs/packet")
			b.ReportMetric(float64(sent*rate.payload*8)/b.Elapsed().Seconds()/1e6, "Mbit/s")
			b.ReportMetric(0, "ns/op")
		})
	}
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
