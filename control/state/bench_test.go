package state

import (
	"bytes"
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"
)

var (
	benchRooms     = flag.Int("rooms", 100_000, "rooms of BenchmarkSize")
	benchCompanies = flag.Int("companies", 10_000, "companies of BenchmarkSize")
)

// heap is the memory in use after a collection, in bytes.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// fill makes companies, each with its share of the rooms, a thousand things a log entry.
func fill(b *testing.B, s *State, companies, rooms int) {
	b.Helper()
	batch, index := &Batch{}, uint64(0)
	flush := func() {
		if len(batch.Commands) == 0 {
			return
		}
		index++
		if r := s.Apply(index, entry(b, t0.Add(time.Duration(index)*time.Second), batch)); r.Err != nil {
			b.Fatal(r.Err)
		}
		batch = &Batch{}
	}
	propose := func(c Command) {
		batch.Commands = append(batch.Commands, c)
		if len(batch.Commands) == maxBatch {
			flush()
		}
	}
	for i := range companies {
		propose(Add(KindCompany, fmt.Sprintf("01jd5s3c8vcompany%09d", i), "", CompanySpec{Name: fmt.Sprintf("Company %d", i)}))
	}
	for i := range rooms {
		propose(Add(KindRoom, fmt.Sprintf("01jd5s3c8v00room00%08d", i), fmt.Sprintf("01jd5s3c8vcompany%09d", i%companies), RoomSpec{
			Name: "Stand-up", PublicID: fmt.Sprintf("standup-%d", i), AccessCode: fmt.Sprintf("%09d", i),
		}))
	}
	flush()
}

// What a large state costs: go test ./control/state -run '^$' -bench Size -benchtime 1x -rooms 1000000 -companies 100000
func BenchmarkSize(b *testing.B) {
	for b.Loop() {
		before, start := heap(), time.Now()
		s := New()
		fill(b, s, *benchCompanies, *benchRooms)
		b.ReportMetric(time.Since(start).Seconds()*1e6/float64(*benchRooms+*benchCompanies), "apply-µs/thing")
		b.ReportMetric((heap()-before)/1e6, "heap-MB")

		var snapshot bytes.Buffer
		start = time.Now()
		if err := s.View().WriteSnapshot(&snapshot); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "snapshot-s")
		b.ReportMetric(float64(snapshot.Len())/1e6, "snapshot-MB")

		s = nil // two of a large state at a time are no use to anybody
		runtime.GC()
		again := New()
		start = time.Now()
		if err := again.Restore(bytes.NewReader(snapshot.Bytes())); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "restore-s")
		if _, ok := Find[Room](again.View(), "access_code", "", fmt.Sprintf("%09d", *benchRooms-1)); !ok {
			b.Fatal("the last room is not there")
		}
	}
}

// What an entry costs that comes alone, and in a batch.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprintf("%d-at-once", n), func(b *testing.B) {
			s := New()
			fill(b, s, 100, 1000)
			index := s.View().Index()
			batch, data := make([]Entry, n), make([][]byte, 1000)
			for i := range data {
				patch := Set(KindRoom, fmt.Sprintf("01jd5s3c8v00room00%08d", i), fmt.Sprintf("01jd5s3c8vcompany%09d", i%100), map[string]any{"name": "Renamed"})
				data[i] = entry(b, t0, patch, Terms{By: "key:k", Request: "r"})
			}
			b.ReportAllocs()
			for b.Loop() {
				for i := range batch {
					index++
					batch[i] = Entry{index, data[index%1000]}
				}
				for _, r := range s.ApplyAll(batch) {
					if r.Err != nil {
						b.Fatal(r.Err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
		})
	}
}
