package codec

import "testing"

// The bytes are laid out by hand: stream and number of streams less 1 in 2
// bits each, masks of 4, temporal layers less 1 in 2, kbit/s as LEB128.
func TestParseAllocation(t *testing.T) {
	simulcast := Allocation{Stream: 2, Streams: 3}
	simulcast.Layers[0][0] = AllocatedLayer{Temporals: 1, Bitrates: [4]int{150_000}}
	simulcast.Layers[1][0] = AllocatedLayer{Temporals: 2, Bitrates: [4]int{240_000, 400_000}}
	simulcast.Layers[2][0] = AllocatedLayer{Temporals: 2, Bitrates: [4]int{720_000, 1_200_000}}
	sized := simulcast
	sized.HasSizes = true
	for i, size := range [][2]int{{320, 180}, {640, 360}, {1280, 720}} {
		l := &sized.Layers[i][0]
		l.Width, l.Height, l.FrameRate = size[0], size[1], 30
	}
	svc := Allocation{Streams: 1}
	for i := range 3 {
		svc.Layers[0][i] = AllocatedLayer{Temporals: 3, Bitrates: [4]int{1000 << i, 2000 << i, 3000 << i}}
	}
	uneven := Allocation{Stream: 1, Streams: 3}
	uneven.Layers[1][0] = AllocatedLayer{Temporals: 4, Bitrates: [4]int{1000, 2000, 3000, 4000}}
	uneven.Layers[2][3] = AllocatedLayer{Temporals: 1, Bitrates: [4]int{127_000}}
	full := Allocation{Stream: 3, Streams: 4}
	for i := range maxAllocated {
		full.Layers[i/4][i%4] = AllocatedLayer{Temporals: 1, Bitrates: [4]int{i * 1000}}
	}
	bitrates := "10010110 00000001" + // 150
		"11110000 00000001 10010000 00000011" + // 240, 400
		"11010000 00000101 10110000 00001001" // 720, 1200
	sizes := f(16, 319) + f(16, 179) + f(8, 30) + f(16, 639) + f(16, 359) + f(8, 30) + f(16, 1279) + f(16, 719) + f(8, 30)
	each := ""
	for i := range maxAllocated {
		each += f(8, i)
	}
	for _, tc := range []struct {
		name string
		b    []byte
		want Allocation
	}{
		{"three encodings", packed("10 10 0001", "00 01 01 00", bitrates), simulcast},
		{"with sizes", packed("10 10 0001", "00 01 01 00", bitrates, sizes), sized},
		{"spatial layers", packed("00 00 0111", "10 10 10 00", f(8, 1), f(8, 2), f(8, 3), f(8, 2), f(8, 4), f(8, 6), f(8, 4), f(8, 8), f(8, 12)), svc},
		{"uneven", packed("01 10 0000", "0000 0001 1000 0000", "11 00 00 00", f(8, 1), f(8, 2), f(8, 3), f(8, 4), f(8, 127)), uneven},
		{"all layers of all streams", packed("11 11 1111", f(32, 0), each), full},
		{"nothing is sent", []byte{0}, Allocation{Streams: 1}},
	} {
		if got, ok := ParseAllocation(tc.b); got != tc.want || !ok {
			t.Errorf("%s: got %+v, %v; want %+v", tc.name, got, ok, tc.want)
		}
	}
}

func TestAllocationMalformed(t *testing.T) {
	whole := packed("10 10 0001", "00 01 01 00", f(8, 1), f(8, 2), f(8, 3), f(8, 4), f(8, 5), f(120, 7))
	for n := range whole {
		if n == 7 { // ends before the sizes, which may be absent
			continue
		}
		if got, ok := ParseAllocation(whole[:n]); ok || got != (Allocation{}) {
			t.Errorf("the first %d bytes: %+v, %v", n, got, ok)
		}
	}
	for name, b := range map[string][]byte{
		"too long":             append(whole, 0),
		"second mask cut":      packed("00 10 0000", "0001 0001"),
		"absurd bitrate":       packed("00 00 0001", f(8, 0), "11111111 11111111 01111111"),
		"endless bitrate":      append(packed("00 00 0001", f(8, 0)), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		"layers but no counts": packed("00 00 0001"),
	} {
		if got, ok := ParseAllocation(b); ok || got != (Allocation{}) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

func FuzzAllocation(f *testing.F) {
	f.Add([]byte{0})
	f.Add(packed("00 10 0001", "00 01 01 00", "00000001 00000010 00000011 00000100 00000101"))
	f.Add(packed("01 10 0000", "0000 0001 1000 0000", "11 00 00 00", "00000001 00000010 00000011 00000100 01111111"))
	f.Add(append(packed("00 00 0001", "00000000", "10010110 00000001"), 1, 2, 3, 4, 5))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := ParseAllocation(b)
		if !ok {
			if a != (Allocation{}) {
				t.Fatalf("% x parsed as %+v, %v", b, a, ok)
			}
			return
		}
		for stream := range a.Layers {
			for _, l := range a.Layers[stream] {
				if l.Temporals > 4 || l.Temporals == 0 && l != (AllocatedLayer{}) || l.Temporals > 0 && stream >= int(a.Streams) ||
					a.HasSizes && l.Temporals > 0 && (l.Width == 0 || l.Height == 0) {
					t.Fatalf("% x parsed as %+v", b, a)
				}
			}
		}
	})
}
