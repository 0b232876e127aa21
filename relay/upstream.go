package relay

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/sealed"
	"github.com/meridian-video/meridian/relay/wire"
)

// upstream is one track crossing a link towards this node, shared by its subscriptions.
type upstream struct {
	link   *link
	key    trackKey
	alias  uint32
	ctx    context.Context // ends with the last subscription or the link
	cancel context.CancelFunc
	ready  chan struct{} // closes when the peer has answered
	info   wire.TrackInfo

	mu     sync.Mutex // the members below; not held while a receiver is called
	err    error      // why refused or ended
	ended  bool
	stream *quic.Stream
	told   wire.Layers                     // what the peer knows to be wanted
	subs   atomic.Pointer[[]*Subscription] // copied on write

	deliver sync.Mutex // serialises calls of the receivers
	live    bool
	early   []wire.Media      // packets that overtook the answer
	recent  [4]*sealed.Recent // of each layer, where packets may come twice
	reports reports           // the last ones, for who joins later
}

// maxEarly bounds the packets kept until the answer arrives: a keyframe's worth.
const maxEarly = 64

// enter adds a subscription unless the track has ended.
func (u *upstream) enter(s *Subscription) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return false
	}
	var subs []*Subscription
	if old := u.subs.Load(); old != nil {
		subs = slices.Clone(*old)
	}
	subs = append(subs, s)
	u.subs.Store(&subs)
	return true
}

// leave removes a subscription and takes the track off the link with the last one.
func (u *upstream) leave(s *Subscription) {
	u.mu.Lock()
	subs := slices.DeleteFunc(slices.Clone(*u.subs.Load()), func(other *Subscription) bool { return other == s })
	u.subs.Store(&subs)
	last := len(subs) == 0 && !u.ended
	if last {
		u.ended = true
		u.err = context.Canceled
	}
	u.mu.Unlock()
	if last {
		u.release()
	} else {
		u.tellLayers()
	}
}

// finish ends the track for cause and tells its subscriptions.
func (u *upstream) finish(cause error) {
	u.mu.Lock()
	if u.ended {
		u.mu.Unlock()
		return
	}
	u.ended, u.err = true, cause
	u.mu.Unlock()
	u.release()
	u.deliver.Lock()
	defer u.deliver.Unlock()
	if !u.live {
		return // Subscribe returns the error instead
	}
	for _, s := range *u.subs.Load() {
		s.receiver.Closed(cause)
	}
}

func (u *upstream) release() {
	u.cancel()
	u.link.tracks.remove(u)
}

// run asks for the track and follows its stream until either end closes it.
func (u *upstream) run(req wire.Subscribe) {
	defer u.cancel()
	err := u.follow(req)
	if u.link.ctx.Err() != nil || u.link.conn.Context().Err() != nil {
		return // link.end tells the receivers, after the last packet
	}
	u.finish(err)
	u.answered(nil)
}

func (u *upstream) follow(req wire.Subscribe) error {
	stream, err := u.link.conn.OpenStreamSync(u.ctx)
	if err != nil {
		return err
	}
	stream.SetPriority(urgencyTracks, false)
	stop := context.AfterFunc(u.ctx, func() {
		stream.CancelRead(streamDone)
		stream.CancelWrite(streamDone)
	})
	defer stop()
	if err := u.ask(stream, req); err != nil {
		return err
	}
	var buf []byte
	for {
		t, body, err := wire.ReadFrame(stream, buf)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrTrackEnded, err)
		}
		buf = body
		if err := u.frame(t, body); err != nil {
			return err
		}
	}
}

// ask sends the Subscribe, with what is wanted by then.
func (u *upstream) ask(stream *quic.Stream, req wire.Subscribe) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.told = u.wanted()
	req.Layers = u.told
	u.stream = stream
	return stream.TryWriteAll(wire.AppendSubscribe(nil, u.alias, req))
}

func (u *upstream) frame(t wire.Type, body []byte) error {
	switch t {
	case wire.TypeAccepted:
		info, err := wire.DecodeAccepted(body)
		if err == nil && info.Kind == 0 {
			err = fmt.Errorf("track of no kind: %w", wire.ErrMalformed)
		}
		if err == nil {
			u.answered(&info)
		}
		return err
	case wire.TypeReport:
		report, err := wire.DecodeReport(body)
		if err == nil {
			u.reported(report)
		}
		return err
	case wire.TypeRefused:
		r, err := wire.DecodeRefused(body)
		if err == nil {
			err = refusalError(r)
		}
		return err
	default:
		return unknownFrame(t)
	}
}

// answered lets the waiting subscriptions go on, with info when the track is granted.
func (u *upstream) answered(info *wire.TrackInfo) {
	u.deliver.Lock()
	defer u.deliver.Unlock()
	select {
	case <-u.ready:
		return
	default:
	}
	if info != nil {
		u.mu.Lock()
		u.info = *info
		u.mu.Unlock()
		u.live = true
	}
	close(u.ready)
	for i := range u.early {
		u.hand(&u.early[i])
	}
	u.early = nil
}

// media takes a packet off the link, and gives its class and whether it is new.
func (u *upstream) media(p *wire.Media) (c class, fresh bool) {
	u.deliver.Lock()
	defer u.deliver.Unlock()
	c = classVideo
	if u.info.Kind == wire.KindAudio {
		c = classAudio
	}
	if u.again(p) {
		return c, false
	}
	if u.live {
		u.hand(p)
		return c, true
	}
	if len(u.early) < maxEarly {
		kept := *p
		kept.Payload, kept.Descriptor = slices.Clone(p.Payload), slices.Clone(p.Descriptor)
		u.early = append(u.early, kept)
	}
	return c, true
}

// again says whether p came before: audio is sent twice, and for a moment all goes by
// QUIC and by sealed datagrams.
func (u *upstream) again(p *wire.Media) bool {
	if u.link.path == nil || int(p.Layer) >= len(u.recent) {
		return false
	}
	if u.recent[p.Layer] == nil {
		u.recent[p.Layer] = new(sealed.Recent)
	}
	return u.recent[p.Layer].Again(p.SequenceNumber, p.Timestamp)
}

// hand gives p to every subscription.
func (u *upstream) hand(p *wire.Media) {
	for _, s := range *u.subs.Load() {
		s.receiver.Media(p)
	}
}

func (u *upstream) reported(r wire.Report) {
	u.deliver.Lock()
	defer u.deliver.Unlock()
	u.reports.keep(r)
	for _, s := range *u.subs.Load() {
		s.receiver.Report(r)
	}
}

// catchUp gives a later subscription the last reports.
func (u *upstream) catchUp(s *Subscription) {
	u.deliver.Lock()
	defer u.deliver.Unlock()
	for _, r := range u.reports {
		s.receiver.Report(r)
	}
}

// want notes what one subscription wants.
func (u *upstream) want(s *Subscription, l wire.Layers) {
	u.mu.Lock()
	s.layers = l
	u.mu.Unlock()
	u.tellLayers()
}

// wanted is the most that any subscription wants; the caller holds mu.
func (u *upstream) wanted() wire.Layers {
	most := wire.NoLayers
	if subs := u.subs.Load(); subs != nil {
		for _, s := range *subs {
			most = most.Max(s.layers)
		}
	}
	return most
}

// tellLayers tells the peer what is wanted if it does not know.
func (u *upstream) tellLayers() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if l := u.wanted(); l != u.told && u.write(wire.AppendLayers(nil, l)) {
		u.told = l
	}
}

func (u *upstream) requestKeyframe(layer uint8) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.write(wire.AppendKeyframe(nil, layer))
}

// write sends a small frame on the track's stream, if it can be sent at once. The caller
// holds mu.
func (u *upstream) write(frame []byte) bool {
	if u.stream == nil || u.ended {
		return false
	}
	if err := u.stream.TryWriteAll(frame); err != nil {
		u.link.mesh.cfg.Log.Debug("relay track frame dropped", "err", err)
		return false
	}
	return true
}
