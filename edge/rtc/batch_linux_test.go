package rtc

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

// BenchmarkBatch is the cost of a packet in a wave to 100 slots of as many
// clients, sealing and system call included.
func BenchmarkBatch(b *testing.B) {
	const clients = 100
	for _, repeats := range []bool{true, false} {
		b.Run(fmt.Sprintf("repeats=%v", repeats), func(b *testing.B) {
			e, err := New(Config{Media: listenUDP(b)})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = e.Close() })
			slots := crowd(b, e, clients, repeats)
			p := sfu.Packet{Codec: sfu.VP8, Payload: make([]byte, 1150), AudioLevel: sfu.NoAudioLevel}
			batch := e.NewBatch()
			b.ReportAllocs()
			before := processor(b)
			for b.Loop() {
				p.SequenceNumber++
				for _, d := range slots {
					d.Send(&p, batch)
				}
				batch.Flush()
			}
			b.ReportMetric(float64((processor(b)-before).Nanoseconds())/float64(b.N)/clients, "cpu-ns/packet")
		})
	}
}

// processor is the processor time that the process has used, which other
// processes disturb less than time.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// crowd is slots of as many clients, who read nothing.
func crowd(b *testing.B, e *Engine, clients int, repeats bool) (slots []*down) {
	b.Helper()
	for range clients {
		d := slotTo(b, e, newOpener(b, "udp4", loopback).LocalAddr())
		var err error
		if d.out, err = newOutbound(d.t.keys.Load(), repeats); err != nil {
			b.Fatal(err)
		}
		slots = append(slots, d)
	}
	return slots
}

// BenchmarkReaders is the cost of a packet when two readers forward to 100
// slots each, by the clock and by the processors: through one socket, where
// one waits for the other, and through one each.
func BenchmarkReaders(b *testing.B) {
	const clients, readers = 100, 2
	for sockets := 1; sockets <= readers; sockets++ {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			all, err := Listen("127.0.0.1:0", sockets)
			if err != nil {
				b.Fatal(err)
			}
			e, err := New(Config{Media: all[0], Beside: all[1:]})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = e.Close() })
			var forward [readers]func()
			for i := range forward {
				slots, batch := crowd(b, e, clients, false), e.NewBatch()
				p := &sfu.Packet{Codec: sfu.VP8, Payload: make([]byte, 1150), AudioLevel: sfu.NoAudioLevel}
				forward[i] = func() {
					p.SequenceNumber++
					for _, d := range slots {
						d.Send(p, batch)
					}
					batch.Flush()
				}
			}
			before := processor(b)
			for b.Loop() {
				var wg sync.WaitGroup
				for _, f := range forward {
					wg.Go(func() {
						for range 20 {
							f()
						}
					})
				}
				wg.Wait()
			}
			packets := float64(b.N) * 20 * clients * readers
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/packets, "ns/packet")
			b.ReportMetric(float64((processor(b)-before).Nanoseconds())/packets, "cpu-ns/packet")
		})
	}
}
