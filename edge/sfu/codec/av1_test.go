package codec

import "testing"

func TestParseAV1(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		want AV1
		ok   bool
	}{
		{"keyframe of two elements", packed("0 0 10 1 000", f(8, 1)), AV1{Elements: 2, Key: true}, true},
		{"goes on in the next", packed("0 1 01 0 000", f(8, 1)), AV1{Unfinished: true, Elements: 1}, true},
		{"goes on from the last", packed("1 0 00 0 000", f(8, 1)), AV1{Continuation: true}, true},
		{"three elements, both", packed("1 1 11 0 000", f(8, 1)), AV1{Continuation: true, Unfinished: true, Elements: 3}, true},
		{"reserved bits", packed("0 0 01 0 111", f(8, 1)), AV1{Elements: 1}, true},
		{"a new sequence that continues", packed("1 0 01 1 000", f(8, 1)), AV1{}, false},
		{"header alone", packed("0 0 01 1 000"), AV1{}, false},
		{"empty", nil, AV1{}, false},
	} {
		if got, ok := ParseAV1(tc.b); got != tc.want || ok != tc.ok {
			t.Errorf("%s: got %+v, %v; want %+v, %v", tc.name, got, ok, tc.want, tc.ok)
		}
	}
}

func FuzzAV1(f *testing.F) {
	f.Add([]byte{0x18, 0x0a})
	f.Add([]byte{0x90, 0x0a})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := ParseAV1(b)
		if !ok && a != (AV1{}) || a.Key && a.Continuation || a.Elements > 3 {
			t.Fatalf("% x parsed as %+v, %v", b, a, ok)
		}
	})
}
