package codec

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"
)

// packed makes bytes of a text of zeros and ones; spaces are for the reader.
// It is how tests write vectors, apart from the code under test.
func packed(texts ...string) (b []byte) {
	text := strings.ReplaceAll(strings.Join(texts, ""), " ", "")
	for len(text)%8 != 0 {
		text += "0"
	}
	for ; text != ""; text = text[8:] {
		var v byte
		fmt.Sscanf(text[:8], "%b", &v)
		b = append(b, v)
	}
	return b
}

// f is v in n bits.
func f(n, v int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%0*b", n, v)
}

// truncated is v in truncated binary of n values.
func truncated(n, v int) string {
	k := bits.Len(uint(n)) - 1
	if short := 1<<(k+1) - n; v >= short {
		return f(k+1, v+short)
	}
	return f(k, v)
}

// golomb is v as an Exp-Golomb code: as many zeros as follow the first one.
func golomb(v int) string {
	text := fmt.Sprintf("%b", v+1)
	return strings.Repeat("0", len(text)-1) + text
}

func TestBitsComeBackAsWritten(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var w bitWriter
		var widths []int
		var values []uint32
		text := ""
		for range rnd.IntN(40) {
			n := rnd.IntN(33)
			v := uint32(rnd.Uint64() & (1<<n - 1))
			widths, values = append(widths, n), append(values, v)
			text += f(n, int(v))
			w.write(v, n)
		}
		if want := packed(text); string(w.b) != string(want) {
			t.Fatalf("wrote % x, want % x", w.b, want)
		}
		r := bitReader{b: w.b}
		for i, n := range widths {
			if got := r.read(n); got != values[i] {
				t.Fatalf("field %d of %d bits: read %d, want %d", i, n, got, values[i])
			}
		}
		if r.cut {
			t.Fatal("cut short")
		}
	}
}

func TestCopyTakesAnyRunOfBits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	text := ""
	for range 300 {
		text += f(1, rnd.IntN(2))
	}
	src := packed(text)
	for range 500 {
		from := rnd.IntN(300)
		to := from + rnd.IntN(301-from)
		head := rnd.IntN(20)
		w := bitWriter{}
		w.write(0, head)
		w.copy(src, from, to)
		if want := packed(f(head, 0), text[from:to]); string(w.b) != string(want) {
			t.Fatalf("bits %d to %d after %d: % x, want % x", from, to, head, w.b, want)
		}
	}
	w := bitWriter{}
	w.copy(src, 400, 300)
	w.copy(src, 8*len(src)+8, 8*len(src)+16)
	if len(w.b) != 0 && w.b[0] != 0 {
		t.Errorf("copied % x from beyond the end", w.b)
	}
}

func TestReadingPastTheEndIsNoted(t *testing.T) {
	r := bitReader{b: []byte{0xff}}
	if got := r.read(9); got != 0 || !r.cut {
		t.Errorf("read %d, cut %v", got, r.cut)
	}
	r = bitReader{b: []byte{0, 0, 0, 0, 1}}
	if got := r.ue(); got != 0 || !r.cut {
		t.Errorf("a code of 79 bits gave %d, cut %v", got, r.cut)
	}
}

func TestCodesOfUnequalLength(t *testing.T) {
	for n := 1; n < 40; n++ {
		for v := range n {
			code := truncated(n, v)
			r := bitReader{b: packed(code, "1")}
			if got := r.ns(uint32(n)); got != uint32(v) || r.at != len(code) {
				t.Fatalf("ns(%d) of %s: %d after %d bits, want %d", n, code, got, r.at, v)
			}
		}
	}
	for v := range 70 {
		code := golomb(v)
		r := bitReader{b: packed(code, "1")}
		if got := r.ue(); got != uint32(v) || r.at != len(code) {
			t.Fatalf("ue of %s: %d after %d bits, want %d", code, got, r.at, v)
		}
		r.at = 0
		want := (v + 1) / 2
		if v%2 == 0 {
			want = -want
		}
		if got := r.se(); int(got) != want {
			t.Fatalf("se of %s: %d, want %d", code, got, want)
		}
	}
}
