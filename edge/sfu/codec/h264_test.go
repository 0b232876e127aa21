package codec

import (
	"encoding/hex"
	"slices"
	"testing"
)

// baseline320x180 is a sequence parameter set of constrained baseline, 20 by
// 12 macroblocks with 12 lines cropped.
var baseline320x180 = slices.Concat([]byte{0x67}, packed(f(8, 66), f(8, 0xe0), f(8, 31),
	golomb(0), golomb(0), golomb(2), golomb(1), "0", golomb(19), golomb(11), "1", "1",
	"1", golomb(0), golomb(0), golomb(0), golomb(6), "0", "1"))

var (
	pps      = []byte{0x68, 0xce, 0x3c, 0x80}
	idr      = []byte{0x65, 0x88, 0x84}
	laterIDR = []byte{0x65, 0x44, 0x84}
	slice    = []byte{0x41, 0x9a, 0x00}
)

// stapA aggregates NAL units.
func stapA(units ...[]byte) []byte {
	b := []byte{0x78}
	for _, u := range units {
		b = append(b, byte(len(u)>>8), byte(len(u)))
		b = append(b, u...)
	}
	return b
}

func TestParseH264(t *testing.T) {
	sized := H264{Start: true, Key: true, SPS: true, Width: 320, Height: 180}
	for _, tc := range []struct {
		name string
		b    []byte
		want H264
	}{
		{"parameter set", baseline320x180, sized},
		{"picture parameters", pps, H264{Start: true}},
		{"delimiter", []byte{0x09, 0x10}, H264{Start: true}},
		{"IDR slice", idr, H264{Start: true, Key: true}},
		{"later slice of an IDR picture", laterIDR, H264{}},
		{"first slice", slice, H264{Start: true}},
		{"later slice", []byte{0x41, 0x1a}, H264{}},
		{"keyframe in one packet", stapA(baseline320x180, pps, idr), sized},
		{"parameter sets in one packet", stapA([]byte{0x09, 0x10}, baseline320x180, pps), sized},
		{"delimiter and slice", stapA([]byte{0x09, 0x10}, slice), H264{Start: true}},
		{"aggregation of a later slice", stapA([]byte{0x41, 0x1a}), H264{}},
		{"first fragment of an IDR slice", []byte{0x7c, 0x85, 0x88, 0x84}, H264{Start: true, Key: true}},
		{"first fragment of a later IDR slice", []byte{0x7c, 0x85, 0x44, 0x84}, H264{}},
		{"next fragment of an IDR slice", []byte{0x7c, 0x05, 0x88, 0x84}, H264{}},
		{"last fragment of an IDR slice", []byte{0x7c, 0x45, 0x88, 0x84}, H264{}},
		{"first fragment of a parameter set", append([]byte{0x7c, 0x87}, baseline320x180[1:]...), sized},
		{"first fragment of a slice", []byte{0x5c, 0x81, 0x9a}, H264{Start: true}},
		{"unreadable parameter set", []byte{0x67, 66}, H264{Start: true, Key: true, SPS: true}},
	} {
		if got, ok := ParseH264(tc.b); got != tc.want || !ok {
			t.Errorf("%s: got %+v, %v; want %+v", tc.name, got, ok, tc.want)
		}
	}
}

func TestH264Malformed(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":                     nil,
		"header alone":              {0x65},
		"kind 0":                    {0x60, 1},
		"aggregation with order":    {0x79, 0, 0, 0, 1, 0x65},
		"fragment with order":       {0x7d, 0x85, 0, 0, 0x88},
		"fragment of nothing":       {0x7c, 0x85},
		"unit of no bytes":          {0x78, 0, 0, 1},
		"unit longer than the rest": {0x78, 0, 3, 0x65, 0x88},
		"length cut":                append(stapA(idr), 0),
		"aggregation of nothing":    {0x78},
	} {
		if got, ok := ParseH264(b); ok || got != (H264{}) {
			t.Errorf("%s: got %+v, %v", name, got, ok)
		}
	}
}

func TestSizeOfSPS(t *testing.T) {
	// high begins an SPS of profile high up to and with its reference frames.
	high := func(chroma int, middle string) string {
		return f(8, 100) + f(16, 31) + golomb(0) + golomb(chroma) + middle +
			golomb(0) + golomb(0) + golomb(0) + golomb(4) + "0"
	}
	flat := golomb(0) + golomb(0) + "0" + "0" // 8 bits, no scaling matrix
	// A list of 16 that goes on, one that stops at once, others absent.
	matrix := golomb(0) + golomb(0) + "0" + "1" + "1" + golomb(1) +
		"111111111111111" + "1" + golomb(16) + "000000"
	for _, tc := range []struct {
		name          string
		sps           []byte
		width, height int
	}{
		{"x264 720p", unhex(t, "64001facd9405005bb011000000300100000030 3c0f1831960"), 1280, 720},
		{"x264 1080p, cropped", unhex(t, "640028acd940780227e5840000030004000003 00f03c60c658"), 1920, 1080},
		{"field pictures count twice", packed(high(1, flat), golomb(44), golomb(17), "0 1 1", "0"), 720, 576},
		{"4:2:2 crops single lines", packed(high(2, flat), golomb(19), golomb(11), "1 1 1",
			golomb(1), golomb(0), golomb(2), golomb(3), "1"), 318, 187},
		{"4:4:4 crops single pixels", packed(high(3, "0"+flat), golomb(19), golomb(11), "1 1 1",
			golomb(1), golomb(2), golomb(0), golomb(0), "1"), 317, 192},
		{"planes crop single pixels", packed(high(3, "1"+flat), golomb(19), golomb(11), "1 1 1",
			golomb(1), golomb(2), golomb(0), golomb(0), "1"), 317, 192},
		{"scaling lists", packed(high(1, matrix), golomb(19), golomb(11), "1 1 0"), 320, 192},
		{"order count of type 1", packed(f(8, 66), f(16, 31), golomb(0), golomb(0),
			golomb(1), "0", golomb(3), golomb(4), golomb(2), golomb(5), golomb(6),
			golomb(1), "0", golomb(19), golomb(11), "1 1 0"), 320, 192},
		{"cropped away", packed(high(1, flat), golomb(19), golomb(11), "1 1 1",
			golomb(200), golomb(0), golomb(0), golomb(0)), 0, 0},
		{"too large", packed(high(1, flat), golomb(2000), golomb(11), "1 1 0"), 0, 0},
		{"cut short", packed(high(1, flat), golomb(19)), 0, 0},
		{"nothing but zeros", make([]byte, 300), 0, 0},
		{"empty", nil, 0, 0},
	} {
		if w, h := sizeOfSPS(tc.sps); w != tc.width || h != tc.height {
			t.Errorf("%s: %dx%d, want %dx%d", tc.name, w, h, tc.width, tc.height)
		}
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	text = string(slices.DeleteFunc([]byte(text), func(c byte) bool { return c == ' ' }))
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"000003":        "0000",
		"00000301":      "000001",
		"0000030000 03": "00000000",
		"00000003":      "000000",
		"000103":        "000103",
		"0000030003":    "00000003",
		"ff":            "ff",
	} {
		if got := unescape(nil, unhex(t, in)); !slices.Equal(got, unhex(t, want)) {
			t.Errorf("%s: % x, want %s", in, got, want)
		}
	}
}

func FuzzH264(f *testing.F) {
	f.Add(baseline320x180)
	f.Add(idr)
	f.Add(stapA(baseline320x180, pps, idr))
	f.Add([]byte{0x7c, 0x85, 0x88, 0x84})
	f.Add(append([]byte{0x67}, unhex(f, "64001facd9405005bb011000000300100000030 3c0f1831960")...))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := ParseH264(b)
		if !ok && h != (H264{}) || h.Key && !h.Start || h.SPS && !h.Key {
			t.Fatalf("% x parsed as %+v, %v", b, h, ok)
		}
		if (h.Width != 0) != (h.Height != 0) || h.Width != 0 && !h.SPS || max(h.Width, h.Height) > maxPicture {
			t.Fatalf("% x has %dx%d", b, h.Width, h.Height)
		}
		// What can be sent alone can be sent in an aggregation.
		if ok && b[0]&0x1f < nalSTAPA && len(b) < 1<<16 {
			if got, ok := ParseH264(stapA(b)); got != h || !ok {
				t.Fatalf("% x aggregated is %+v, want %+v", b, got, h)
			}
		}
	})
}
