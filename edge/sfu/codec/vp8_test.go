package codec

import (
	"bytes"
	"testing"
)

// keyframe640x360 is the head of a VP8 keyframe; the upper bits scale.
var keyframe640x360 = []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0x68, 0x81}

func TestParseVP8(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		want VP8
	}{
		{"no extension, keyframe", []byte{0x10, 0x00}, VP8{IDs: IDs{Size: 1}, Start: true, Key: true}},
		{"no extension, interframe", []byte{0x10, 0x01}, VP8{IDs: IDs{Size: 1}, Start: true}},
		{"not the start", []byte{0x00, 0x00}, VP8{IDs: IDs{Size: 1}}},
		{"another partition", []byte{0x11, 0x00}, VP8{IDs: IDs{Size: 1}}},
		{"7-bit id", []byte{0x90, 0x80, 0x7f, 0x00},
			VP8{IDs: IDs{Size: 3, PictureIDOff: 2, PictureID: 127}, Start: true, Key: true}},
		{"15-bit id", []byte{0x90, 0x80, 0xff, 0xfe, 0x00},
			VP8{IDs: IDs{Size: 4, PictureIDOff: 2, PictureID: 0x7ffe, Wide: true}, Start: true, Key: true}},
		{"all fields", []byte{0x80, 0xf0, 0x81, 0x02, 7, 0xe5, 0x01},
			VP8{IDs: IDs{Size: 6, PictureIDOff: 2, PictureID: 0x102, Wide: true, TL0Off: 4, TL0: 7}, HasTID: true, TID: 3, Sync: true}},
		{"index without id", []byte{0x90, 0x40, 9, 0x00},
			VP8{IDs: IDs{Size: 3, TL0Off: 2, TL0: 9}, Start: true, Key: true}},
		{"layer without sync", []byte{0x90, 0x20, 0x40, 0x01},
			VP8{IDs: IDs{Size: 3}, Start: true, HasTID: true, TID: 1}},
		{"key index alone tells no layer", []byte{0x90, 0x10, 0xff, 0x01}, VP8{IDs: IDs{Size: 3}, Start: true}},
		{"size of a keyframe", append([]byte{0x10}, keyframe640x360...),
			VP8{IDs: IDs{Size: 1}, Start: true, Key: true, Width: 640, Height: 360}},
		{"size cut off", append([]byte{0x10}, keyframe640x360[:9]...), VP8{IDs: IDs{Size: 1}, Start: true, Key: true}},
		{"no start code", append([]byte{0x10}, make([]byte, 10)...), VP8{IDs: IDs{Size: 1}, Start: true, Key: true}},
		{"no size in the midst", append([]byte{0x00}, keyframe640x360...), VP8{IDs: IDs{Size: 1}}},
	} {
		if got, ok := ParseVP8(tc.b); got != tc.want || !ok {
			t.Errorf("%s: got %+v, %v; want %+v", tc.name, got, ok, tc.want)
		}
	}
}

func TestVP8CutShort(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":            nil,
		"one byte":         {0x10},
		"cut in the id":    {0x90, 0x80, 0x81},
		"cut after the id": {0x90, 0xc0, 0x81, 0x00},
		"nothing after":    {0x90, 0xf0, 0x81, 0x02, 7, 0xe5},
	} {
		if got, ok := ParseVP8(b); ok || got != (VP8{}) {
			t.Errorf("%s: got %+v, %v", name, got, ok)
		}
	}
}

func TestWidenAndPatch(t *testing.T) {
	for _, tc := range []struct {
		name    string
		b, want []byte
	}{
		{"7 bits", []byte{0x90, 0xc0, 0x05, 9, 0xaa}, []byte{0x90, 0xc0, 0x92, 0x34, 77, 0xaa}},
		{"15 bits", []byte{0x90, 0xc0, 0x81, 0x05, 9, 0xaa}, []byte{0x90, 0xc0, 0x92, 0x34, 77, 0xaa}},
		{"no index", []byte{0x90, 0x80, 0x05, 0xaa}, []byte{0x90, 0x80, 0x92, 0x34, 0xaa}},
		{"index alone", []byte{0x90, 0x40, 9, 0xaa}, []byte{0x90, 0x40, 77, 0xaa}},
		{"nothing", []byte{0x10, 0xaa}, []byte{0x10, 0xaa}},
	} {
		v, _ := ParseVP8(tc.b)
		keep := bytes.Clone(tc.b)
		got, ids := v.Widen([]byte("rest of another packet"), tc.b)
		ids.Patch(got, 0x1234, 77)
		if !bytes.Equal(got, tc.want) || !bytes.Equal(tc.b, keep) {
			t.Errorf("%s: % x, want % x", tc.name, got, tc.want)
		}
		if v.Rewritable() != (len(tc.b) > 2) || got[ids.Size] != 0xaa {
			t.Errorf("%s: rewritable %v, size %d", tc.name, v.Rewritable(), ids.Size)
		}
	}
}

func FuzzVP8(f *testing.F) {
	f.Add([]byte{0x10, 0x00}, uint16(1), uint8(2))
	f.Add([]byte{0x90, 0xf0, 0x81, 0x02, 7, 0xe5, 0x01}, uint16(0x7fff), uint8(255))
	f.Add([]byte{0x90, 0xc0, 0x7f, 0x00, 0x00}, uint16(0), uint8(0))
	f.Add([]byte{0x90, 0x80}, uint16(0), uint8(0))
	f.Add(append([]byte{0x10}, keyframe640x360...), uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, pid uint16, tl0 uint8) {
		v, ok := ParseVP8(b)
		if !ok {
			return
		}
		out := rewriteIDs(t, v.IDs, b, pid&0x7fff, tl0)
		got, ok := ParseVP8(out)
		v.IDs = checkIDs(t, v.IDs, got.IDs, pid&0x7fff, tl0)
		if !ok || got != v {
			t.Fatalf("% x with %d, %d became % x", b, pid, tl0, out)
		}
	})
}

// rewriteIDs widens and patches b as a forwarder does, and checks the rest.
func rewriteIDs(t *testing.T, v IDs, b []byte, pid uint16, tl0 uint8) []byte {
	t.Helper()
	keep := bytes.Clone(b)
	out, w := v.Widen(nil, b)
	w.Patch(out, pid, tl0)
	if !bytes.Equal(b, keep) {
		t.Fatal("the source was written to")
	}
	if w.Size > len(out) || !bytes.Equal(out[w.Size:], b[v.Size:]) {
		t.Fatalf("% x became % x", b, out)
	}
	return out
}

// checkIDs compares ids read back with what was written, and returns them.
func checkIDs(t *testing.T, v, got IDs, pid uint16, tl0 uint8) IDs {
	t.Helper()
	if v.PictureIDOff != got.PictureIDOff || v.PictureIDOff != 0 && (got.PictureID != pid || !got.Wide) {
		t.Fatalf("picture id %d of %+v, want %d", got.PictureID, v, pid)
	}
	if (v.TL0Off != 0) != (got.TL0Off != 0) || v.TL0Off != 0 && got.TL0 != tl0 {
		t.Fatalf("TL0PICIDX %d of %+v, want %d", got.TL0, v, tl0)
	}
	return got
}
