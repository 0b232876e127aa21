package bandwidth

import (
	"encoding/binary"
	"testing"
	"time"
)

// FuzzFeedback feeds receipts as a hostile subscriber would make them up.
// Whatever they are, the target keeps its bounds and the counters add up.
func FuzzFeedback(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23})
	f.Add([]byte{0, 5, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 6, 0x80, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		e := New(Config{})
		e.SetWanted(5_000_000)
		var receipts []Receipt
		now := time.Duration(0)
		sent := uint64(0)
		for len(b) >= 10 {
			now += 20 * time.Millisecond
			for range 8 {
				e.Sent(uint16(sent), 600, now, e.probes.cluster.ID)
				sent++
			}
			receipts = receipts[:0]
			for n := 0; n < 16 && len(b) >= 10; n++ {
				receipts = append(receipts, Receipt{
					Seq:      binary.BigEndian.Uint16(b),
					Received: b[2]&1 == 0,
					Arrival:  time.Duration(binary.BigEndian.Uint64(b[2:])),
				})
				b = b[10:]
			}
			e.Feedback(now, receipts)
			e.Report(now, float64(int8(len(b))))
			e.Tick(now)
			c, ok := e.Probe(now)
			check(t, e, c, ok, now, sent)
		}
	})
}

func check(t *testing.T, e *Estimator, c Cluster, probing bool, now time.Duration, sent uint64) {
	st := e.Stats(now)
	if st.Target < DefaultMin || st.Target > DefaultMax {
		t.Fatalf("a target of %d bit/s", st.Target)
	}
	if st.Received+st.Lost > sent {
		t.Fatalf("%d received and %d lost of %d", st.Received, st.Lost, sent)
	}
	if !(st.Loss >= 0 && st.Loss <= 1) || st.Queue < 0 {
		t.Fatalf("%+v", st)
	}
	if probing && (c.ID == 0 || c.Bitrate <= 0 || c.Bitrate > 5_000_000 || c.Bytes <= 0 || c.Duration > maxProbeTime) {
		t.Fatalf("probe %+v", c)
	}
	if len(e.history.ring) > maxHistory {
		t.Fatalf("%d packets are kept", len(e.history.ring))
	}
}
