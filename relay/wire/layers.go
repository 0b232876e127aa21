package wire

// Layers is how much of a track is wanted at most: the spatial layer (of simulcast the
// encoding) and the temporal layer, each with all below it that it needs.
type Layers struct{ Spatial, Temporal int8 }

var (
	// NoLayers pauses the track: it stays granted, and nothing of it crosses the link.
	NoLayers = Layers{-1, -1}
	// AllLayers is everything there is, whatever its number.
	AllLayers = Layers{127, 127}
)

// Max is what serves both wishes.
func (l Layers) Max(other Layers) Layers {
	l, other = l.normal(), other.normal()
	return Layers{max(l.Spatial, other.Spatial), max(l.Temporal, other.Temporal)}
}

// Min is what both let pass.
func (l Layers) Min(other Layers) Layers {
	return Layers{min(l.Spatial, other.Spatial), min(l.Temporal, other.Temporal)}.normal()
}

// normal gives all wishes for nothing one form.
func (l Layers) normal() Layers {
	if l.Spatial < 0 || l.Temporal < 0 {
		return NoLayers
	}
	return l
}

// append writes two bytes, each two's complement.
func (l Layers) append(dst []byte) []byte {
	l = l.normal()
	return append(dst, byte(l.Spatial), byte(l.Temporal))
}

func (c *cursor) layers() Layers {
	return Layers{int8(c.u8()), int8(c.u8())}.normal()
}

// AppendLayers appends the frame.
func AppendLayers(dst []byte, l Layers) []byte {
	at := len(dst)
	return end(l.append(begin(dst, TypeLayers)), at)
}

// DecodeLayers decodes the body of a Layers.
func DecodeLayers(body []byte) (Layers, error) {
	c := cursor{b: body}
	l := c.layers()
	return l, wrap("layers", c.err)
}
