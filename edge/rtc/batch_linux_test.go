package rtc

import (
	"fmt"
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
			var slots []*down
			for range clients {
				d := slotTo(b, e, newOpener(b, "udp4", loopback).LocalAddr())
				if d.out, err = newOutbound(d.t.keys.Load(), repeats); err != nil {
					b.Fatal(err)
				}
				slots = append(slots, d)
			}
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
