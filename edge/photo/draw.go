package photo

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // the first picture of it
	"image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/webp" // pictures that do not move
)

// Side is the width and height of every picture given out, in pixels.
const Side = 256

const (
	maxPixels = 8 << 20 // of a picture to decode: 32 MiB of memory
	quality   = 85
)

// ErrFormat is returned for what is no picture of a kind we read, or too large.
var ErrFormat = errors.New("not a picture")

// Draw makes a JPEG of Side × Side pixels of a JPEG, PNG, GIF or WebP: its middle,
// on white, the way up that the file says. What the file says of its content counts, not a name or a header, and
// nothing of the file but its pixels gets into the result.
func Draw(file []byte) ([]byte, error) {
	from, err := decode(file, maxPixels)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	square := orientationOf(file).turned(scale(flat(from)))
	if err := jpeg.Encode(&out, square, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return out.Bytes(), nil
}

// decode reads a file of at most so many pixels, by which its memory is bounded.
func decode(file []byte, pixels int) (image.Image, error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if c.Width <= 0 || c.Height <= 0 || c.Width > pixels/c.Height {
		return nil, fmt.Errorf("%w: %d × %d pixels", ErrFormat, c.Width, c.Height)
	}
	m, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return m, nil
}

// flat is the square in the middle of a picture, on white.
func flat(from image.Image) *image.RGBA {
	b := from.Bounds()
	side := min(b.Dx(), b.Dy())
	at := image.Pt(b.Min.X+(b.Dx()-side)/2, b.Min.Y+(b.Dy()-side)/2)
	to := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(to, to.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(to, to.Bounds(), from, at, draw.Over)
	return to
}

// scale gives each pixel the mean of those it stands for; a small picture's
// pixels are repeated.
func scale(from *image.RGBA) *image.RGBA {
	to := image.NewRGBA(image.Rect(0, 0, Side, Side))
	n := from.Bounds().Dx()
	for y := range Side {
		y0, y1 := span(y, n)
		for x := range Side {
			x0, x1 := span(x, n)
			to.SetRGBA(x, y, mean(from, x0, y0, x1, y1))
		}
	}
	return to
}

// span is the part of n that step i of Side stands for; never empty.
func span(i, n int) (from, to int) {
	from, to = i*n/Side, (i+1)*n/Side
	return from, max(to, from+1)
}

func mean(p *image.RGBA, x0, y0, x1, y1 int) color.RGBA {
	var r, g, b, n int
	for y := y0; y < y1; y++ {
		row := p.Pix[y*p.Stride+4*x0 : y*p.Stride+4*x1]
		for ; len(row) >= 4; row = row[4:] {
			r, g, b, n = r+int(row[0]), g+int(row[1]), b+int(row[2]), n+1
		}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}
