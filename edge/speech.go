package edge

import (
	"maps"
	"slices"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/loudness"
	"github.com/meridian-video/meridian/geo"
)

const (
	// speechRefresh is how often a node repeats what it says while somebody
	// speaks: the dominant speaker is chosen at this pace.
	speechRefresh = 300 * time.Millisecond
	// silentRefresh is the same while the dominant speaker is silent.
	silentRefresh = 2 * time.Second
	// A node that has not been heard of for so long has nobody who speaks,
	// and then no dominant speaker either.
	speechExpiry = 4 * speechRefresh
	silentExpiry = 3 * silentRefresh
)

// speech is who speaks in one room, by what its nodes say. It is pure; speakers
// guards it.
//
// Every node decides from the latest message of each node, and of its own only
// what it has told: who has the same messages comes to the same dominant speaker.
type speech struct {
	self     geo.NodeID
	byNode   map[geo.NodeID]said
	ranking  loudness.Ranking
	dominant string // track
	decided  time.Duration
	shown    shown
	heard    []voice // of this node, being gathered
	live     bool    // somebody is here
}

// said is the latest message of a node.
type said struct {
	voices []voice
	at     time.Duration
}

// shown is what the clients here were told.
type shown struct {
	peers    []string
	dominant string // peer
}

func newSpeech(self geo.NodeID) *speech {
	return &speech{self: self, byNode: map[geo.NodeID]said{}}
}

// measure takes what the microphones of this node read. It says whether the
// other nodes are to be told, and what.
func (s *speech) measure(voices []voice, now time.Duration) (tell []voice, ok bool) {
	for i := range voices {
		voices[i].Dominant = voices[i].Track == s.dominant
	}
	voices = bounded(voices)
	own := s.byNode[s.self]
	if slices.EqualFunc(voices, own.voices, voice.same) && (len(voices) == 0 || now-own.at < refresh(voices)) {
		return nil, false
	}
	own = said{slices.Clone(voices), now}
	s.byNode[s.self] = own
	return own.voices, true
}

func refresh(voices []voice) time.Duration {
	if slices.ContainsFunc(voices, func(v voice) bool { return v.Active }) {
		return speechRefresh
	}
	return silentRefresh
}

// hear takes what another node says.
func (s *speech) hear(from geo.NodeID, voices []voice, now time.Duration) {
	s.byNode[from] = said{voices, now}
}

// decide chooses anew. It says whether clients are to be told who speaks, and
// whether others may be worth hearing now.
func (s *speech) decide(now time.Duration) (tell, reorder bool) {
	s.decided = now
	var next shown
	var candidates []loudness.Candidate
	var voices []loudness.Voice
	peers := map[string]string{} // by track
	for v := range s.voices(now) {
		peers[v.Track] = v.Peer
		candidates = append(candidates, loudness.Candidate{ID: v.Track, Activity: v.activity(), Dominant: v.Dominant})
		if v.Active {
			voices = append(voices, loudness.Voice{ID: v.Track, Level: v.Level, Activity: v.activity()})
		}
		if v.Speaking {
			next.peers = append(next.peers, v.Peer)
		}
	}
	s.dominant = loudness.Dominant(candidates)
	next.dominant = peers[s.dominant]
	slices.Sort(next.peers)
	next.peers = slices.Compact(next.peers)
	reorder = s.ranking.Update(now, voices, s.dominant)
	tell = next.dominant != s.shown.dominant || !slices.Equal(next.peers, s.shown.peers)
	s.shown = next
	return tell, reorder
}

// voices yields those of all nodes. A node that is late has fallen silent.
func (s *speech) voices(now time.Duration) func(yield func(voice) bool) {
	maps.DeleteFunc(s.byNode, func(_ geo.NodeID, n said) bool { return now-n.at > silentExpiry })
	return func(yield func(voice) bool) {
		for _, n := range s.byNode {
			for _, v := range n.voices {
				if now-n.at > speechExpiry {
					v = voice{Peer: v.Peer, Track: v.Track, Dominant: v.Dominant}
				}
				if !yield(v) {
					return
				}
			}
		}
	}
}
