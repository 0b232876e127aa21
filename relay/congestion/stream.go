package congestion

// Layers is how much of a track passes: the spatial layer (of simulcast the encoding) and
// the temporal layer, each with all below it. Negative is nothing.
type Layers struct{ Spatial, Temporal int8 }

// Nothing lets nothing of a track pass.
var Nothing = Layers{-1, -1}

// Stream is one track that leaves over a link.
type Stream struct {
	ID     uint64 // the same for the same track, and of no other; orders equals
	Audio  bool
	Share  bool   // a screen, shed after the cameras
	Wanted Layers // by the other end; beyond what there is: everything
	// Rates are the bit/s of each spatial layer by itself with all its temporal layers; of
	// those that do not pass as they were last known.
	Rates []float64
}

// topTemporal is the highest temporal layer that is counted with: three are what browsers
// send.
const topTemporal = 2

// temporalShare is what of a layer's rate its temporal layers up to t have, as encoders
// divide it roughly.
func temporalShare(t int8) float64 {
	return [...]float64{0.5, 0.75, 1}[within(t, 0, topTemporal)]
}

// normal is l without what the stream does not have.
func (s *Stream) normal(l Layers) Layers {
	if l.Spatial < 0 || l.Temporal < 0 {
		return Nothing
	}
	top := 0
	for i, rate := range s.Rates {
		if rate > 0 {
			top = i
		}
	}
	return Layers{min(l.Spatial, int8(min(top, 127))), min(l.Temporal, topTemporal)}
}

// rate is what l of the stream takes, in bit/s.
func (s *Stream) rate(l Layers) float64 {
	sum := 0.0
	for i, rate := range s.Rates {
		if i <= int(l.Spatial) {
			sum += rate
		}
	}
	if s.Audio {
		return sum
	}
	return sum * temporalShare(l.Temporal)
}

// lower is the next less of l: a spatial layer, then a temporal one, then nothing.
func (s *Stream) lower(l Layers) Layers {
	switch {
	case l.Spatial > 0:
		return Layers{l.Spatial - 1, l.Temporal}
	case l.Temporal > 0:
		return Layers{l.Spatial, l.Temporal - 1}
	default:
		return Nothing
	}
}

// higher undoes lower, as far as most.
func (s *Stream) higher(l, most Layers) Layers {
	switch {
	case most.Spatial < 0:
		return Nothing
	case l.Spatial < 0:
		return Layers{}
	case l.Temporal < most.Temporal:
		return Layers{l.Spatial, l.Temporal + 1}
	case l.Spatial < most.Spatial:
		return Layers{l.Spatial + 1, l.Temporal}
	default:
		return l
	}
}

// worth says how late the step from l down is taken: spatial layers go first, then
// temporal ones, those of screens after those of cameras, and whole tracks last.
func (s *Stream) worth(l Layers) int {
	screen := 0
	if s.Share {
		screen = 1
	}
	switch {
	case l.Spatial > 0:
		return 2 * screen
	case l.Temporal > 0:
		return 2*screen + 1
	default:
		return 4 + screen
	}
}
