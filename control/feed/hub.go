package feed

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/state"
)

const (
	// keepDeltas and keepBytes bound the deltas kept for edges that come back or fall behind; what is older
	// is had by a snapshot. 4 MiB is minutes of a busy cluster's changes and less than one big snapshot.
	keepDeltas = 4096
	keepBytes  = 4 << 20
	// snapReuse is how many log entries old an encoded snapshot may be and still serve the next edge.
	snapReuse = 512
)

// errBehind is returned to an edge that knows more than this node: another control node must be asked.
var errBehind = errors.New("this control node is behind")

// Source is the state that the feed is made from.
type Source interface {
	View() *state.View
}

// delta is one command's line.
type delta struct {
	index uint64
	line  []byte
}

// Hub keeps the latest deltas, each encoded once, and wakes the streams that wait for more. Publish and Reset
// are called by Raft's goroutine; they never wait for a stream.
type Hub struct {
	source Source
	log    *slog.Logger

	mu         sync.Mutex
	deltas     []delta
	bytes      int
	floor      uint64 // deltas holds every change above it
	last       uint64 // index of the newest entry published, change or not
	generation int    // grows by a Reset: streams start again with a snapshot
	wake       chan struct{}

	snapMu    sync.Mutex // held while a snapshot is encoded: many edges wait for one
	snap      []byte
	snapIndex uint64
	snapGen   int

	streams   prometheus.Gauge
	snapshots prometheus.Counter
	published prometheus.Counter
	lagged    prometheus.Counter
}

// NewHub makes a hub over a source. What the source holds by then is only had by a snapshot.
func NewHub(source Source, log *slog.Logger, reg prometheus.Registerer) (*Hub, error) {
	h := &Hub{source: source, log: log, wake: make(chan struct{})}
	h.streams = prometheus.NewGauge(prometheus.GaugeOpts{Name: "meridian_control_feed_streams", Help: "Edges on the change feed."})
	h.snapshots = prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_control_feed_snapshots_total", Help: "Snapshots sent to edges."})
	h.published = prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_control_feed_deltas_total", Help: "Deltas published to edges."})
	h.lagged = prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_control_feed_lagged_total", Help: "Streams that fell behind the kept deltas."})
	if reg != nil {
		for _, c := range []prometheus.Collector{h.streams, h.snapshots, h.published, h.lagged} {
			if err := reg.Register(c); err != nil {
				return nil, fmt.Errorf("register feed metrics: %w", err)
			}
		}
	}
	return h, nil
}

// Publish takes an applied entry.
func (h *Hub) Publish(r state.Result) {
	changes, err := changesOf(r.Index, r.Changes)
	var line []byte
	if err == nil && len(changes) > 0 {
		line, err = Frame{Type: TypeDelta, Index: r.Index, Changes: changes}.Encode()
	}
	if err != nil || len(line) > MaxFrame {
		h.log.Error("change does not fit the feed; edges take a snapshot", "index", r.Index, "bytes", len(line), "err", err)
		h.reset(r.Index)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = r.Index
	if line == nil {
		return // the next beat carries the index
	}
	h.published.Inc()
	h.deltas = append(h.deltas, delta{r.Index, line})
	h.bytes += len(line)
	for len(h.deltas) > keepDeltas || h.bytes > keepBytes && len(h.deltas) > 1 {
		h.floor = h.deltas[0].index
		h.bytes -= len(h.deltas[0].line)
		h.deltas[0] = delta{}
		h.deltas = h.deltas[1:]
	}
	h.broadcast()
}

// Reset forgets all deltas, because the state was replaced.
func (h *Hub) Reset() { h.reset(h.source.View().Index()) }

func (h *Hub) reset(index uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deltas, h.bytes = nil, 0
	h.floor, h.last = index, index
	h.generation++
	h.broadcast()
}

func (h *Hub) broadcast() {
	close(h.wake)
	h.wake = make(chan struct{})
}

// batch is what a stream sends next.
type batch struct {
	lines      [][]byte
	index      uint64 // the stream has everything up to it once lines are sent
	generation int
	lagged     bool // a snapshot is needed
	wake       <-chan struct{}
}

// since collects what a stream at an index of a generation lacks.
func (h *Hub) since(index uint64, generation int) batch {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := batch{index: max(index, h.last), generation: h.generation, wake: h.wake}
	if generation != h.generation || index < h.floor {
		b.lagged = true
		return b
	}
	first := len(h.deltas)
	for first > 0 && h.deltas[first-1].index > index {
		first--
	}
	for _, d := range h.deltas[first:] {
		b.lines = append(b.lines, d.line)
	}
	return b
}

// start tells how a stream begins: resumed at the index it has, or with a snapshot.
func (h *Hub) start(index uint64, epoch string) (generation int, resume bool, err error) {
	mine := h.source.View()
	h.mu.Lock()
	defer h.mu.Unlock()
	if mine.Platform().Epoch == "" {
		return 0, false, errBehind // nothing has been applied here yet
	}
	if index == 0 || epoch != mine.Platform().Epoch {
		return h.generation, false, nil
	}
	if known := max(h.last, mine.Index()); index > known {
		return 0, false, fmt.Errorf("%w: it has %d, this node %d", errBehind, index, known)
	}
	return h.generation, index >= h.floor && h.last > 0, nil
}

// snapshot returns an encoded snapshot from which the kept deltas go on. It is encoded once for many streams.
func (h *Hub) snapshot() (frames []byte, index uint64, generation int, err error) {
	h.snapMu.Lock()
	defer h.snapMu.Unlock()
	h.mu.Lock()
	generation = h.generation
	usable := h.snap != nil && h.snapGen == generation && h.snapIndex >= h.floor && h.last-min(h.last, h.snapIndex) < snapReuse
	h.mu.Unlock()
	if usable {
		return h.snap, h.snapIndex, generation, nil
	}
	v := h.source.View()
	index = v.Index()
	if frames, err = encodeSnapshot(v, index); err != nil {
		return nil, 0, 0, err
	}
	h.snap, h.snapIndex, h.snapGen = frames, index, generation
	return frames, index, generation, nil
}
