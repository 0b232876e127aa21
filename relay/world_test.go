package relay

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
	"github.com/meridian-video/meridian/testbed/simnet"
)

// world is nodes on a simulated network, in a bubble. Every node has a camera, and goes by
// the routes the test gives it.
type world struct {
	*network
	sim     *simnet.Network
	ids     []geo.NodeID
	nodes   map[geo.NodeID]*node
	cameras map[geo.NodeID]*camera

	mu     sync.Mutex
	routes map[geo.NodeID][]geo.NodeID
}

// newWorld starts nodes, each a way of delay from every other.
func newWorld(t *testing.T, delay time.Duration, ids ...geo.NodeID) *world {
	w := &world{
		network: newNetwork(t), sim: simnet.New(simnet.Config{Seed: 1}), ids: ids,
		nodes: map[geo.NodeID]*node{}, cameras: map[geo.NodeID]*camera{}, routes: map[geo.NodeID][]geo.NodeID{},
	}
	for i, id := range ids {
		w.place(id, w.ip(id)+":4000")
		for _, other := range ids[:i] {
			w.sim.SetLink(w.ip(id), w.ip(other), simnet.Link{Delay: delay})
		}
	}
	for _, id := range ids {
		conn, err := w.sim.Host(w.ip(id)).ListenPacket(4000)
		if err != nil {
			t.Fatal(err)
		}
		w.cameras[id] = &camera{self: id}
		w.nodes[id] = w.startOn(id, conn, withTracks(w.cameras[id]), func(c *Config) {
			c.Route = func(origin geo.NodeID, _ wire.Subscribe) []geo.NodeID { return w.route(id) }
		})
	}
	return w
}

func (w *world) ip(id geo.NodeID) string { return fmt.Sprintf("10.0.0.%d", slices.Index(w.ids, id)+1) }

func (w *world) route(id geo.NodeID) []geo.NodeID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.routes[id]
}

// by sets the parents of a node, best first.
func (w *world) by(id geo.NodeID, parents ...geo.NodeID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routes[id] = parents
}

func (w *world) cut(a, b geo.NodeID)    { w.sim.Cut(w.ip(a), w.ip(b)) }
func (w *world) oneWay(a, b geo.NodeID) { w.sim.CutOneWay(w.ip(a), w.ip(b)) }
func (w *world) heal(a, b geo.NodeID)   { w.sim.Heal(w.ip(a), w.ip(b)) }

// meet links every pair, as edges keep links.
func (w *world) meet() {
	for _, a := range w.ids {
		for _, b := range w.ids {
			if a < b {
				_ = w.nodes[a].Send(b, "hello", nil)
			}
		}
	}
	time.Sleep(2 * time.Second)
}

// film lets the camera of a node send a packet every 10 ms until the function it returns
// is called.
func (w *world) film(id geo.NodeID) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { w.cameras[id].run(ctx) })
	return func() { cancel(); wg.Wait() }
}

// settled is an error while the nodes that watch ams do not all have a path to it that is
// the path of its first node too.
func (w *world) settled(ids []geo.NodeID) error {
	for _, id := range ids {
		path := w.path(id)
		if len(path) == 0 {
			return fmt.Errorf("%s has no path", id)
		}
		if parent := path[0]; parent != "ams" && !slices.Equal(w.path(parent), path[1:]) {
			return fmt.Errorf("%s goes by %q, %s by %q", id, path, parent, w.path(parent))
		}
	}
	return nil
}

// watch subscribes a node to the camera of another.
func (w *world) watch(id, origin geo.NodeID) (*Subscription, *watcher) {
	w.t.Helper()
	v := &watcher{last: time.Now()}
	sub, err := w.nodes[id].Subscribe(context.Background(), origin, track("cam"), v)
	if err != nil {
		w.t.Fatal(err)
	}
	return sub, v
}

// path is how the camera of origin comes to a node; nil when it does not.
func (w *world) path(id geo.NodeID) []geo.NodeID {
	for _, r := range w.nodes[id].Routes() {
		return r.Path
	}
	return nil
}

// copies is how many tracks leave a node towards another.
func (w *world) copies(from, to geo.NodeID) int {
	for _, l := range w.nodes[from].Links() {
		if l.Peer == to {
			return l.TracksOut
		}
	}
	return 0
}

// close ends all nodes and lets the last packets arrive.
func (w *world) close() {
	for _, id := range w.ids {
		if err := w.nodes[id].Close(); err != nil {
			w.t.Errorf("close %s: %v", id, err)
		}
	}
	time.Sleep(time.Second)
}

// camera is the one track of a node: packets with the number of the frame inside.
type camera struct {
	self geo.NodeID

	mu        sync.Mutex
	outlets   map[*Outlet]bool
	sent      int
	attached  int
	keyframes map[uint8][]time.Time
	ended     time.Time // when the last one left
}

type shot struct {
	*camera
	out *Outlet
}

func (c *camera) Attach(_ context.Context, _ geo.NodeID, _ wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.outlets == nil {
		c.outlets, c.keyframes = map[*Outlet]bool{}, map[uint8][]time.Time{}
	}
	c.outlets[out] = true
	c.attached++
	return wire.TrackInfo{Kind: wire.KindVideo, Codec: "VP8", ClockRate: 90000}, shot{c, out}, nil
}

func (s shot) RequestKeyframe(layer uint8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyframes[layer] = append(s.keyframes[layer], time.Now())
}

func (s shot) SetLayers(int8, int8) {}

func (s shot) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.outlets, s.out)
	s.ended = time.Now()
}

func (c *camera) run(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		c.sent++
		payload := binary.BigEndian.AppendUint32(make([]byte, 400), uint32(c.sent))
		for out := range c.outlets {
			out.Send(&wire.Media{SequenceNumber: uint16(c.sent), Payload: payload})
		}
		c.mu.Unlock()
	}
}

// unpublish ends the track for all.
func (c *camera) unpublish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for out := range c.outlets {
		out.Close(nil)
	}
}

func (c *camera) state() (sent, attached, watched int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.attached, len(c.outlets)
}

func (c *camera) requests(layer uint8) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.keyframes[layer])
}

// watcher counts what comes, and what comes twice.
type watcher struct {
	mu      sync.Mutex
	seen    map[uint32]bool
	twice   int
	last    time.Time
	longest time.Duration // between two packets, since begin
	causes  []error
}

func (v *watcher) Media(p *wire.Media) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil {
		v.seen = map[uint32]bool{}
	}
	n := binary.BigEndian.Uint32(p.Payload[len(p.Payload)-4:])
	if v.seen[n] {
		v.twice++
	}
	v.seen[n] = true
	v.longest = max(v.longest, time.Since(v.last))
	v.last = time.Now()
}

func (v *watcher) Report(wire.Report) {}

func (v *watcher) Closed(cause error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.causes = append(v.causes, cause)
}

// told is why it was closed.
func (v *watcher) told() []error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.causes)
}

// begin forgets the pauses until now.
func (v *watcher) begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.longest = 0
}

// pause is the longest time between two packets since begin, the present one included.
func (v *watcher) pause() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return max(v.longest, time.Since(v.last))
}

func (v *watcher) counts() (packets, twice, closed int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.seen), v.twice, len(v.causes)
}
