package sfu

import (
	"sync"
	"time"
)

// flowInterval is how often the rates of layers are measured anew.
const flowInterval = 500 * time.Millisecond

// A flow measures the layers of an UpTrack. Encodings and spatial layers
// count alike, since no source has both. Its owner is the UpTrack; shown may
// be read by anyone.
type flow struct {
	bytes  [MaxSpatial + 1][MaxTemporal + 1]uint32
	rates  [MaxSpatial + 1][MaxTemporal + 1]float64 // bit/s, of before where a layer stopped
	live   [MaxSpatial + 1][MaxTemporal + 1]bool
	frames [MaxSpatial + 1][MaxTemporal + 1]uint32
	fps    [MaxSpatial + 1][MaxTemporal + 1]float64
	width  [MaxSpatial + 1]uint16
	height [MaxSpatial + 1]uint16
	top    int8 // the highest spatial layer that arrives
	since  time.Duration

	mu    sync.Mutex // a leaf
	shown []LayerStats
}

// add counts n bytes of payload, with which a picture of the layer may end.
func (f *flow) add(spatial, temporal int8, n int, ends bool) {
	f.bytes[spatial][temporal] += uint32(n)
	if ends {
		f.frames[spatial][temporal]++
	}
	f.top = max(f.top, spatial)
}

// size notes the size of a layer's pictures; where a source halves them from
// layer to layer without saying so, nothing is known of the others.
func (f *flow) size(spatial, width, height int) {
	if width > 0 && height > 0 {
		f.width[spatial], f.height[spatial] = uint16(width), uint16(height)
	}
}

// measure closes an interval when it is over.
func (f *flow) measure(now time.Duration, svc bool) {
	span := now - f.since
	if span < flowInterval {
		return
	}
	f.since, f.top = now, 0
	for s := range f.bytes {
		for t := range f.bytes[s] {
			rate, fps := float64(f.bytes[s][t])*8/span.Seconds(), float64(f.frames[s][t])/span.Seconds()
			f.bytes[s][t], f.frames[s][t], f.live[s][t] = 0, 0, rate > 0
			switch {
			case rate == 0:
				continue
			case f.rates[s][t] > 0:
				rate, fps = (rate+f.rates[s][t])/2, (fps+f.fps[s][t])/2
			}
			f.rates[s][t], f.fps[s][t], f.top = rate, fps, int8(s)
		}
	}
	list := f.sum(svc)
	f.mu.Lock()
	f.shown = list
	f.mu.Unlock()
}

// sum lists the layers that are or were there, each with what it needs.
func (f *flow) sum(svc bool) (list []LayerStats) {
	var below [MaxTemporal + 1]float64 // of lower spatial layers, by temporal layer
	for s := range f.rates {
		total, fps := 0.0, 0.0
		for t, rate := range f.rates[s] {
			total += rate
			fps += f.fps[s][t]
			if rate > 0 {
				list = append(list, LayerStats{
					Layer: Layer{int8(s), int8(t)}, Live: f.live[s][t], Bitrate: int(total + below[t]),
					Width: int(f.width[s]), Height: int(f.height[s]), FPS: fps,
				})
			}
			if svc {
				below[t] += total
			}
		}
	}
	return list
}

// reset forgets what another codec's layers were.
func (f *flow) reset() {
	f.rates, f.live, f.top = [MaxSpatial + 1][MaxTemporal + 1]float64{}, [MaxSpatial + 1][MaxTemporal + 1]bool{}, 0
	f.fps = [MaxSpatial + 1][MaxTemporal + 1]float64{}
	f.width, f.height = [MaxSpatial + 1]uint16{}, [MaxSpatial + 1]uint16{}
}

// Layers returns the layers that arrive, as measured lately, and those that
// have stopped, as they were, lowest first. The slice must not be written to.
func (u *UpTrack) Layers() []LayerStats {
	u.flow.mu.Lock()
	defer u.flow.mu.Unlock()
	return u.flow.shown
}
