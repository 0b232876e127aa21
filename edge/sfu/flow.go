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
	rates  [MaxSpatial + 1][MaxTemporal + 1]float64 // bit/s
	width  [MaxSpatial + 1]uint16
	height [MaxSpatial + 1]uint16
	top    int8 // the highest spatial layer that arrives
	since  time.Duration

	mu    sync.Mutex // a leaf
	shown []LayerStats
}

func (f *flow) add(spatial, temporal int8, n int) {
	f.bytes[spatial][temporal] += uint32(n)
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
			rate := float64(f.bytes[s][t]) * 8 / span.Seconds()
			if f.rates[s][t] > 0 && rate > 0 {
				rate = (rate + f.rates[s][t]) / 2
			}
			f.rates[s][t], f.bytes[s][t] = rate, 0
			if rate > 0 {
				f.top = int8(s)
			}
		}
	}
	list := f.sum(svc)
	f.mu.Lock()
	f.shown = list
	f.mu.Unlock()
}

// sum lists the layers that are there, each with what it needs.
func (f *flow) sum(svc bool) (list []LayerStats) {
	var below [MaxTemporal + 1]float64 // of lower spatial layers, by temporal layer
	for s := range f.rates {
		total := 0.0
		for t, rate := range f.rates[s] {
			total += rate
			if rate > 0 {
				list = append(list, LayerStats{
					Layer: Layer{int8(s), int8(t)}, Bitrate: int(total + below[t]),
					Width: int(f.width[s]), Height: int(f.height[s]),
				})
			}
			if svc {
				below[t] += total
			}
		}
	}
	return list
}

// Layers returns the layers that arrive at present, lowest first, as measured
// lately. The slice must not be written to.
func (u *UpTrack) Layers() []LayerStats {
	u.flow.mu.Lock()
	defer u.flow.mu.Unlock()
	return u.flow.shown
}
