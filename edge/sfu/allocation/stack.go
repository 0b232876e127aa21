package allocation

import "github.com/meridian-video/meridian/edge/sfu"

// stack is the layers of a source by spatial layer.
type stack struct{ planes [spatials]plane }

// plane is one spatial layer.
type plane struct {
	top           int // temporal, -1 where the plane is not there
	has           [temporals]bool
	bitrate       [temporals]int
	width, height int
}

func (p *plane) lowest() int {
	for t := range p.has {
		if p.has[t] {
			return t
		}
	}
	return p.top
}

// What is assumed of a source before its first figures: the three encodings
// of a browser's camera.
const usualPlanes = 3

// usualBitrate is assumed of a spatial layer that is not arriving, in bits
// per second, and usualHeight of one whose pictures are not known, in lines.
var (
	usualBitrate = [spatials]int{150_000, 500_000, 1_500_000, 3_000_000}
	usualHeight  = [spatials]int{180, 360, 720, 1080}
)

// usualShare is the part of it, in percent, that is left without the upper 0,
// 1, 2 or 3 temporal layers.
var usualShare = [temporals]int{100, 60, 40, 30}

// read sorts the layers in. Those outside the bounds of a Layer are ignored.
func (s *stack) read(layers []sfu.LayerStats) {
	for i := range s.planes {
		s.planes[i].top = -1
	}
	known := false
	for i := range layers {
		known = s.put(&layers[i]) || known
	}
	for i := 0; i < usualPlanes && !known; i++ {
		s.planes[i].top, s.planes[i].has[sfu.MaxTemporal] = sfu.MaxTemporal, true
	}
}

func (s *stack) put(l *sfu.LayerStats) bool {
	spatial, temporal := int(l.Layer.Spatial), int(l.Layer.Temporal)
	if spatial < 0 || spatial >= spatials || temporal < 0 || temporal >= temporals {
		return false
	}
	p := &s.planes[spatial]
	p.top = max(p.top, temporal)
	p.has[temporal] = true
	p.bitrate[temporal] = max(l.Bitrate, 0)
	p.width, p.height = max(p.width, l.Width), max(p.height, l.Height)
	return true
}

// cost is of a layer with all that it needs.
func (s *stack) cost(spatial, temporal int) int {
	p := &s.planes[spatial]
	if p.bitrate[temporal] > 0 {
		return p.bitrate[temporal]
	}
	return usualBitrate[spatial] * usualShare[p.top-temporal] / 100
}

func (s *stack) height(spatial int) int {
	if h := s.planes[spatial].height; h > 0 {
		return h
	}
	return usualHeight[spatial]
}

// bound is the smallest spatial layer that fills the slot's tile, the top one
// if none does, -1 if there is none.
func (s *stack) bound(slot *Slot) int {
	found := -1
	for i := range s.planes {
		if s.planes[i].top < 0 {
			continue
		}
		found = i
		if s.fills(i, slot) {
			break
		}
	}
	return found
}

// fills says whether more lines than those of a spatial layer could not be
// seen. A screen is fitted in, so its width may be what bounds it.
func (s *stack) fills(spatial int, slot *Slot) bool {
	width := s.planes[spatial].width
	return slot.Height > 0 && s.height(spatial) >= slot.Height ||
		slot.Screen && slot.Width > 0 && width >= slot.Width
}
