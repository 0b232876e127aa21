package sfu

// Layer names how much of a track is forwarded: the spatial layer (of
// simulcast the encoding, of SVC the spatial id) and the temporal layer, each
// with all below it that it needs.
type Layer struct{ Spatial, Temporal int8 }

// MaxSpatial and MaxTemporal bound a Layer: 0 to 3 each.
const (
	MaxSpatial  = 3
	MaxTemporal = 3
)

var (
	// NoLayer forwards nothing.
	NoLayer = Layer{-1, -1}
	// TopLayer forwards all there is.
	TopLayer = Layer{MaxSpatial, MaxTemporal}
)

// LayerStats is one layer of an UpTrack as it arrives.
type LayerStats struct {
	Layer Layer
	// Live says that the layer arrives at present.
	Live bool
	// Bitrate is of the layer with all that it needs, in bits per second of
	// payload, over the last second in which it arrived.
	Bitrate int
	// Width and Height are of its pictures, 0 while unknown.
	Width, Height int
	// FPS are its pictures a second, over the time that Bitrate is; 0 for
	// audio.
	FPS float64
}

func (l Layer) pack() uint32 { return uint32(uint8(l.Spatial))<<8 | uint32(uint8(l.Temporal)) }

func unpackLayer(v uint32) Layer { return Layer{int8(v >> 8), int8(v)} }

// SetTarget says which layer of its source the DownTrack forwards at most;
// NoLayer pauses it. It begins with TopLayer.
func (d *DownTrack) SetTarget(l Layer) { d.target.Store(l.pack()) }

// Target returns what SetTarget said last.
func (d *DownTrack) Target() Layer { return unpackLayer(d.target.Load()) }
