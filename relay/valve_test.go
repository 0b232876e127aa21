package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/congestion"
	"github.com/meridian-video/meridian/relay/wire"
)

// crowd serves cameras of three encodings, 2.15 Mbit/s together, and microphones.
type crowd struct {
	wg    sync.WaitGroup
	stop  chan struct{}
	count atomic.Int64
}

// Attach implements Tracks; the track runs until it is closed.
func (c *crowd) Attach(_ context.Context, _ geo.NodeID, req wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error) {
	phase := time.Duration(c.count.Add(1)) * 1300 * time.Microsecond % (20 * time.Millisecond)
	if strings.HasPrefix(req.Track, "mic") {
		f := &performer{out: out, stop: c.stop, done: make(chan struct{}), phase: phase, every: 20 * time.Millisecond, bytes: []int{100}}
		c.wg.Go(f.run)
		return wire.TrackInfo{Kind: wire.KindAudio, Codec: "opus", ClockRate: 48000}, f, nil
	}
	f := &performer{out: out, stop: c.stop, done: make(chan struct{}), phase: phase, every: time.Second / 30, bytes: []int{625, 2083, 6250}}
	f.limit = req.Layers
	c.wg.Go(f.run)
	return wire.TrackInfo{Kind: wire.KindVideo, Codec: "VP8", ClockRate: 90000}, f, nil
}

// performer sends frames of the encodings it may, stamped with the time.
type performer struct {
	out   *Outlet
	stop  chan struct{}
	done  chan struct{}
	every time.Duration
	phase time.Duration
	bytes []int // of a frame, by encoding

	mu    sync.Mutex
	limit wire.Layers
}

// run begins after a part of a frame's time, so that they do not all film at once.
func (f *performer) run() {
	select {
	case <-time.After(f.phase):
	case <-f.done:
		return
	}
	ticker := time.NewTicker(f.every)
	defer ticker.Stop()
	sequence := uint16(0)
	for {
		select {
		case <-ticker.C:
		case <-f.done:
			return
		case <-f.stop:
			return
		}
		f.mu.Lock()
		limit := f.limit
		f.mu.Unlock()
		for layer, size := range f.bytes {
			if layer > int(limit.Spatial) {
				break
			}
			for ; size > 0; size -= 1150 {
				sequence++
				f.out.Send(&wire.Media{Layer: uint8(layer), SequenceNumber: sequence, Payload: stamped(min(size, 1150))})
			}
		}
		f.out.Flush()
	}
}

func (f *performer) RequestKeyframe(uint8) {}

func (f *performer) SetLayers(spatial, temporal int8) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = wire.Layers{Spatial: spatial, Temporal: temporal}
}

func (f *performer) Close() { close(f.done) }

// audience counts what arrives by layer, and how late.
type audience struct {
	delay time.Duration
	mu    sync.Mutex
	count [3]int
	bytes int
	late  []time.Duration
}

func (a *audience) Media(p *wire.Media) {
	sent := time.Duration(binary.BigEndian.Uint64(p.Payload))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count[p.Layer]++
	a.bytes += len(p.Payload)
	a.late = append(a.late, time.Since(bubbleStart)-sent-a.delay)
}
func (*audience) Report(wire.Report) {}
func (*audience) Closed(error)       {}

// take gives what came since the last time.
func (a *audience) take() (count [3]int, bytes int, p99 time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	count, bytes = a.count, a.bytes
	slices.Sort(a.late)
	if len(a.late) > 0 {
		p99 = a.late[len(a.late)*99/100]
	}
	a.count, a.bytes, a.late = [3]int{}, 0, nil
	return count, bytes, p99
}

// hall is two nodes with tracks crossing a bottleneck.
type hall struct {
	wan        *wan
	fra, iad   *node
	crowd      *crowd
	cams, mics *audience
}

// enter subscribes to cameras and as many microphones over a link of 40 ms each way.
func enter(t *testing.T, rate float64, cameras int, options ...func(*Config)) *hall {
	bubbleStart = time.Now()
	const delay = 40 * time.Millisecond
	h := &hall{wan: newWAN(delay, 0), crowd: &crowd{stop: make(chan struct{})}, cams: &audience{delay: delay}, mics: &audience{delay: delay}}
	h.wan.narrow(rate, 50*time.Millisecond)
	_, h.fra, h.iad = bubble(t, h.wan, append(options, withTracks(h.crowd))...)
	var wg sync.WaitGroup
	for i := range cameras {
		for _, s := range []struct {
			name string
			to   *audience
		}{{"cam", h.cams}, {"mic", h.mics}} {
			wg.Go(func() {
				req := track(fmt.Sprint(s.name, i))
				req.Layers = wire.AllLayers
				if _, err := h.iad.Subscribe(t.Context(), "fra", req, s.to); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	return h
}

func (h *hall) leave(t *testing.T) {
	close(h.crowd.stop)
	h.crowd.wg.Wait()
	if err := errors.Join(h.fra.Close(), h.iad.Close()); err != nil {
		t.Error(err)
	}
}

// take lets a time pass and gives what came in it.
func (h *hall) take(length time.Duration) (layers [3]int, mbits float64, cams99, mics99 time.Duration, mics int) {
	h.cams.take()
	h.mics.take()
	time.Sleep(length)
	layers, bytes, cams99 := h.cams.take()
	count, _, mics99 := h.mics.take()
	return layers, float64(bytes) * 8 / length.Seconds() / 1e6, cams99, mics99, count[0]
}

func byStreamsOnly(c *Config) {
	c.tuning = defaultTuning()
	c.tuning.plain = true
}

// TestNarrowLinkCarriesWhatMattersSealed: by sealed datagrams, too, lower layers and audio
// are whole and in time.
func TestNarrowLinkCarriesWhatMattersSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const cameras = 12
		h := enter(t, 18e6, cameras)
		time.Sleep(10 * time.Second)
		const length = 20 * time.Second
		layers, mbits, cams99, mics99, mics := h.take(length)
		s := h.fra.Links()[0]
		t.Logf("%v packets by layer, %.1f Mbit/s, p99 %v late, audio %v; %+v; %+v", layers, mbits, cams99, mics99, s.Congestion, s.Path)
		frames := int(length.Seconds()) * 30 * cameras
		if layers[0] < frames*99/100 || layers[1] < 2*frames*95/100 || s.Shed == 0 {
			t.Errorf("%v of %d frames, %d tracks shed", layers, frames, s.Shed)
		}
		if want := int(length.Seconds()) * 50 * cameras; mics < want-2*cameras || mics99 > 45*time.Millisecond {
			t.Errorf("%d audio packets of %d, p99 %v late", mics, want, mics99)
		}
		if s.Path.State != "up" {
			t.Errorf("path %s", s.Path.State)
		}
		h.leave(t)
	})
}

// TestTopLayersGiveWayOnANarrowLink: at 1.5 times what the link carries audio is whole
// and in time, the top layers are what is missing, and they come back with the room.
// With -designs it is done at 100 Mbit/s.
func TestTopLayersGiveWayOnANarrowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate, cameras := 12e6, 8
		if *allDesigns {
			rate, cameras = 100e6, 69
		}
		h := enter(t, rate, cameras, byStreamsOnly)
		time.Sleep(8 * time.Second)
		const length = 12 * time.Second
		layers, mbits, cams99, mics99, mics := h.take(length)
		t.Logf("narrow: %v packets by layer, %.1f Mbit/s, p99 %v late, audio %v; %+v", layers, mbits, cams99, mics99, h.fra.Links()[0].Congestion)
		frames := int(length.Seconds()) * 30 * cameras
		if layers[0] < frames*99/100 || layers[1] < 2*frames*95/100 {
			t.Errorf("lower layers are missing: %v of %d frames", layers, frames)
		}
		if layers[2] > 6*frames*75/100 || layers[2] < 6*frames*15/100 {
			t.Errorf("of the top layer %d packets of %d came", layers[2], 6*frames)
		}
		if want := int(length.Seconds()) * 50 * cameras; mics < want-2*cameras {
			t.Errorf("%d audio packets of %d", mics, want)
		}
		if mics99 > 40*time.Millisecond || cams99 > 40*time.Millisecond {
			t.Errorf("p99 of audio is %v late, of video %v", mics99, cams99)
		}
		s := h.fra.Links()[0]
		if s.Shed == 0 || s.Congestion.Capacity > 1.1*rate || s.Congestion.Received < 0.6*rate {
			t.Errorf("%d tracks shed, measured %+v", s.Shed, s.Congestion)
		}
		h.wan.narrow(3*rate, 50*time.Millisecond)
		time.Sleep(20 * time.Second)
		layers, mbits, cams99, _, _ = h.take(2 * time.Second)
		t.Logf("wide: %v packets by layer, %.1f Mbit/s, p99 %v late", layers, mbits, cams99)
		if frames := 2 * 30 * cameras; layers[2] < 6*frames*98/100 {
			t.Errorf("of the top layer %d packets of %d came when there was room", layers[2], 6*frames)
		}
		h.leave(t)
	})
}

// TestAnEndThatReportsNothingIsNotControlled: it is of a build before reports.
func TestAnEndThatReportsNothingIsNotControlled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := enter(t, 0, 12, func(c *Config) {
			c.tuning = defaultTuning()
			c.tuning.capabilities, c.tuning.feedback = 0, time.Hour
		})
		layers, _, _, _, _ := h.take(5 * time.Second)
		if frames := 5 * 30 * 12; layers[2] < 6*frames*99/100 {
			t.Errorf("%v packets by layer of %d frames", layers, frames)
		}
		if s := h.fra.Links()[0]; s.Shed != 0 {
			t.Errorf("%d tracks shed", s.Shed)
		}
		h.leave(t)
	})
}

// TestAFailoverIsQuick: what another link carried comes over this one at once, and is
// whole after 1.5 s.
func TestAFailoverIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const cameras = 40
		h := enter(t, 200e6, cameras)
		time.Sleep(1500 * time.Millisecond)
		layers, mbits, cams99, mics99, _ := h.take(2 * time.Second)
		t.Logf("%v packets by layer, %.1f Mbit/s, p99 %v late, audio %v", layers, mbits, cams99, mics99)
		if frames := 2 * 30 * cameras; layers[2] < 6*frames*98/100 || mics99 > 30*time.Millisecond {
			t.Errorf("%v packets by layer of %d frames, audio p99 %v late", layers, frames, mics99)
		}
		h.leave(t)
	})
}

// TestReportsOfDatagramsComeFirst while media goes both ways, and streams are believed
// again when those end.
func TestReportsOfDatagramsComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValve(&link{epoch: time.Now()})
		late := congestion.Report{Interval: 20 * time.Millisecond, Received: 1000, Delay: time.Second, Samples: 1}
		well := congestion.Report{Interval: 20 * time.Millisecond, Received: 100_000, Samples: 1}
		tell := func(n int, streams, datagrams *congestion.Report) {
			for range n {
				time.Sleep(20 * time.Millisecond)
				if streams != nil {
					v.sent(byStreams, 1000)
					v.report(byStreams, *streams)
				}
				if datagrams != nil {
					v.sent(byDatagrams, 100_000)
					v.report(byDatagrams, *datagrams)
				}
			}
		}
		tell(10, &well, nil)
		tell(50, &late, &well) // by streams it looks like a queue of a second
		if m, _ := v.measures(); m.Queue > 0 || m.Received < 30e6 || m.Sent < 30e6 {
			t.Errorf("while datagrams go: %+v", m)
		}
		tell(50, &well, nil)
		if m, _ := v.measures(); m.Queue > 0 || m.State == congestion.Silent || v.way != byStreams {
			t.Errorf("after them: %+v", m)
		}
	})
}

func TestBudgetFollowsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValve(&link{epoch: time.Now()})
		left := 0
		for range 1000 {
			time.Sleep(time.Millisecond)
			if n := v.budget(); n > 0 {
				v.sent(byDatagrams, n)
				left += n
			}
		}
		if got := float64(left) * 8 / 1e6; got < 12 || got > 13 { // a quarter above 10 Mbit/s
			t.Errorf("%.1f Mbit/s left at the start", got)
		}
	})
}
