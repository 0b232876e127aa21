package edge

import (
	"cmp"
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/allocation"
	"github.com/meridian-video/meridian/edge/signal"
)

const (
	// overhead is what headers add to payloads of a path: about 60 bytes to
	// packets of 1,150, and room for resends.
	overhead = 1.07
	// headroom is what the allocator wants to see free before it gives more.
	headroom = 1.2
	// voiceCost is what one voice takes at most: Opus at 40 kbit/s with
	// soundHeaders, the headers of 50 packets a second.
	voiceCost    = 64_000
	soundHeaders = 24_000
	// hopeSpan is how long a layer is hoped for that was never seen: its
	// publisher begins with it once the estimate of its own way has grown that
	// far, in Chromium by some 8 % a second where probes tell nothing. Then it is
	// doubted for firstDoubt, and twice as long each time, up to longDoubt.
	hopeSpan   = 15 * time.Second
	firstDoubt = 30 * time.Second
	longDoubt  = 10 * time.Minute
	// sourceSilent is how long a source may send nothing: on its way to the first
	// picture, as a screen on which nothing moves, or as a busy computer.
	sourceSilent = 3 * time.Second
)

// unseen is how a slot is taken to be shown until the client says: of any size.
var unseen = signal.View{Priority: signal.ForOther, Visible: true}

// division is how a subscriber's bandwidth was divided, and what it knows of that.
type division struct {
	allocator allocation.Allocator
	input     []allocation.Slot
	states    []*signal.SlotLayer // as of the latest round
	told      []*signal.SlotLayer
	cap       int                       // of the room, bit/s that is forwarded of each participant's video; 0: none
	tell      func([]*signal.SlotLayer) // nil: nobody
}

// setViews takes how the client shows its video slots and returns the tracks that
// are pinned.
func (s *slots) setViews(views []*signal.View) (pinned []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range s.video {
		l.view = signal.View{Priority: signal.ForOther} // not shown
		if i < len(views) && views[i] != nil {
			l.view = *views[i]
		}
		if l.view.Priority == signal.ForPinned && l.track != "" {
			pinned = append(pinned, l.track)
		}
	}
	s.divide()
	return pinned
}

// divide gives every video slot the layer that the path and its view allow. The
// caller holds s.mu.
func (s *slots) divide() {
	if s.over {
		return
	}
	d, now := &s.division, s.now()
	d.input = d.input[:0]
	for _, l := range s.video {
		d.input = append(d.input, l.wish(now, s.limit(l)))
	}
	sound := s.sound()
	budget, known := s.path.Bandwidth()
	if !known {
		budget = 1 << 40
	}
	out := d.allocator.Allocate(now, int(float64(budget)/overhead)-sound, d.input)
	for i, l := range s.video {
		target := out.Grants[i].Target
		l.down.Track.SetTarget(target)
		l.hope.update(now, l.lease != nil && target.Spatial > highest(l.lease.Up().Layers()))
	}
	s.path.SetWanted(int(float64(out.Wanted)*overhead*headroom) + sound)
	if d.tell != nil {
		d.states = s.states(out.Grants, now)
		d.report(d.states)
	}
}

// sound is what the audio slots take, in bit/s: it comes before all video. There
// is always room for one voice to begin.
func (s *slots) sound() (bitrate int) {
	for _, l := range s.audio {
		if l.lease == nil {
			continue
		}
		for _, layer := range l.lease.Up().Layers() {
			if layer.Live {
				bitrate += layer.Bitrate + soundHeaders
			}
		}
		bitrate = max(bitrate, voiceCost)
	}
	return bitrate
}

// bound takes the room's cap: what it says of layers begins anew.
func (s *slots) bound(bitrate int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.division.cap = bitrate
	for _, l := range s.video {
		l.hope, l.excess = hope{}, excess{}
	}
	s.divide()
}

// limit is what the room's cap leaves for a slot, 0 if there is none: all of it
// for a shared screen, and for a camera what the screen of the same participant
// does not use. A quarter of the cap is not counted, since screens come in bursts.
func (s *slots) limit(l *slot) int {
	left := s.division.cap
	if left == 0 || l.lease == nil || isShare(l.track) {
		return left
	}
	owner, _, _ := splitTrack(l.track)
	for _, other := range s.video {
		if from, _, kind := splitTrack(other.track); from == owner && kind == trackShare {
			left -= max(0, other.rate()-s.division.cap/4)
		}
	}
	return max(left, 1)
}

// rate is what is forwarded into the slot, in bit/s.
func (l *slot) rate() int {
	is := l.down.Track.Stats().Current
	if l.lease == nil {
		return 0
	}
	for _, layer := range l.lease.Up().Layers() {
		if layer.Layer == is && layer.Live {
			return layer.Bitrate
		}
	}
	return 0
}

// wish is what the slot shows, for the allocator, within a limit in bit/s; 0 is none.
func (l *slot) wish(now time.Duration, limit int) allocation.Slot {
	w := allocation.Slot{
		Visible: l.view.Visible, Width: l.view.Width, Height: l.view.Height,
		Priority: priorityOf(l.view.Priority), Screen: isShare(l.track),
	}
	if w.Screen {
		w.Priority = max(w.Priority, allocation.Share)
	}
	if l.lease != nil {
		w.Source = l.track
		w.Layers, l.blocked = l.excess.within(now, limit, l.layers(now))
		if l.blocked {
			w.Source = "" // without layers it would be one of which nothing is known
		}
	}
	return w
}

// hope is for layers that a source may have: those that nobody wanted are not
// sent, so that nobody has seen them.
type hope struct {
	since time.Duration // a layer above all seen is granted; 0: none
	until time.Duration // doubted
	doubt time.Duration // how long next time
}

// update takes whether a layer above all seen is granted.
func (h *hope) update(now time.Duration, above bool) {
	switch {
	case !above:
		h.since = 0
	case h.since == 0:
		h.since = now
	case now-h.since > hopeSpan:
		h.doubt = min(max(2*h.doubt, firstDoubt), longDoubt)
		h.since, h.until = 0, now+h.doubt
	}
}

// layers lists those of the source, and of a camera those that it may have.
func (l *slot) layers(now time.Duration) []sfu.LayerStats {
	seen := l.lease.Up().Layers()
	if len(seen) == 0 || now < l.hope.until || isShare(l.track) {
		return seen
	}
	top := seen[len(seen)-1]
	for spatial := top.Layer.Spatial + 1; spatial <= 2; spatial++ {
		seen = append(slices.Clip(seen), sfu.LayerStats{Layer: sfu.Layer{Spatial: spatial, Temporal: top.Layer.Temporal}})
	}
	return seen
}

// highest is the highest spatial layer of a list in order; without any all may come.
func highest(layers []sfu.LayerStats) int8 {
	if len(layers) == 0 {
		return sfu.MaxSpatial
	}
	return layers[len(layers)-1].Layer.Spatial
}

func priorityOf(p signal.Priority) allocation.Priority {
	switch p {
	case signal.ForShare:
		return allocation.Share
	case signal.ForPinned:
		return allocation.Pinned
	case signal.ForSpeaker:
		return allocation.Speaker
	}
	return allocation.Other
}

// states says what each video slot gets; nil is one without a track.
func (s *slots) states(grants []allocation.Grant, now time.Duration) []*signal.SlotLayer {
	out := make([]*signal.SlotLayer, len(s.video))
	for i, l := range s.video {
		if l.lease != nil {
			out[i] = l.state(grants[i], now)
		}
		l.freeze.update(now, out[i] != nil && out[i].State == signal.SlotWaiting && now-l.since > startSpan)
	}
	return out
}

func (l *slot) state(g allocation.Grant, now time.Duration) *signal.SlotLayer {
	is := l.down.Track.Stats()
	state := &signal.SlotLayer{State: signal.SlotLive, Spatial: int(is.Current.Spatial), Temporal: int(is.Current.Temporal)}
	arrives := false
	for _, layer := range l.lease.Up().Layers() {
		state.Layers = max(state.Layers, int(layer.Layer.Spatial)+1)
		arrives = arrives || layer.Live
		if layer.Layer == is.Current {
			state.Bitrate = layer.Bitrate
		}
	}
	if arrives {
		l.arrived = now
	}
	switch {
	case l.blocked:
		state.State, state.Reason = signal.SlotPaused, signal.PausedByCap
	case g.Reason == allocation.Hidden:
		state.State, state.Reason = signal.SlotPaused, signal.PausedHidden
	case g.Target == sfu.NoLayer:
		state.State, state.Reason = signal.SlotPaused, signal.PausedBandwidth
	case is.Foreign:
		state.State, state.Reason = signal.SlotPaused, signal.PausedCodec
	case now-max(l.since, l.arrived) > sourceSilent:
		state.State, state.Reason = signal.SlotPaused, signal.PausedByItsOwner
	case is.Waiting || is.Current == sfu.NoLayer:
		state.State = signal.SlotWaiting
	case g.Reason == allocation.Bandwidth:
		state.Reason = signal.PausedBandwidth
	case l.excess.held:
		state.Reason = signal.PausedByCap
	}
	if state.State != signal.SlotLive {
		state.Spatial, state.Temporal, state.Bitrate = -1, -1, 0
	}
	return state
}

// report tells the client if more than bitrates has changed.
func (d *division) report(now []*signal.SlotLayer) {
	same := slices.EqualFunc(d.told, now, func(a, b *signal.SlotLayer) bool {
		if a == nil || b == nil {
			return a == b
		}
		x, y := *a, *b
		x.Bitrate, y.Bitrate = 0, 0
		return x == y
	})
	if same {
		return
	}
	d.told = now
	d.tell(now)
}

// microphonesOf lists the microphones of those whose tracks are given.
func microphonesOf(tracks []string, people []room.Person) (mics []string) {
	for _, p := range people {
		for _, track := range p.Tracks {
			if mic := p.Tracks[trackMic]; mic != "" && slices.Contains(tracks, track) {
				mics = append(mics, mic)
			}
		}
	}
	slices.SortFunc(mics, cmp.Compare)
	return slices.Compact(mics)
}
