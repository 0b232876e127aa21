package tracks

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/wire"
)

var began = time.Now()

// clock is the node's in these tests.
func clock() time.Duration { return time.Since(began) }

var cam = Key{"acme", "demo", "k1.vp8.camera"}

// desk is a Table that keeps what it attached for other nodes.
type desk struct {
	*Table
	mu    sync.Mutex
	asked []wire.Layers
	last  feed
}

func (d *desk) Attach(ctx context.Context, from geo.NodeID, req wire.Subscribe, out *relay.Outlet) (wire.TrackInfo, relay.Feed, error) {
	info, f, err := d.Table.Attach(ctx, from, req, out)
	if err == nil {
		d.mu.Lock()
		d.asked, d.last = append(d.asked, req.Layers), f.(feed)
		d.mu.Unlock()
	}
	return info, f, err
}

// target is of the DownTrack that feeds the link, NoLayer before the first.
func (d *desk) target() sfu.Layer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last.down == nil {
		return sfu.NoLayer
	}
	return d.last.down.Target()
}

func (d *desk) requests() []wire.Layers {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// wanting is a table whose DownTracks can use what the test says.
func (n *network) wanting(id geo.NodeID) (*Table, func(sfu.Layer)) {
	var wanted atomic.Value
	wanted.Store(sfu.TopLayer)
	start := time.Now()
	t := New(Config{
		Self: id, Now: func() time.Duration { return time.Since(start) }, Log: slog.New(slog.DiscardHandler),
		Wanted: func(*sfu.UpTrack) sfu.Layer { return wanted.Load().(sfu.Layer) },
	})
	n.t.Cleanup(t.Close)
	return t, func(l sfu.Layer) { wanted.Store(l) }
}

// film writes packets into an UpTrack until the test ends: what next makes.
func film(t *testing.T, table *Table, k Key, up *sfu.UpTrack, next func(i uint16) []sfu.Packet) {
	unpublish := table.Publish(k, up)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := uint16(0); ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			now := clock()
			for _, p := range next(i) {
				p.Arrival = now
				up.Write(&p)
			}
			up.Tick(now)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait(); unpublish(); up.Close() })
}

// camera publishes two encodings, of keyframes of 100 and 1,000 bytes.
func camera(t *testing.T, table *Table) {
	up := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Video, Codec: sfu.VP8, Now: clock})
	film(t, table, cam, up, func(i uint16) (frame []sfu.Packet) {
		for layer, size := range []int{100, 1000} {
			payload := make([]byte, size)
			payload[0] = 0x10 // begins a partition of a keyframe (RFC 7741 section 4.2)
			frame = append(frame, sfu.Packet{
				SequenceNumber: i, Timestamp: uint32(i) * 450, Marker: true, Layer: uint8(layer),
				AudioLevel: sfu.NoAudioLevel, Descriptor: []byte{0x80, 0, byte(i)}, Payload: payload,
			})
		}
		return frame
	})
}

// eye is a sink that keeps a note of every packet.
type eye struct {
	mu   sync.Mutex
	seen []note
}

type note struct {
	layer      uint8
	codec      sfu.Codec
	descriptor int // length
}

func (e *eye) Send(p *sfu.Packet, _ sfu.Batch) {
	e.mu.Lock()
	e.seen = append(e.seen, note{p.Layer, p.Codec, len(p.Descriptor)})
	e.mu.Unlock()
}
func (e *eye) SendReport(sfu.Report) {}

func (e *eye) notes() []note {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

// watch switches a verbatim DownTrack to a lease.
func watch(t *testing.T, l *Lease) *eye {
	e := &eye{}
	d := sfu.NewDownTrack(sfu.DownConfig{Kind: l.Up().Kind(), Sink: e, Verbatim: true})
	d.Switch(l.Up())
	t.Cleanup(d.Close)
	return e
}

func lease(t *testing.T, table *Table, k Key, codec sfu.Codec) *Lease {
	t.Helper()
	l, ok := table.Acquire(k, "fra-1", codec, codec.Kind(), "trace")
	if !ok {
		t.Fatal("no lease")
	}
	t.Cleanup(l.Release)
	return l
}

// TestWantedLayersReachTheOrigin: everything first, then what is wanted, more
// at once, and the same again after the link was gone.
func TestWantedLayersReachTheOrigin(t *testing.T) {
	n := newNetwork(t)
	origin := &desk{Table: n.table("fra-1")}
	mesh := n.serve("fra-1", origin.Table, origin, "")
	iad, want := n.wanting("iad-1")
	n.link("iad-1", iad, "")
	camera(t, origin.Table)

	want(layer(0, 1))
	watch(t, lease(t, iad, cam, sfu.VP8))
	for _, l := range []sfu.Layer{layer(0, 1), layer(2, 2), sfu.NoLayer, layer(1, 0)} {
		want(l)
		until(t, "the origin knows what is wanted", func() bool { return origin.target() == l })
	}
	addr, _ := n.peer("fra-1")
	if err := mesh.Close(); err != nil {
		t.Fatal(err)
	}
	n.serve("fra-1", origin.Table, origin, addr)
	until(t, "subscribed again", func() bool { return len(origin.requests()) == 2 })
	if diff := cmp.Diff([]wire.Layers{wire.AllLayers, {Spatial: 1, Temporal: 0}}, origin.requests()); diff != "" {
		t.Error(diff)
	}
	if got := origin.target(); got != layer(1, 0) {
		t.Errorf("the origin sends %v again", got)
	}
}

// TestOnlyTheLowLayerCrosses: whoever wants the low layer gets no byte of the
// higher ones over the link.
func TestOnlyTheLowLayerCrosses(t *testing.T) {
	n := newNetwork(t)
	origin := &desk{Table: n.table("fra-1")}
	n.serve("fra-1", origin.Table, origin, "")
	iad, want := n.wanting("iad-1")
	mesh := n.link("iad-1", iad, "")
	camera(t, origin.Table)
	want(layer(0, 3))
	e := watch(t, lease(t, iad, cam, sfu.VP8))
	until(t, "the origin sends the low layer", func() bool { return origin.target() == layer(0, 3) })

	// What was on its way before is over with the first packets.
	video := func() relay.ClassStats { return mesh.Links()[0].Received["video"] }
	settle := video().Packets + 20
	until(t, "packets arrive", func() bool { return video().Packets >= settle })
	before, seen := video(), len(e.notes())
	until(t, "100 packets arrive", func() bool { return video().Packets >= before.Packets+100 })
	after := video()
	if each := (after.Bytes - before.Bytes) / (after.Packets - before.Packets); each > 150 {
		t.Errorf("%d bytes a packet cross the link, packets of 100 are wanted", each)
	}
	for _, got := range e.notes()[seen:] {
		if got.layer != 0 || got.descriptor != 3 {
			t.Fatalf("got %+v, want layer 0 with a descriptor of 3 bytes", got)
		}
	}
	want(layer(1, 3))
	until(t, "the higher layer comes when it is wanted", func() bool {
		return slices.ContainsFunc(e.notes(), func(n note) bool { return n.layer == 1 })
	})
}

// TestCodecCrosses: a track of Opus may have packets with redundancy.
func TestCodecCrosses(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.table("fra-1"), n.table("iad-1")
	n.link("fra-1", fra, "")
	n.link("iad-1", iad, "")
	up := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Audio, Codec: sfu.Opus})
	film(t, fra, mic, up, func(i uint16) []sfu.Packet {
		codec := []sfu.Codec{sfu.NoCodec, sfu.Opus, sfu.RED}[i%3]
		return []sfu.Packet{{SequenceNumber: i, Timestamp: uint32(i) * 240, Codec: codec, AudioLevel: 30, Payload: []byte{111, 1, 2, 3}}}
	})
	e := watch(t, lease(t, iad, mic, sfu.Opus))
	until(t, "packets arrive", func() bool { return len(e.notes()) >= 60 })
	counts := map[sfu.Codec]int{}
	for _, got := range e.notes() {
		counts[got.codec]++
	}
	plain := counts[sfu.NoCodec] + counts[sfu.Opus]
	if red := counts[sfu.RED]; red < 15 || plain < 30 || red+plain != len(e.notes()) {
		t.Errorf("codecs %v", counts)
	}
}

// TestScreensAreKnownToTheLink, which sheds them last.
func TestScreensAreKnownToTheLink(t *testing.T) {
	for _, c := range []struct {
		screen func(string) bool
		want   bool
	}{
		{nil, false},
		{func(track string) bool { return track == cam.Track }, true},
		{func(string) bool { return false }, false},
	} {
		table := New(Config{Self: "fra", Now: clock, Log: slog.New(slog.DiscardHandler), Screen: c.screen})
		up := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Video, Codec: sfu.VP8, Now: clock})
		unpublish := table.Publish(cam, up)
		_, f, err := table.Attach(t.Context(), "iad", wire.Subscribe{Company: cam.Company, Room: cam.Room, Track: cam.Track}, &relay.Outlet{})
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := f.(relay.ScreenFeed); !ok || s.Screen() != c.want {
			t.Errorf("a screen: %v, want %v", !c.want, c.want)
		}
		f.Close()
		unpublish()
		up.Close()
		table.Close()
	}
}
