package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/sealed"
	"github.com/meridian-video/meridian/relay/wire"
)

// upstreams are the tracks that arrive over a link.
type upstreams struct {
	mu      sync.RWMutex
	byAlias map[uint32]*upstream
	alias   uint32
}

func (t *upstreams) init() { t.byAlias = make(map[uint32]*upstream) }

func (t *upstreams) count() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.byAlias)
}

// media hands a packet to the track it belongs to; one that nobody wants any more is
// still on its way for a moment after the end and is dropped. It gives the class, and
// whether the packet is the first of its kind on this link.
func (t *upstreams) media(alias uint32, p *wire.Media) (c class, fresh bool) {
	t.mu.RLock()
	up := t.byAlias[alias]
	t.mu.RUnlock()
	if up == nil {
		return classVideo, true
	}
	if fresh = !up.again(p); fresh {
		up.branch.media(p)
	}
	return up.class(), fresh
}

// end closes all tracks of a link that is gone.
func (t *upstreams) end(cause error) {
	t.mu.RLock()
	all := make([]*upstream, 0, len(t.byAlias))
	for _, up := range t.byAlias {
		all = append(all, up)
	}
	t.mu.RUnlock()
	for _, up := range all {
		up.finish(cause)
	}
}

// add gives the track of a branch an alias.
func (t *upstreams) add(l *link, b *branch) *upstream {
	t.mu.Lock()
	defer t.mu.Unlock()
	for free := false; !free; {
		t.alias = t.alias%wire.MaxAlias + 1
		_, taken := t.byAlias[t.alias]
		free = !taken
	}
	up := &upstream{link: l, branch: b, alias: t.alias}
	up.ctx, up.cancel = context.WithCancel(l.ctx)
	t.byAlias[up.alias] = up
	return up
}

func (t *upstreams) remove(up *upstream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byAlias, up.alias)
}

// errCutOff is why a track ended whose stream ended without a word.
var errCutOff = errors.New("stream of the track ended")

// upstream is one track crossing a link towards this node, for one branch of its course.
type upstream struct {
	link   *link
	branch *branch
	alias  uint32
	ctx    context.Context // ends with the branch or the link
	cancel context.CancelFunc

	mu     sync.Mutex
	ended  bool
	stream *quic.Stream
	told   wire.Layers // what the peer knows to be wanted

	arriving sync.Mutex        // guards recent
	recent   [4]*sealed.Recent // packets of each layer, where they may come twice
}

// again says whether p came before over this link: audio is sent twice, and for a moment
// all goes by QUIC and by sealed datagrams. Copies by another link are the course's
// business.
func (u *upstream) again(p *wire.Media) bool {
	if u.link.path == nil || int(p.Layer) >= len(u.recent) {
		return false
	}
	u.arriving.Lock()
	defer u.arriving.Unlock()
	if u.recent[p.Layer] == nil {
		u.recent[p.Layer] = new(sealed.Recent)
	}
	return u.recent[p.Layer].Again(p.SequenceNumber, p.Timestamp)
}

// class is video until the track is granted.
func (u *upstream) class() class {
	if info := u.branch.course.info.Load(); info != nil && info.Kind == wire.KindAudio {
		return classAudio
	}
	return classVideo
}

// carry lets a track cross the link for b until either end closes it.
func (l *link) carry(b *branch, req wire.Subscribe) error {
	up := l.tracks.add(l, b)
	stop := context.AfterFunc(b.ctx, up.close)
	b.set(up)
	l.mesh.metrics.trackCopies.WithLabelValues("in").Inc()
	if !l.start(func() { defer stop(); up.run(req) }) {
		stop()
		up.close()
		return linkCause(l)
	}
	l.prepare()
	return nil
}

// close takes the track off the link without a word to the branch.
func (u *upstream) close() {
	u.mu.Lock()
	ended := u.ended
	u.ended = true
	u.mu.Unlock()
	if !ended {
		u.cancel()
		u.link.tracks.remove(u)
	}
}

// finish ends the track for cause and tells the branch.
func (u *upstream) finish(cause error) {
	u.mu.Lock()
	ended := u.ended
	u.mu.Unlock()
	u.close()
	if !ended {
		u.branch.lost(cause)
	}
}

// run asks for the track and follows its stream until either end closes it.
func (u *upstream) run(req wire.Subscribe) {
	defer u.cancel()
	err := u.follow(req)
	if u.link.ctx.Err() != nil || u.link.conn.Context().Err() != nil {
		return // link.end tells the branch, after the last packet
	}
	u.finish(err)
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
			return fmt.Errorf("%w: %w", errCutOff, err)
		}
		buf = body
		if err := u.frame(t, body); err != nil {
			return err
		}
	}
}

// ask sends the Subscribe, with what is wanted by then.
func (u *upstream) ask(stream *quic.Stream, req wire.Subscribe) error {
	req.Layers = u.branch.course.wanted()
	u.mu.Lock()
	err := stream.TryWriteAll(wire.AppendSubscribe(nil, u.alias, req))
	u.told, u.stream = req.Layers, stream
	u.mu.Unlock()
	u.branch.course.tellLayers() // what has changed meanwhile
	return err
}

func (u *upstream) frame(t wire.Type, body []byte) error {
	switch t {
	case wire.TypeAccepted:
		info, path, err := wire.DecodeAccepted(body)
		if err == nil && info.Kind == 0 {
			err = fmt.Errorf("track of no kind: %w", wire.ErrMalformed)
		}
		if len(path) == 0 {
			path = []string{string(u.link.peer.id)}
		}
		if err == nil {
			err = u.branch.granted(info, path)
		}
		return err
	case wire.TypePath:
		path, err := wire.DecodeTrackPath(body)
		if err == nil {
			err = u.branch.moved(path)
		}
		return err
	case wire.TypeReport:
		report, err := wire.DecodeReport(body)
		if err == nil {
			u.branch.course.report(report)
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

// tell tells the peer what is wanted if it does not know.
func (u *upstream) tell(l wire.Layers) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if l != u.told && u.write(wire.AppendLayers(nil, l)) {
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

func linkCause(l *link) error {
	cause := context.Cause(l.ctx)
	if errors.Is(cause, ErrLinkDown) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrLinkDown, cause)
}
