package sfu

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// exclusive is a Sink that notices calls at the same time, and numbers that
// do not follow each other.
type exclusive struct {
	busy    atomic.Bool
	faults  atomic.Int64
	packets int64 // guarded by the promise that calls are never concurrent
	next    uint16
}

func (x *exclusive) Send(p *Packet, _ Batch) {
	if !x.busy.CompareAndSwap(false, true) {
		x.faults.Add(1)
	}
	if !p.Resent {
		if x.packets > 0 && p.SequenceNumber != x.next {
			x.faults.Add(1)
		}
		x.next = p.SequenceNumber + 1
		x.packets++
	}
	x.busy.Store(false)
}

func (x *exclusive) SendReport(Report) {
	if !x.busy.CompareAndSwap(false, true) {
		x.faults.Add(1)
	}
	x.busy.Store(false)
}

// Writers, tickers, subscribers that switch, NACK and ask for keyframes, and
// UpTracks that close, all at once. At the end every DownTrack is where its
// last Switch said.
func TestStress(t *testing.T) {
	const sources, sinks, rounds = 4, 12, 1500
	up := func() *UpTrack {
		return NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Upstream: &countingAsker{}})
	}
	var ups [sources]atomic.Pointer[UpTrack]
	for i := range ups {
		ups[i].Store(up())
	}
	var work, feeders sync.WaitGroup
	var stop atomic.Bool
	for i := range ups {
		feeders.Go(func() {
			cam := &camera{id: byte(i + 1), perFrame: 3, sn: 65000}
			for !stop.Load() {
				cam.key = cam.n%30 == 0
				ups[i].Load().Write(cam.next(sinceStart()))
				if cam.n%200 == 0 {
					ups[i].Load().SenderReport(0, NTP(sinceStart()), cam.ts, sinceStart())
				}
				runtime.Gosched()
			}
		})
	}
	feeders.Go(func() {
		for !stop.Load() {
			for i := range ups {
				ups[i].Load().Tick(sinceStart())
				ups[i].Load().Stats()
			}
			runtime.Gosched()
		}
	})
	feeders.Go(func() { // sources leave and come
		for n := 0; !stop.Load(); n++ {
			ups[n%sources].Swap(up()).Close()
			for range 200 {
				runtime.Gosched()
			}
		}
	})

	downs := make([]*DownTrack, sinks)
	sink := make([]exclusive, sinks)
	for i := range downs {
		downs[i] = NewDownTrack(DownConfig{Kind: Video, Sink: &sink[i]})
		for range 2 { // two goroutines steer each
			work.Go(func() {
				for range rounds {
					switch rand.IntN(6) {
					case 0:
						downs[i].Switch(nil)
					case 1, 2:
						downs[i].Switch(ups[rand.IntN(sources)].Load())
					case 3:
						downs[i].Retransmit([]uint16{uint16(rand.Uint32()), 1, 2})
					case 4:
						downs[i].KeyframeRequest()
					case 5:
						downs[i].Source()
						downs[i].Stats()
					}
					runtime.Gosched()
				}
			})
		}
	}
	work.Wait()
	stop.Store(true)
	feeders.Wait()

	for i, d := range downs {
		d.Switch(ups[i%sources].Load())
	}
	settle(t, &ups)
	for i, d := range downs {
		if d.Source() != ups[i%sources].Load() {
			t.Errorf("DownTrack %d has another source", i)
		}
		if phase, at := where(d); phase != attached || at != d.Source() {
			t.Errorf("DownTrack %d: phase %d", i, phase)
		}
		if n := sink[i].faults.Load(); n != 0 {
			t.Errorf("sink %d: %d concurrent calls or broken numbers", i, n)
		}
	}
	for i := range ups {
		if n := ups[i].Load().Stats().Downs; n != sinks/sources {
			t.Errorf("UpTrack %d has %d DownTracks, want %d", i, n, sinks/sources)
		}
	}
	for _, d := range downs {
		d.Close()
	}
	settle(t, &ups)
	for i := range ups {
		u := ups[i].Load()
		if n := u.Stats().Downs; n != 0 {
			t.Errorf("UpTrack %d keeps %d DownTracks", i, n)
		}
		u.Close()
	}
}

// settle ticks until no messages are left.
func settle(t *testing.T, ups *[4]atomic.Pointer[UpTrack]) {
	t.Helper()
	for range 100 {
		left := int32(0)
		for i := range ups {
			ups[i].Load().Tick(sinceStart())
			left += ups[i].Load().box.queued.Load()
		}
		if left == 0 {
			return
		}
	}
	t.Fatal("messages are never worked off")
}

func where(d *DownTrack) (phase, *UpTrack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.phase, d.at
}

type countingAsker struct{ n atomic.Int64 }

func (a *countingAsker) RequestKeyframe(uint8)             { a.n.Add(1) }
func (a *countingAsker) RequestRetransmit(uint8, []uint16) { a.n.Add(1) }

// A sink that switches its own DownTrack from within Send must not deadlock:
// the message waits for the holder of the lock.
type flipper struct {
	d    *DownTrack
	to   *UpTrack
	seen int
}

func (f *flipper) Send(_ *Packet, _ Batch) {
	f.seen++
	f.d.KeyframeRequest()
	f.d.Switch(f.to)
}
func (f *flipper) SendReport(Report) {}

func TestSwitchFromWithinSend(t *testing.T) {
	clock := &clockwork{at: time.Second}
	a, b := newScene(t, 1, clock), newScene(t, 2, clock)
	f := &flipper{to: b.up}
	f.d = NewDownTrack(DownConfig{Kind: Video, Sink: f, Now: clock.now})
	f.d.Switch(a.up)
	a.frame(true)
	if f.seen != 1 || b.up.Stats().Downs != 1 || a.up.Stats().Downs != 0 {
		t.Fatalf("got %d packets; attached %d and %d", f.seen, a.up.Stats().Downs, b.up.Stats().Downs)
	}
}

// A relay in one process: the sink of one UpTrack is the source of another,
// and what the far side asks for comes back.
type hop struct {
	far  *UpTrack
	down *DownTrack
}

func (h *hop) Send(p *Packet, _ Batch)           { h.far.Write(p) }
func (h *hop) RequestKeyframe(layer uint8)       { h.down.LayerKeyframeRequest(layer) }
func (h *hop) RequestRetransmit(uint8, []uint16) {} // links repair themselves
func (h *hop) SendReport(r Report) {
	h.far.SenderReport(r.Layer, r.NTP, r.RTP, h.far.cfg.Now())
}

func TestRelayHop(t *testing.T) {
	clock := &clockwork{at: time.Second}
	near := newScene(t, 1, clock)
	h := &hop{}
	h.down = NewDownTrack(DownConfig{Kind: Video, Sink: h, Verbatim: true, Now: clock.now})
	h.far = NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Upstream: h, Now: clock.now})
	d, rec := newDown(clock)
	d.Switch(h.far)
	h.down.Switch(near.up)
	if near.ask.keyframes != 1 {
		t.Fatalf("%d keyframe requests at the origin, want 1", near.ask.keyframes)
	}
	near.frame(true)
	near.frame(false)
	near.up.SenderReport(0, NTP(0), near.cam.ts, clock.at)
	for range 3 {
		clock.at += 10 * ms
		near.up.Tick(clock.at)
		h.far.Tick(clock.at)
	}
	if len(rec.packets) != 6 {
		t.Fatalf("got %d packets", len(rec.packets))
	}
	if len(rec.reports) != 1 {
		t.Errorf("%d reports over the hop, want 1", len(rec.reports))
	}
	clock.at += time.Second
	for range 5 {
		d.KeyframeRequest()
	}
	if near.ask.keyframes != 2 {
		t.Errorf("%d keyframe requests at the origin, want 2", near.ask.keyframes)
	}
}
