package photo

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

func encode(t testing.TB, m image.Image, with string) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	switch with {
	case "png":
		err = png.Encode(&out, m)
	case "gif":
		err = gif.Encode(&out, m, nil)
	default:
		err = jpeg.Encode(&out, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// halves is red on its left and blue on its right.
func halves(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{R: 255, A: 255})
			if x >= w/2 {
				m.SetRGBA(x, y, color.RGBA{B: 255, A: 255})
			}
		}
	}
	return m
}

func near(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	far := func(x, y uint32) bool { return max(x, y)-min(x, y) > 24<<8 }
	return !far(ar, br) && !far(ag, bg) && !far(ab, bb)
}

func TestAPictureOfAnySizeAndKindBecomesASquare(t *testing.T) {
	for _, kind := range []string{"jpeg", "png", "gif"} {
		for _, size := range [][2]int{{2, 2}, {256, 256}, {800, 400}, {301, 977}, {1, 300}} {
			out, err := Draw(encode(t, halves(size[0], size[1]), kind))
			if err != nil {
				t.Errorf("%s %v: %v", kind, size, err)
				continue
			}
			m, err := jpeg.Decode(bytes.NewReader(out))
			if err != nil || m.Bounds() != image.Rect(0, 0, Side, Side) {
				t.Errorf("%s %v: %v, %v", kind, size, m.Bounds(), err)
				continue
			}
			if size[0] >= 16 && (!near(m.At(20, 128), color.RGBA{R: 255, A: 255}) || !near(m.At(235, 128), color.RGBA{B: 255, A: 255})) {
				t.Errorf("%s %v: %v and %v", kind, size, m.At(20, 128), m.At(235, 128))
			}
		}
	}
}

func TestWhatIsTransparentIsWhite(t *testing.T) {
	out, err := Draw(encode(t, image.NewRGBA(image.Rect(0, 0, 30, 30)), "png"))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := jpeg.Decode(bytes.NewReader(out)); err != nil || !near(m.At(128, 128), color.White) {
		t.Errorf("%v, %v", m.At(128, 128), err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, kind := range []string{"jpeg", "png", "gif"} {
		f.Add(encode(f, halves(8, 6), kind))
	}
	f.Add(photographed(f, 6))
	f.Add([]byte("<svg/>"))
	f.Add([]byte{})
	const few = 1 << 10 // what is larger takes its time and shows nothing more
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := decode(file, few)
		if err != nil {
			return
		}
		if b := m.Bounds(); b.Dx()*b.Dy() > few {
			t.Errorf("%v", b)
		}
		if b := flat(m).Bounds(); b.Empty() || b.Dx() != b.Dy() {
			t.Errorf("%v of %v", b, m.Bounds())
		}
	})
}

func FuzzParseID(f *testing.F) {
	a := New(Config{})
	f.Add(a.ID("https://pictures.example/"))
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("AAAAAAAAAAAAAAAAAAAAAB")
	f.Add("AAAAAAAAAAA\nAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if name, err := parseID(text); err == nil && name.String() != text {
			t.Errorf("%q is read as %q", text, name)
		}
	})
}
