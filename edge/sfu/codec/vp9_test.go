package codec

import (
	"slices"
	"testing"
)

// The letters are those of RFC 9628 section 4.2: I P L F B E V Z.
func TestParseVP9(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		want VP9
	}{
		{"bare keyframe", packed("0000 1100", f(8, 1)),
			VP9{IDs: IDs{Size: 1}, Start: true, End: true, Key: true}},
		{"7-bit id, interframe", packed("1100 1000", "0 1111111", f(8, 1)),
			VP9{IDs: IDs{Size: 2, PictureIDOff: 1, PictureID: 127}, Start: true, InterPredicted: true}},
		{"15-bit id", packed("1100 0100", "1 1111111 11111110", f(8, 1)),
			VP9{IDs: IDs{Size: 3, PictureIDOff: 1, PictureID: 0x7ffe, Wide: true}, End: true, InterPredicted: true}},
		{"layers with index", packed("1010 1001", "0 0000101", "010 1 001 1", f(8, 9), f(8, 1)),
			VP9{IDs: IDs{Size: 4, PictureIDOff: 1, PictureID: 5, TL0Off: 3, TL0: 9}, Start: true, NotRef: true,
				HasLayers: true, TID: 2, SwitchUp: true, SID: 1, InterLayer: true}},
		{"layers with three references", packed("1111 1100", "0 0000101", "001 0 000 0", f(8, 3), f(8, 5), f(8, 6), f(8, 1)),
			VP9{IDs: IDs{Size: 6, PictureIDOff: 1, PictureID: 5}, Start: true, End: true, InterPredicted: true,
				Flexible: true, HasLayers: true, TID: 1}},
		{"flexible keyframe lists none", packed("1001 1100", "0 0000101", f(8, 1)),
			VP9{IDs: IDs{Size: 2, PictureIDOff: 1, PictureID: 5}, Start: true, End: true, Flexible: true, Key: true}},
		{"upper layer of a keyframe", packed("1011 1100", "0 0000101", "000 0 001 1", f(8, 1)),
			VP9{IDs: IDs{Size: 3, PictureIDOff: 1, PictureID: 5}, Start: true, End: true, Flexible: true,
				HasLayers: true, SID: 1, InterLayer: true}},
		{"midst of a keyframe", packed("1000 0000", "0 0000101", f(8, 1)),
			VP9{IDs: IDs{Size: 2, PictureIDOff: 1, PictureID: 5}}},
		{"sizes and a group of pictures", packed("0000 1010",
			"001 1 1 000", f(16, 320), f(16, 180), f(16, 640), f(16, 360),
			f(8, 2), "000 0 00 00", "001 1 10 00", f(8, 1), f(8, 2), f(8, 1)),
			VP9{IDs: IDs{Size: 15}, Start: true, Key: true, Spatials: 2,
				Width: [8]uint16{320, 640}, Height: [8]uint16{180, 360}}},
		{"structure without sizes", packed("0000 1010", "010 0 0 000", f(8, 1)),
			VP9{IDs: IDs{Size: 2}, Start: true, Key: true, Spatials: 3}},
		{"eight layers", packed("0000 1010", "111 1 0 000", f(128, 0), f(128, 0), f(8, 1)),
			VP9{IDs: IDs{Size: 34}, Start: true, Key: true, Spatials: 8}},
	} {
		if got, ok := ParseVP9(tc.b); got != tc.want || !ok {
			t.Errorf("%s: got %+v, %v; want %+v", tc.name, got, ok, tc.want)
		}
	}
}

func TestVP9Malformed(t *testing.T) {
	whole := packed("1111 1010", "1 0000101 00000001", "001 0 000 0", f(8, 3), f(8, 4),
		"001 1 1 000", f(16, 320), f(16, 180), f(16, 640), f(16, 360), f(8, 1), "000 0 11 00", f(24, 0))
	for n := range len(whole) + 1 {
		if got, ok := ParseVP9(whole[:n]); ok || got != (VP9{}) {
			t.Errorf("the first %d bytes: %+v, %v", n, got, ok)
		}
	}
	if _, ok := ParseVP9(append(whole, 1)); !ok {
		t.Error("a payload of one byte was refused")
	}
	if _, ok := ParseVP9(packed("0101 1000", f(8, 3), f(8, 5), f(8, 7), f(8, 2), f(8, 1))); ok {
		t.Error("four references were taken")
	}
}

func TestVP9WidensInFrontOfAllElse(t *testing.T) {
	b := packed("1010 1000", "0 0000101", "000 0 000 0", f(8, 9), f(8, 0xaa))
	v, _ := ParseVP9(b)
	got, ids := v.Widen(nil, b)
	ids.Patch(got, 0x1234, 77)
	if want := packed("1010 1000", f(16, 0x9234), "000 0 000 0", f(8, 77), f(8, 0xaa)); !slices.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
}

func FuzzVP9(f *testing.F) {
	f.Add(packed("0000 1100", "00000001"), uint16(1), uint8(2))
	f.Add(packed("1010 1001", "0 0000101", "010 1 001 1", "00001001", "00000001"), uint16(3), uint8(4))
	f.Add(packed("1111 1100", "1 0000101 00000001", "001 0 000 0", "00000011 00000010", "00000001"), uint16(5), uint8(6))
	f.Add(packed("0000 1010", "001 1 1 000", "0000000100000000 0000000100000000 0000000100000000 0000000100000000",
		"00000010", "000 0 00 00", "001 1 01 00", "00000001", "00000001"), uint16(7), uint8(8))
	f.Fuzz(func(t *testing.T, b []byte, pid uint16, tl0 uint8) {
		v, ok := ParseVP9(b)
		if !ok {
			return
		}
		if v.Key && (!v.Start || v.SID != 0) || v.Spatials > len(v.Width) {
			t.Fatalf("% x parsed as %+v", b, v)
		}
		out := rewriteIDs(t, v.IDs, b, pid&0x7fff, tl0)
		got, ok := ParseVP9(out)
		v.IDs = checkIDs(t, v.IDs, got.IDs, pid&0x7fff, tl0)
		if !ok || got != v {
			t.Fatalf("% x with %d, %d became % x", b, pid, tl0, out)
		}
	})
}
