package edge

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Speech detection. A microphone speaks when its RFC 6464 level is above
// speechLevel (in -dBov, so smaller is louder) and is silent when it has not
// been for speechHold: pauses between words must not make the ring flicker.
const (
	speechLevel   = 45
	speechHold    = 600 * time.Millisecond
	speechTick    = 100 * time.Millisecond
	speechRefresh = 2 * time.Second // how often an unchanged list is sent again, since it may be lost
	speechExpiry  = 3 * speechRefresh
)

const topicSpeaking = "edge/speaking"

// roomKey names a room on this node.
type roomKey struct{ Company, Room string }

// speakingMessage tells other nodes of a room who of this node's participants speaks.
type speakingMessage struct {
	V       int      `json:"v"`
	Company string   `json:"company"`
	Room    string   `json:"room"`
	Peers   []string `json:"peers"`
}

// speakers holds who speaks in each room with people on this node: its own
// microphones by their levels, others by what their nodes say. It is a hint for
// pages and passes by the room's home, which has no use for it.
type speakers struct {
	mu    sync.Mutex
	rooms map[roomKey]*speaking
}

type speaking struct {
	byNode map[geo.NodeID]nodeSpeakers
	shown  []string // what attachments were told last
}

type nodeSpeakers struct {
	peers []string
	at    time.Duration
}

func newSpeakers() *speakers { return &speakers{rooms: map[roomKey]*speaking{}} }

// set stores what a node says and tells the room's list if it has changed. It
// tells under the lock, so that the last list told is the last there was.
func (s *speakers) set(k roomKey, from geo.NodeID, peers []string, now time.Duration, tell func(all []string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rooms[k]
	if !ok {
		r = &speaking{byNode: map[geo.NodeID]nodeSpeakers{}}
		s.rooms[k] = r
	}
	r.byNode[from] = nodeSpeakers{peers, now}
	set := map[string]bool{}
	for id, n := range r.byNode {
		if now-n.at > speechExpiry {
			delete(r.byNode, id)
			continue
		}
		for _, p := range n.peers {
			set[p] = true
		}
	}
	if all := slices.Sorted(maps.Keys(set)); !slices.Equal(all, r.shown) {
		r.shown = all
		tell(all)
	}
}

// forget drops the rooms that nobody here is in any more.
func (s *speakers) forget(live func(roomKey) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.rooms, func(k roomKey, _ *speaking) bool { return !live(k) })
}

// detect looks at the microphones of this node every speechTick and tells its
// attachments and the other nodes of their rooms.
func (n *Node) detect() {
	ticker := time.NewTicker(speechTick)
	defer ticker.Stop()
	told := map[roomKey]time.Duration{}
	last := map[roomKey][]string{}
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-ticker.C:
		}
		now := n.now()
		loud := n.loud(now)
		for k, peers := range loud {
			slices.Sort(peers)
			n.tellSpeaking(k, n.cfg.Self.ID, peers) // also when nothing changed here: others may have fallen silent
			if slices.Equal(peers, last[k]) && (len(peers) == 0 || now-told[k] < speechRefresh) {
				continue
			}
			last[k], told[k] = peers, now
			n.sendSpeaking(k, peers)
		}
		gone := func(k roomKey) bool { _, ok := loud[k]; return !ok }
		maps.DeleteFunc(last, func(k roomKey, _ []string) bool { return gone(k) })
		maps.DeleteFunc(told, func(k roomKey, _ time.Duration) bool { return gone(k) })
		n.speakers.forget(func(k roomKey) bool { return !gone(k) })
	}
}

// loud lists per room with attachments here who of them speaks.
func (n *Node) loud(now time.Duration) map[roomKey][]string {
	out := map[roomKey][]string{}
	for _, a := range n.attachmentList() {
		k := a.key
		if a.speaks(now) {
			out[k] = append(out[k], a.seat.Peer())
		} else if _, ok := out[k]; !ok {
			out[k] = nil
		}
	}
	return out
}

// tellSpeaking merges what one node says and tells the attachments here.
func (n *Node) tellSpeaking(k roomKey, from geo.NodeID, peers []string) {
	n.speakers.set(k, from, peers, n.now(), func(all []string) {
		for _, a := range n.attachmentList() {
			if a.key == k {
				a.tellSpeaking(all)
			}
		}
	})
}

// sendSpeaking tells the other nodes with people in the room. Loss is harmless:
// the list comes again.
func (n *Node) sendSpeaking(k roomKey, peers []string) {
	snap, ok := n.plane.Locate(k.Company, k.Room)
	if !ok {
		return
	}
	body, err := json.Marshal(speakingMessage{V: 1, Company: k.Company, Room: k.Room, Peers: peers})
	if err != nil {
		return
	}
	nodes := map[geo.NodeID]bool{}
	for _, p := range snap.People {
		if p.Node != n.cfg.Self.ID {
			nodes[p.Node] = true
		}
	}
	for id := range nodes {
		_ = n.mesh.Send(id, topicSpeaking, body)
	}
}

// maxSpeakers bounds what one node may say of a room: everyone of a full one.
const maxSpeakers = 4096

func parseSpeaking(body []byte) (m speakingMessage, ok bool) {
	err := json.Unmarshal(body, &m)
	return m, err == nil && m.V == 1 && len(m.Peers) <= maxSpeakers
}

// heardSpeaking takes another node's list.
func (n *Node) heardSpeaking(from geo.NodeID, body []byte) {
	m, ok := parseSpeaking(body)
	if !ok {
		return
	}
	k := roomKey{m.Company, m.Room}
	if !n.inRoom(k) {
		return
	}
	n.tellSpeaking(k, from, m.Peers)
}
