package bandwidth

import (
	"testing"
	"time"
	"unsafe"
)

// One packet of 3 Mbit/s, sent and acknowledged, with feedback each 50 ms.
func BenchmarkPacket(b *testing.B) {
	e := New(Config{})
	e.SetWanted(4_000_000)
	const gap = 3 * time.Millisecond
	receipts := make([]Receipt, 0, 16)
	now := time.Duration(0)
	seq := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		now += gap
		seq++
		e.Sent(seq, 1150, now, 0)
		receipts = append(receipts, Receipt{Seq: seq, Received: true, Arrival: now + 20*time.Millisecond})
		if len(receipts) == cap(receipts) {
			e.Feedback(now, receipts)
			e.Tick(now)
			e.Probe(now)
			receipts = receipts[:0]
		}
	}
}

func TestPacketsAllocateNothing(t *testing.T) {
	e := New(Config{})
	e.SetWanted(4_000_000)
	var receipts [10]Receipt
	now := time.Duration(0)
	seq := uint16(0)
	round := func() {
		for i := range receipts {
			now += 3 * time.Millisecond
			seq++
			e.Sent(seq, 1150, now, 0)
			receipts[i] = Receipt{Seq: seq, Received: seq%7 != 0, Arrival: now + 20*time.Millisecond}
		}
		e.Feedback(now, receipts[3:]) // some is told of by none
		e.Tick(now)
		e.Probe(now)
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%.2f allocations in ten packets", n)
	}
}

func TestAnEstimatorIsSmall(t *testing.T) {
	size := unsafe.Sizeof(Estimator{}) + minHistory*unsafe.Sizeof(packet{})
	t.Logf("%d bytes", size)
	if size > 8<<10 {
		t.Errorf("%d bytes", size)
	}
}
