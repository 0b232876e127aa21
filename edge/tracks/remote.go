package tracks

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/wire"
)

// Pauses between attempts to subscribe: the first retry is quick because the
// usual cause is a roster event that overtook the publication by a few
// milliseconds; the last bounds what a dead origin costs.
const (
	firstRetry = 30 * time.Millisecond
	lastRetry  = time.Second
)

// remote is a track of another node: one relay subscription that feeds one
// UpTrack, renewed for as long as somebody holds a lease.
type remote struct {
	table  *Table
	key    Key
	origin geo.NodeID
	trace  string
	up     *sfu.UpTrack
	ctx    context.Context
	cancel context.CancelFunc
	leases int // guarded by Table.mu

	mu   sync.Mutex
	sub  *relay.Subscription
	wish wish
}

func newRemote(t *Table, k Key, origin geo.NodeID, kind sfu.Kind, codec sfu.Codec, trace string) *remote {
	// Everything is asked for until it is known what is wanted: the first frame
	// does not wait for that.
	r := &remote{table: t, key: k, origin: origin, trace: trace, wish: wish{asked: sfu.TopLayer}}
	r.ctx, r.cancel = context.WithCancel(t.ctx)
	cfg := sfu.UpConfig{
		Kind: kind, Codec: codec, Upstream: r, Clock: sfu.NewSourceClock(),
		Now: t.cfg.Now, Pace: t.cfg.Pace, Metrics: t.cfg.Metrics,
	}
	if t.cfg.Batch != nil {
		cfg.Batch = t.cfg.Batch()
	}
	r.up = sfu.NewUpTrack(cfg)
	return r
}

// run subscribes until the last lease is gone. The mesh leads the track around
// links that fail; again is only for a publication that is not there yet and a
// track that no node can be asked for.
func (r *remote) run() {
	defer r.up.Close()
	pause := firstRetry
	for r.ctx.Err() == nil {
		closed := make(chan struct{})
		started := time.Now()
		sub, err := r.subscribe(closed)
		if err == nil {
			select {
			case <-closed:
			case <-r.ctx.Done():
			}
			r.set(nil)
			sub.Close()
			if time.Since(started) > lastRetry {
				pause = firstRetry
			}
		} else if r.ctx.Err() == nil {
			r.table.cfg.Log.Debug("subscribe over link", "trace", r.trace, "origin", r.origin, "track", r.key.Track, "err", err)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-r.ctx.Done():
		}
		pause = min(pause*2, lastRetry)
	}
}

func (r *remote) subscribe(closed chan struct{}) (*relay.Subscription, error) {
	r.table.mu.Lock()
	links := r.table.links
	r.table.mu.Unlock()
	req := wire.Subscribe{
		Company: r.key.Company, Room: r.key.Room, Track: r.key.Track,
		Path: []string{string(r.table.cfg.Self)}, Trace: r.trace, Layers: r.layers(),
	}
	sub, err := links.Subscribe(r.ctx, r.origin, req, &receiver{remote: r, closed: closed})
	if err != nil {
		return nil, err
	}
	r.set(sub)
	if r.up.Kind() == sfu.Video {
		sub.RequestKeyframe(0)
	}
	return sub, nil
}

func (r *remote) set(s *relay.Subscription) {
	r.mu.Lock()
	r.sub = s
	r.mu.Unlock()
}

// layers is what is asked for now.
func (r *remote) layers() wire.Layers {
	r.mu.Lock()
	defer r.mu.Unlock()
	return wireLayers(r.wish.asked)
}

// want says which layers the DownTracks of this node can use now. It is called
// with each tick: less is asked for only after a while.
func (r *remote) want(now time.Duration, l sfu.Layer) {
	r.mu.Lock()
	layers, s := wireLayers(r.wish.update(now, l)), r.sub
	r.mu.Unlock()
	if s != nil {
		s.SetLayers(layers.Spatial, layers.Temporal)
	}
}

// RequestKeyframe implements sfu.Upstream.
func (r *remote) RequestKeyframe(layer uint8) {
	r.mu.Lock()
	s := r.sub
	r.mu.Unlock()
	if s != nil {
		s.RequestKeyframe(layer)
	}
}

// RequestRetransmit implements sfu.Upstream. Links repair themselves; the
// publisher never sees a NACK for what a link lost.
func (r *remote) RequestRetransmit(uint8, []uint16) {}

// receiver is what a link delivers to.
type receiver struct {
	remote *remote
	closed chan struct{}
	once   sync.Once
}

// Media implements relay.Receiver.
func (r *receiver) Media(m *wire.Media) {
	codec, ok := codecOf(m.Codec)
	if !ok {
		return // of a later version
	}
	p := sfu.Packet{
		SequenceNumber: m.SequenceNumber, Timestamp: m.Timestamp, Marker: m.Marker,
		Layer: m.Layer, Codec: codec, AudioLevel: m.AudioLevel,
		Descriptor: m.Descriptor, Payload: m.Payload, Arrival: r.remote.table.cfg.Now(),
	}
	r.remote.up.Write(&p)
}

// Report implements relay.Receiver.
func (r *receiver) Report(w wire.Report) {
	r.remote.up.SenderReport(w.Layer, w.NTP, w.RTP, r.remote.table.cfg.Now())
}

// Closed implements relay.Receiver.
func (r *receiver) Closed(error) { r.once.Do(func() { close(r.closed) }) }
