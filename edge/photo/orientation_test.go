package photo

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"
)

// exif is what a camera writes of an orientation.
func exif(order binary.AppendByteOrder, o uint16) []byte {
	head := "II"
	if order == binary.BigEndian {
		head = "MM"
	}
	b := append([]byte(head), order.AppendUint32(order.AppendUint16(nil, 42), 8)...)
	b = order.AppendUint16(b, 2)
	for _, entry := range [][2]uint16{{0x010e, 7}, {tagOrientation, o}} {
		b = order.AppendUint16(order.AppendUint16(b, entry[0]), typeShort)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(order.AppendUint16(b, entry[1]), 0)
	}
	return order.AppendUint32(b, 0)
}

// noted is a JPEG with Exif.
func noted(plain, exif []byte) []byte {
	segment := append(slices.Clone(exifHead), exif...)
	segment = slices.Concat([]byte{0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2)), segment)
	return slices.Concat(plain[:2], segment, plain[2:])
}

// lossless is halves(32, 16) as WebP's lossless chunk.
const lossless = "5650384c190000002f1fc003000f10f3bffff31f0e040249fed2032c10d1ff285600"

// webp is a file of chunks, each a name and what is in it.
func webp(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body)
}

func chunk(name string, b []byte) []byte {
	out := slices.Concat([]byte(name), binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b)
	return append(out, make([]byte, len(b)%2)...)
}

// photographed is halves(32, 16) as WebP with an orientation.
func photographed(t testing.TB, o uint16) []byte {
	t.Helper()
	pixels, err := hex.DecodeString(lossless)
	if err != nil {
		t.Fatal(err)
	}
	const hasExif = 8
	return webp(chunk("VP8X", []byte{hasExif, 0, 0, 0, 31, 0, 0, 15, 0, 0}), pixels, chunk("EXIF", exif(binary.LittleEndian, o)))
}

func TestAPictureIsSeenTheWayUpThatItSays(t *testing.T) {
	red, blue := color.RGBA{R: 255, A: 255}, color.RGBA{B: 255, A: 255}
	left, right, top, bottom := image.Pt(40, 128), image.Pt(215, 128), image.Pt(128, 40), image.Pt(128, 215)
	// Red is the left half of the file.
	for o, at := range map[uint16][2]image.Point{
		0: {left, right}, 1: {left, right}, 2: {right, left}, 3: {right, left}, 4: {left, right},
		5: {top, bottom}, 6: {top, bottom}, 7: {bottom, top}, 8: {bottom, top}, 9: {left, right},
	} {
		plain := encode(t, halves(60, 40), "jpeg")
		for name, file := range map[string][]byte{
			"big endian": noted(plain, exif(binary.BigEndian, o)), "little endian": noted(plain, exif(binary.LittleEndian, o)), "WebP": photographed(t, o),
		} {
			out, err := Draw(file)
			if err != nil {
				t.Errorf("%s %d: %v", name, o, err)
				continue
			}
			m, err := jpeg.Decode(bytes.NewReader(out))
			if err != nil || !near(m.At(at[0].X, at[0].Y), red) || !near(m.At(at[1].X, at[1].Y), blue) {
				t.Errorf("%s %d: %v and %v, %v", name, o, m.At(at[0].X, at[0].Y), m.At(at[1].X, at[1].Y), err)
			}
		}
	}
}

// TestEveryTurnIsOfItsOwn follows the four corners, since halves look the same
// after a mirror along their edge.
func TestEveryTurnIsOfItsOwn(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 2, 2))
	m.Pix = []byte{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0}
	for o, want := range map[orientation]string{1: "1234", 2: "2143", 3: "4321", 4: "3412", 5: "1324", 6: "3142", 7: "4231", 8: "2413"} {
		p := o.turned(m).Pix
		if got := fmt.Sprintf("%d%d%d%d", p[0], p[4], p[8], p[12]); got != want {
			t.Errorf("%d: corners are %s, want %s", o, got, want)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	plain := encode(f, halves(8, 6), "jpeg")
	f.Add(plain)
	f.Add(noted(plain, exif(binary.BigEndian, 6)))
	f.Add(noted(plain, exif(binary.LittleEndian, 3))[:40])
	f.Add(photographed(f, 8))
	f.Add(webp(chunk("EXIF", append(slices.Clone(exifHead), exif(binary.BigEndian, 5)...))))
	f.Add([]byte("\xff\xd8\xff\xff\xff\xe1\x00\x02"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientationOf(file); o < upright || o > 8 {
			t.Errorf("%d", o)
		}
	})
}
