package photo

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation is which way up a picture is to be seen, as a camera notes it in
// Exif (tag Orientation of CIPA DC-008): 1, as it is, to 8.
type orientation uint16

const upright orientation = 1

// Of Exif.
const (
	tagOrientation = 0x0112
	typeShort      = 3
)

var exifHead = []byte("Exif\x00\x00")

// orientationOf reads the orientation in a JPEG or WebP; a file that says
// none, or nonsense, is upright.
func orientationOf(file []byte) orientation {
	var exif []byte
	switch {
	case bytes.HasPrefix(file, []byte{0xff, 0xd8}):
		exif = exifOfJPEG(file[2:])
	case len(file) > 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		exif = exifOfWebP(file[12:])
	}
	return orientationIn(bytes.TrimPrefix(exif, exifHead))
}

// exifOfJPEG finds the segment APP1 that has Exif, before the picture begins.
func exifOfJPEG(b []byte) []byte {
	for len(b) >= 4 && b[0] == 0xff {
		if b[1] == 0xff { // fill byte
			b = b[1:]
			continue
		}
		marker, n := b[1], int(binary.BigEndian.Uint16(b[2:]))
		if marker == 0xda || n < 2 || len(b) < 2+n { // start of scan
			return nil
		}
		if body := b[4 : 2+n]; marker == 0xe1 && bytes.HasPrefix(body, exifHead) {
			return body
		}
		b = b[2+n:]
	}
	return nil
}

// exifOfWebP finds the chunk of that name (RFC 9649 section 2.7.1.5).
func exifOfWebP(b []byte) []byte {
	for len(b) >= 8 {
		name, n := string(b[:4]), uint64(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		if n > uint64(len(b)) {
			return nil
		}
		if name == "EXIF" {
			return b[:n]
		}
		b = b[min(n+n%2, uint64(len(b))):]
	}
	return nil
}

// orientationIn looks through the first directory of a TIFF.
func orientationIn(b []byte) orientation {
	if len(b) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(b[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return upright
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if o := orientation(order.Uint16(entries[8:])); o >= upright && o <= 8 {
				return o
			}
		}
		entries = entries[12:]
	}
	return upright
}

// turned is a square as it is to be seen.
func (o orientation) turned(from *image.RGBA) *image.RGBA {
	if o == upright {
		return from
	}
	to := image.NewRGBA(from.Bounds())
	last := from.Bounds().Dx() - 1
	for y := range last + 1 {
		for x := range last + 1 {
			u, v := o.source(x, y, last)
			to.SetRGBA(x, y, from.RGBAAt(u, v))
		}
	}
	return to
}

// source is where the pixel to be seen at x, y lies in the file.
func (o orientation) source(x, y, last int) (u, v int) {
	switch o {
	case 2:
		return last - x, y
	case 3:
		return last - x, last - y
	case 4:
		return x, last - y
	case 5:
		return y, x
	case 6:
		return y, last - x
	case 7:
		return last - y, last - x
	case 8:
		return last - y, x
	}
	return x, y
}
