package codec

// Bounds of an Allocation.
const (
	maxStreams   = 4
	maxAllocated = maxStreams * maxSpatials
	// maxKbps is above any bitrate; more is taken for garbage.
	maxKbps = 1_000_000
)

// An Allocation is what a sender tells about its layers in the header extension
// http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00.
// Chromium sends it with keyframes and when bitrates change.
type Allocation struct {
	Stream   uint8 // the stream that carries this, from 0, low to high
	Streams  uint8 // how many there are
	HasSizes bool  // Width, Height and FrameRate are there
	// Layers are by stream and spatial layer.
	Layers [maxStreams][maxSpatials]AllocatedLayer
}

// An AllocatedLayer is one spatial layer of one stream.
type AllocatedLayer struct {
	Temporals uint8 // the number of temporal layers, 0 where the layer is not sent
	// Bitrates are targets in bits per second, of a temporal layer together
	// with those below it.
	Bitrates      [4]int
	Width, Height int // in pixels
	FrameRate     int // of all temporal layers, per second
}

// ParseAllocation parses the extension. It reports false if b is malformed.
func ParseAllocation(b []byte) (a Allocation, ok bool) {
	if len(b) == 1 && b[0] == 0 { // no layer is sent
		return Allocation{Streams: 1}, true
	}
	c := cursor{b: b}
	a.readLayers(&c)
	active := a.readTemporals(&c)
	if !a.readBitrates(&c) || c.cut {
		return Allocation{}, false
	}
	switch len(b) - c.at {
	case 0:
		return a, true
	case 5 * active:
		a.readSizes(&c)
		return a, true
	}
	return Allocation{}, false
}

// readLayers gives the layers that are sent one temporal layer. Their masks
// have 4 bits a stream; equal ones are written once, in the first byte.
func (a *Allocation) readLayers(c *cursor) {
	first := c.u8()
	a.Stream, a.Streams = first>>6, first>>4&3+1
	masks := [2]uint8{first<<4 | first&0xf, first<<4 | first&0xf}
	if first&0xf == 0 {
		masks[0] = c.u8()
		if a.Streams > 2 {
			masks[1] = c.u8()
		}
	}
	for i := range maxSpatials * int(a.Streams) {
		stream, spatial := i/maxSpatials, i%maxSpatials
		mask := masks[stream/2] >> (4 - 4*(stream%2))
		a.Layers[stream][spatial].Temporals = mask >> spatial & 1
	}
}

// sent returns layer i of all streams, or nil if it is not sent.
func (a *Allocation) sent(i int) *AllocatedLayer {
	l := &a.Layers[i/maxSpatials][i%maxSpatials]
	if l.Temporals == 0 {
		return nil
	}
	return l
}

// readTemporals reads 2 bits a layer, of at least one byte, and returns the
// number of layers.
func (a *Allocation) readTemporals(c *cursor) (active int) {
	counts := c.u8()
	for i := range maxAllocated {
		l := a.sent(i)
		if l == nil {
			continue
		}
		if active > 0 && active%4 == 0 {
			counts = c.u8()
		}
		l.Temporals += counts >> 6
		counts <<= 2
		active++
	}
	return active
}

func (a *Allocation) readBitrates(c *cursor) bool {
	for i := range maxAllocated {
		l := a.sent(i)
		if l == nil {
			continue
		}
		for t := range l.Temporals {
			kbps := c.leb128()
			if kbps > maxKbps {
				return false
			}
			l.Bitrates[t] = int(kbps) * 1000
		}
	}
	return true
}

func (a *Allocation) readSizes(c *cursor) {
	a.HasSizes = true
	for i := range maxAllocated {
		if l := a.sent(i); l != nil {
			l.Width, l.Height, l.FrameRate = int(c.u16())+1, int(c.u16())+1, int(c.u8())
		}
	}
}
