package sealed

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/relay/wire"
)

type counting struct{ n int }

func (c *counting) Media(uint32, *wire.Media) { c.n++ }

// BenchmarkPath gives the time of each end for a packet of 1,150 bytes at 150 Mbit/s,
// without sockets: waves of a millisecond.
func BenchmarkPath(b *testing.B) {
	m := wire.Media{Payload: make([]byte, 1150)}
	const perWave = 16
	b.Run("send", func(b *testing.B) {
		s := NewSender(there)
		var w Wave
		now := time.Duration(0)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			m.SequenceNumber++
			s.Add(now, 1, &m, false)
			if i%perWave == perWave-1 {
				now += time.Millisecond
				w.Reset()
				s.Poll(now, 1<<20, &w)
			}
		}
	})
	b.Run("receive", func(b *testing.B) {
		s, sink := NewSender(there), new(counting)
		r := NewReceiver(there, sink)
		var w Wave
		now := time.Duration(0)
		b.ReportAllocs()
		b.ResetTimer()
		for b.Loop() {
			if sink.n > 0 {
				sink.n--
				continue
			}
			b.StopTimer()
			for range perWave {
				m.SequenceNumber++
				s.Add(now, 1, &m, false)
			}
			now += time.Millisecond
			w.Reset()
			s.Poll(now, 1<<20, &w)
			b.StartTimer()
			at := 0
			for _, size := range w.Sizes {
				if _, err := r.Take(now, w.Buf[at:at+size]); err != nil {
					b.Fatal(err)
				}
				at += size
			}
			r.Report(now, 0)
		}
	})
}

// TestPathAllocatesNothing once its memory is warm.
func TestPathAllocatesNothing(t *testing.T) {
	s, r := NewSender(there), NewReceiver(there, new(counting))
	m := wire.Media{Payload: make([]byte, 1150)}
	var w Wave
	now := time.Duration(0)
	turn := func() {
		for i := range 16 {
			m.SequenceNumber++
			s.Add(now, 1, &m, i == 0)
		}
		now += time.Millisecond
		w.Reset()
		s.Poll(now, 1<<20, &w)
		at := 0
		for _, size := range w.Sizes {
			if _, err := r.Take(now, w.Buf[at:at+size]); err != nil {
				t.Fatal(err)
			}
			at += size
		}
		if r.Report(now, 0) {
			s.Answer(r)
		}
	}
	for range 2000 {
		turn()
	}
	if n := testing.AllocsPerRun(2000, turn); n != 0 {
		t.Errorf("%v allocations for 16 packets", n)
	}
}
