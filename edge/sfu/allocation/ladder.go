package allocation

import "github.com/meridian-video/meridian/edge/sfu"

// rung is a layer worth stepping on and what it costs with all that it needs,
// in bits per second.
type rung struct {
	layer sfu.Layer
	cost  int
}

const (
	spatials  = sfu.MaxSpatial + 1
	temporals = sfu.MaxTemporal + 1
	maxRungs  = spatials + temporals
)

// ladder is the way from paused to the most that a tile can show. A level
// counts rungs: 0 is paused.
type ladder struct {
	rungs    [maxRungs]rung
	top      int // level
	readable int // level from which a shared screen can be read
}

// cost is of a level.
func (l *ladder) cost(level int) int {
	if level == 0 {
		return 0
	}
	return l.rungs[level-1].cost
}

// layer is of a level.
func (l *ladder) layer(level int) sfu.Layer {
	if level == 0 {
		return sfu.NoLayer
	}
	return l.rungs[level-1].layer
}

// level finds what was forwarded before on a ladder that may have changed
// since: as high as that layer reaches, but not paused.
func (l *ladder) level(held sfu.Layer) int {
	if held == sfu.NoLayer {
		return 0
	}
	n := 0
	for n < l.top && l.rungs[n].layer.Spatial <= held.Spatial && l.rungs[n].layer.Temporal <= held.Temporal {
		n++
	}
	return min(max(n, 1), l.top)
}

func (l *ladder) add(s *stack, spatial, temporal int) {
	cost := s.cost(spatial, temporal)
	l.rungs[l.top] = rung{sfu.Layer{Spatial: int8(spatial), Temporal: int8(temporal)}, max(cost, l.cost(l.top))}
	l.top++
}

// readableHeight is from where on text of a shared screen can be read.
const readableHeight = 720

// set builds the ladder of a slot. A camera gives up size before smoothness,
// down to half its frame rate; a screen gives up all smoothness before size.
func (l *ladder) set(slot *Slot) {
	var s stack
	s.read(slot.Layers)
	l.top, l.readable = 0, 0
	low := -1
	for spatial := range s.bound(slot) + 1 {
		top := s.planes[spatial].top
		switch {
		case top < 0:
			continue
		case slot.Screen:
			l.add(&s, spatial, s.planes[spatial].lowest())
		case low < 0:
			for t := max(top-1, 0); t <= top; t++ {
				if s.planes[spatial].has[t] {
					l.add(&s, spatial, t)
				}
			}
		default:
			l.add(&s, spatial, top)
		}
		low = spatial
		if l.readable == 0 && s.height(spatial) >= readableHeight {
			l.readable = l.top
		}
	}
	if slot.Screen && low >= 0 {
		l.smooth(&s, low)
	}
	if l.readable == 0 {
		l.readable = l.top
	}
}

// smooth adds the further temporal layers of a screen's largest picture.
func (l *ladder) smooth(s *stack, spatial int) {
	p := &s.planes[spatial]
	for t := p.lowest() + 1; t <= p.top; t++ {
		if p.has[t] {
			l.add(s, spatial, t)
		}
	}
}
