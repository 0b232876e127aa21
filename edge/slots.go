package edge

import (
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/edge/tracks"
	"github.com/meridian-video/meridian/geo"
)

// path is what a subscriber is sent through.
type path interface {
	// Bandwidth is what it bears, in bit/s with all headers, if that is known.
	Bandwidth() (bitrate int, known bool)
	// SetWanted tells what would be sent if bandwidth were no question.
	SetWanted(bitrate int)
}

// slots are a subscriber's negotiated receive tracks and what each shows. A
// track that no slot of this node shows costs nothing here and on no link.
//
// Tracks are leased as soon as they are chosen, so that those of other nodes are
// on their way while the transport still connects, but DownTracks are switched
// only then: a keyframe sent into a handshake would be lost.
type slots struct {
	tracks *tracks.Table
	key    roomKey
	trace  string
	path   path
	now    func() time.Duration

	mu        sync.Mutex
	video     []*slot
	audio     []*slot
	connected bool // the transport carries packets
	over      bool
	left      func() // called when over
	division  division
}

// slot is one receive track.
type slot struct {
	down    rtc.Down
	track   string // "" shows nothing
	lease   *tracks.Lease
	since   time.Duration // shows the track
	arrived time.Duration // something of a track came last
	view    signal.View   // how a video slot is shown
	hope    hope
	excess  excess
	blocked bool // nothing of it is within the room's cap
	freeze  freeze
}

// view says where the tracks in the room are. Slots look while they are locked,
// so that a track that goes away is either not seen or taken out by the keep
// that follows every change of a roster; a view takes the roster's lock only.
type view func() map[string]geo.NodeID

// newSlots makes the slots of a transport; they start when it has connected. tell
// is called when what video slots get has changed; it may be nil.
func newSlots(n *Node, key roomKey, trace string, t *rtc.Transport, tell func([]*signal.SlotLayer)) *slots {
	s := &slots{tracks: n.tracks, key: key, trace: trace, path: t, now: n.now, division: division{tell: tell}}
	s.grow(t.Downs())
	n.subscribers.add(s)
	n.wg.Go(func() {
		select {
		case <-t.Connected():
			s.start()
		case <-t.Done():
		}
	})
	return s
}

// grow adds the slots that are new among the transport's down sections.
func (s *slots) grow(downs []rtc.Down) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := len(s.video) + len(s.audio)
	for _, d := range downs[min(known, len(downs)):] {
		if d.Kind == sfu.Video {
			s.video = append(s.video, &slot{down: d, view: unseen})
		} else {
			s.audio = append(s.audio, &slot{down: d})
		}
	}
}

func (s *slots) mids() signal.SlotMIDs {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := func(in []*slot) []string {
		out := make([]string, 0, len(in))
		for _, l := range in {
			out = append(out, l.down.MID)
		}
		return out
	}
	return signal.SlotMIDs{Video: list(s.video), Audio: list(s.audio)}
}

// assigned says what each slot shows.
func (s *slots) assigned() signal.Assignment {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := func(in []*slot) []*string {
		out := make([]*string, len(in))
		for i, l := range in {
			if track := l.track; track != "" { // a copy: the reader has no lock
				out[i] = &track
			}
		}
		return out
	}
	return signal.Assignment{Video: list(s.video), Audio: list(s.audio)}
}

// assign switches slots to the wanted tracks, of which look says where they are.
func (s *slots) assign(want signal.Assignment, look view) []signal.FailedTrack {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil
	}
	live := look()
	failed := s.assignKind(s.video, want.Video, sfu.Video, live)
	failed = append(failed, s.assignKind(s.audio, want.Audio, sfu.Audio, live)...)
	s.divide()
	return failed
}

func (s *slots) assignKind(have []*slot, want []*string, kind sfu.Kind, live map[string]geo.NodeID) (failed []signal.FailedTrack) {
	for i, w := range want {
		track := ""
		if w != nil {
			track = *w
		}
		if i >= len(have) {
			if track != "" {
				failed = append(failed, signal.FailedTrack{Track: track, Code: signal.NoSuchSlot})
			}
			continue
		}
		if !s.show(have[i], track, kind, live) {
			failed = append(failed, signal.FailedTrack{Track: track, Code: signal.NoSuchTrack})
		}
	}
	return failed
}

// show switches one slot. On failure the slot shows nothing. The caller holds s.mu.
func (s *slots) show(l *slot, track string, kind sfu.Kind, live map[string]geo.NodeID) bool {
	if l.track == track {
		return true
	}
	var lease *tracks.Lease
	ok := track == ""
	if _, here := live[track]; here && kindOf(track) == kind {
		carrier := playable(track, l.down.Codecs, live)
		k := tracks.Key{Company: s.key.Company, Room: s.key.Room, Track: carrier}
		lease, ok = s.tracks.Acquire(k, live[carrier], codecOf(carrier), kind, s.trace)
	}
	old := l.lease
	l.track, l.lease, l.blocked = "", nil, false
	switch {
	case lease == nil:
		l.down.Track.Switch(nil)
	case s.connected:
		l.down.Track.Switch(lease.Up())
		fallthrough
	default:
		l.track, l.lease, l.since, l.hope, l.excess = track, lease, s.now(), hope{}, excess{}
	}
	if old != nil {
		old.Release()
	}
	return ok
}

// start switches the slots to what they were assigned while the transport
// connected.
func (s *slots) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connected = true
	s.divide()
	for _, l := range s.all() {
		if l.lease != nil {
			l.down.Track.Switch(l.lease.Up())
		}
	}
}

// keep empties the slots whose track is gone.
func (s *slots) keep(look view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepOnly(look())
}

// inherit has slots go on with the track that took another's place, as when its
// publisher goes on at another node: the client need not ask for it first.
func (s *slots) inherit(heirs map[string]string, look view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	live := look()
	for _, l := range s.all() {
		if _, ok := live[heirs[l.track]]; ok {
			s.show(l, heirs[l.track], kindOf(l.track), live)
		}
	}
}

func (s *slots) keepOnly(live map[string]geo.NodeID) {
	for _, l := range s.all() {
		if _, ok := live[l.track]; !ok && l.track != "" {
			s.show(l, "", 0, nil)
		}
	}
}

// fill empties the slots whose track is gone and puts tracks, best first, into
// those that show nothing.
func (s *slots) fill(look func() (best []string, live map[string]geo.NodeID)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	best, live := look()
	s.keepOnly(live)
	shown := map[string]bool{"": true}
	for _, l := range s.all() {
		shown[l.track] = true
	}
	for _, track := range best {
		have, kind := s.video, kindOf(track)
		if kind == sfu.Audio {
			have = s.audio
		}
		for _, l := range have {
			if !shown[track] && l.track == "" {
				shown[track] = s.show(l, track, kind, live)
			}
		}
	}
	s.divide()
}

// hear plays in the audio slots what choose wants for n of them, best first. A slot
// that plays a wanted track keeps it; what else is played makes room only when all
// slots are wanted, and slots that are left play the rest. It returns what they
// play now, or false if they are over.
func (s *slots) hear(choose func(n int) (want, rest []string, live map[string]geo.NodeID)) (played []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, false
	}
	want, rest, live := choose(len(s.audio))
	s.keepOnly(live)
	before := s.played()
	want = distinct(len(s.audio), slices.Concat(want, before, rest), live)
	missing := slices.DeleteFunc(slices.Clone(want), func(track string) bool { return slices.Contains(before, track) })
	for _, l := range s.audio {
		if slices.Contains(want, l.track) {
			continue
		}
		track := ""
		if len(missing) > 0 {
			track, missing = missing[0], missing[1:]
		}
		s.show(l, track, sfu.Audio, live)
	}
	return s.played(), true
}

// played lists what the audio slots play, "" for nothing.
func (s *slots) played() []string {
	out := make([]string, len(s.audio))
	for i, l := range s.audio {
		out[i] = l.track
	}
	return out
}

// distinct is the first n audio tracks that are live, each once.
func distinct(n int, tracks []string, live map[string]geo.NodeID) []string {
	var out []string
	for _, track := range tracks {
		if _, ok := live[track]; ok && isAudio(track) && len(out) < n && !slices.Contains(out, track) {
			out = append(out, track)
		}
	}
	return out
}

// again has the client told anew what its video slots get.
func (s *slots) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.division.told = nil
}

func (s *slots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over && s.left != nil {
		s.left()
	}
	s.over = true
	for _, l := range s.all() {
		s.show(l, "", 0, nil)
	}
}

func (s *slots) all() []*slot { return append(append([]*slot(nil), s.video...), s.audio...) }
