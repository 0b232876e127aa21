//go:build linux

package light

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func newTestStream() *stream { return &stream{ssrc: 7, video: true, nack: true, clock: 90000} }

// feed lets numbers arrive a millisecond apart.
func feed(s *stream, seqs ...uint16) {
	for i, n := range seqs {
		s.arrive(n, uint32(i)*90, noon.Add(time.Duration(i)*time.Millisecond))
	}
}

func TestStreamCounts(t *testing.T) {
	tests := map[string]struct {
		seqs                                []uint16
		expected, received, lost, duplicate uint32
	}{
		"in order":              {[]uint16{1, 2, 3}, 3, 3, 0, 0},
		"over the wrap":         {[]uint16{65534, 65535, 0, 1}, 4, 4, 0, 0},
		"a hole":                {[]uint16{1, 2, 5}, 5, 3, 2, 0},
		"a hole over the wrap":  {[]uint16{65534, 1}, 4, 2, 2, 0},
		"late":                  {[]uint16{1, 3, 2}, 3, 3, 0, 0},
		"twice":                 {[]uint16{1, 2, 2}, 2, 2, 0, 1},
		"late and twice":        {[]uint16{1, 3, 2, 2}, 3, 3, 0, 1},
		"a new sequence":        {[]uint16{1, 2, 30000, 30001}, 2, 2, 0, 0},
		"a new one after holes": {[]uint16{1, 5, 30000}, 1, 1, 3, 0},
	}
	for name, tt := range tests {
		s := newTestStream()
		feed(s, tt.seqs...)
		if s.expected() != tt.expected || s.received != tt.received || s.lost() != tt.lost || s.repeats != tt.duplicate {
			t.Errorf("%s: expected %d, received %d, lost %d, twice %d; want %d, %d, %d, %d", name,
				s.expected(), s.received, s.lost(), s.repeats, tt.expected, tt.received, tt.lost, tt.duplicate)
		}
	}
}

func TestStreamCountsEveryPacketOnceWhateverTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		s := newTestStream()
		first := uint16(r.Uint32())
		s.arrive(first, 0, noon)
		came := 1
		for base := 1; base < 2000; base += 8 {
			block := r.Perm(8)
			for _, k := range block {
				if r.IntN(10) == 0 {
					continue
				}
				came++
				s.arrive(first+uint16(base+k), 0, noon)
				if r.IntN(20) == 0 {
					s.arrive(first+uint16(base+k), 0, noon)
				}
			}
		}
		if int(s.received) != came || s.lost() != s.expected()-s.received {
			t.Fatalf("received %d, lost %d of %d; %d came", s.received, s.lost(), s.expected(), came)
		}
	}
}

func TestStreamAsksForWhatIsMissing(t *testing.T) {
	s := newTestStream()
	feed(s, 10, 13)
	at := noon.Add(time.Millisecond)
	ask := s.missing(at)
	slices.Sort(ask)
	if !slices.Equal(ask, []uint16{11, 12}) {
		t.Fatalf("asks for %v", ask)
	}
	if again := s.missing(at.Add(askEvery / 2)); len(again) != 0 {
		t.Fatalf("asks again for %v before an answer can be here", again)
	}
	if !s.recover(11, at) || s.recover(11, at) {
		t.Fatal("a repetition fills its hole once")
	}
	if again := s.missing(at.Add(askEvery)); !slices.Equal(again, []uint16{12}) {
		t.Fatalf("asks for %v, want 12 again", again)
	}
	s.missing(noon.Add(holeLimit + 10*time.Millisecond))
	if len(s.holes) != 0 || s.lost() != 1 {
		t.Fatalf("%d holes kept, %d lost; a stale packet is given up and stays lost", len(s.holes), s.lost())
	}
}

func TestStreamStopsAskingAfterTenTimes(t *testing.T) {
	s := newTestStream()
	feed(s, 1, 3)
	asked := 0
	for i := range 24 {
		asked += len(s.missing(noon.Add(time.Duration(i) * askEvery)))
	}
	if asked != askTries {
		t.Errorf("asked %d times, want %d", asked, askTries)
	}
}

func TestStreamReportsLossSinceTheLastReport(t *testing.T) {
	s := newTestStream()
	feed(s, 100, 101, 103, 104)
	b := s.block(noon)
	if b.SSRC != 7 || b.LastSequenceNumber != 104 || b.TotalLost != 1 || b.FractionLost != 256/5 {
		t.Errorf("first report %+v", b)
	}
	feed(s, 105, 106)
	if b := s.block(noon); b.FractionLost != 0 || b.TotalLost != 1 {
		t.Errorf("second report %+v, want no loss since the first", b)
	}
	s.reported, s.reportedAt = 99, noon
	if b := s.block(noon.Add(time.Second / 2)); b.LastSenderReport != 99 || b.Delay != 32768 {
		t.Errorf("echo of the sender report %+v", b)
	}
}

func TestPlayoutFindsTheGapsAListenerHears(t *testing.T) {
	tests := map[string]struct {
		lost    map[int]bool
		late    map[int]time.Duration
		longest time.Duration
		gaps    int
	}{
		"whole":                {nil, nil, 0, 0},
		"one lost":             {map[int]bool{50: true}, nil, 20 * time.Millisecond, 0},
		"three in a row":       {map[int]bool{50: true, 51: true, 52: true}, nil, 60 * time.Millisecond, 0},
		"four in a row":        {map[int]bool{50: true, 51: true, 52: true, 53: true}, nil, 80 * time.Millisecond, 1},
		"late within reach":    {nil, map[int]time.Duration{50: 150 * time.Millisecond}, 0, 0},
		"late beyond":          {nil, map[int]time.Duration{50: 300 * time.Millisecond}, 20 * time.Millisecond, 0},
		"two gaps of over 60":  {map[int]bool{20: true, 21: true, 22: true, 23: true, 60: true, 61: true, 62: true, 63: true, 64: true}, nil, 100 * time.Millisecond, 2},
		"two short, one apart": {map[int]bool{20: true, 22: true}, nil, 20 * time.Millisecond, 0},
	}
	for name, tt := range tests {
		p := playout{on: true}
		const count = 100
		for ms := 0; ms < count*20+150; ms++ {
			now := noon.Add(time.Duration(ms) * time.Millisecond)
			for i := range count {
				at := time.Duration(i)*audioPacket + tt.late[i]
				if at == time.Duration(ms)*time.Millisecond && !tt.lost[i] {
					p.arrive(1<<16|uint32(i), now)
				}
			}
			p.advance(now)
		}
		if p.longest != tt.longest || p.gaps != tt.gaps {
			t.Errorf("%s: longest %v, %d gaps; want %v, %d", name, p.longest, p.gaps, tt.longest, tt.gaps)
		}
	}
}

func TestPlayoutHearsAnEnd(t *testing.T) {
	p := playout{on: true}
	p.arrive(1, noon)
	p.advance(noon.Add(audioBuffer + time.Second))
	if p.longest < 900*time.Millisecond {
		t.Errorf("a stream that stops is a gap of %v", p.longest)
	}
}
