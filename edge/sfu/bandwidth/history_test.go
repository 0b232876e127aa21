package bandwidth

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The history gives back what was sent last under a number, or nothing.
func TestHistoryFindsOrForgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h history
		sent := map[uint16]time.Duration{}
		seq := rapid.Uint16().Draw(t, "first")
		gap := time.Duration(rapid.IntRange(0, 20).Draw(t, "ms")) * ms
		grow := rapid.Bool().Draw(t, "grow")
		n := rapid.IntRange(1, 3000).Draw(t, "packets")
		for i := range n {
			at := time.Duration(i) * gap
			h.add(seq, 100, at, 0, grow)
			sent[seq] = at
			seq++
		}
		for back := 1; back <= n; back++ {
			p := h.find(seq - uint16(back))
			if p == nil && (back <= minHistory || grow && time.Duration(back)*gap < answerTime) {
				t.Fatalf("packet %d from the end of %d is forgotten", back, n)
			}
			if p != nil && p.at != sent[seq-uint16(back)] {
				t.Fatalf("packet %d from the end is another", back)
			}
		}
		if h.find(seq) != nil || h.find(seq-uint16(n)-1) != nil {
			t.Fatal("found what was never sent")
		}
	})
}

func TestHistoryStaysSmall(t *testing.T) {
	tests := []struct {
		name    string
		bitrate float64
		grow    bool
		most    int
	}{
		{"a camera, answered", 3e6, true, 512},
		{"a wall of video", 100e6, true, maxHistory},
		{"a flood", 1e9, true, maxHistory},
		{"nobody answers", 100e6, false, minHistory},
	}
	for _, tt := range tests {
		var h history
		gap := time.Duration(1200 * 8 / tt.bitrate * float64(time.Second))
		seq := uint16(0)
		for at := time.Duration(0); at < 2*time.Second; at += gap {
			h.add(seq, 1200, at, 0, tt.grow)
			seq++
		}
		if len(h.ring) > tt.most {
			t.Errorf("%s: %d packets are kept, want at most %d", tt.name, len(h.ring), tt.most)
		}
	}
}

func TestHistoryYieldsWhatFeedbackSkipped(t *testing.T) {
	var h history
	for seq := range uint16(20) {
		h.add(seq+65_530, 100, 0, 0, true)
	}
	var got []uint16
	skip := func(to uint16) {
		h.skipped(h.find(to).number, func(p *packet) { got = append(got, uint16(p.number)) })
	}
	skip(65_530)
	skip(65_533)
	skip(65_531) // an older message
	skip(0)
	want := []uint16{65_531, 65_532, 65_534, 65_535}
	if len(got) != len(want) {
		t.Fatalf("skipped %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("skipped %v, want %v", got, want)
		}
	}
}
