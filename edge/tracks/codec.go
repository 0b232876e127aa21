package tracks

import (
	"slices"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/relay/wire"
)

// codecs are those of links, by their number there.
var codecs = [...]sfu.Codec{
	wire.NoCodec: sfu.NoCodec, wire.CodecOpus: sfu.Opus, wire.CodecRED: sfu.RED, wire.CodecVP8: sfu.VP8,
	wire.CodecVP9: sfu.VP9, wire.CodecH264: sfu.H264, wire.CodecAV1: sfu.AV1,
}

// codecOf is from a link; ok is false for one that this node does not know.
// NoCodec stands for the track's at both ends.
func codecOf(c wire.Codec) (codec sfu.Codec, ok bool) {
	if int(c) >= len(codecs) {
		return sfu.NoCodec, false
	}
	return codecs[c], true
}

// wireCodec is for a link.
func wireCodec(c sfu.Codec) wire.Codec {
	return wire.Codec(max(slices.Index(codecs[:], c), 0))
}

// target is what a link asks for within the bounds of a Layer.
func target(l wire.Layers) sfu.Layer {
	if l.Spatial < 0 || l.Temporal < 0 {
		return sfu.NoLayer
	}
	return sfu.Layer{Spatial: min(l.Spatial, sfu.MaxSpatial), Temporal: min(l.Temporal, sfu.MaxTemporal)}
}

// wireLayers is what is asked of a link: everything, if that is the wish.
func wireLayers(l sfu.Layer) wire.Layers {
	if l == sfu.TopLayer {
		return wire.AllLayers
	}
	return wire.Layers{Spatial: l.Spatial, Temporal: l.Temporal}
}
