package edge

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// speechTick is how often microphones are listened to: once a packet.
const speechTick = 20 * time.Millisecond

// roomKey names a room on this node.
type roomKey struct{ Company, Room string }

// speakers holds who speaks in each room with people on this node: its own
// microphones by their levels, others by what their nodes say. It is a hint for
// pages and ears and passes by the room's home, which has no use for it.
type speakers struct {
	self geo.NodeID

	mu    sync.Mutex
	rooms map[roomKey]*speech
}

// tidings is what listening for one tick has brought in a room.
type tidings struct {
	key     roomKey
	voices  []voice // for the other nodes
	news    bool    // there are voices, maybe none, to send
	reorder bool    // others may be worth hearing
}

func newSpeakers(self geo.NodeID) *speakers {
	return &speakers{self: self, rooms: map[roomKey]*speech{}}
}

func (s *speakers) room(k roomKey) *speech {
	r, ok := s.rooms[k]
	if !ok {
		r = newSpeech(s.self)
		s.rooms[k] = r
	}
	return r
}

// listen takes the levels of the attachments here and tells them who speaks, under
// the lock, so that the last they are told is the last there was. Rooms that
// nobody here is in are forgotten, but for those to keep.
func (s *speakers) listen(here []*attachment, keep func(roomKey) bool, now time.Duration) (out []tidings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gather(here, now)
	for k, r := range s.rooms {
		if !r.live && !keep(k) {
			delete(s.rooms, k)
			continue
		}
		t := tidings{key: k}
		t.voices, t.news = r.measure(r.heard, now)
		if t.news || now-r.decided >= speechRefresh {
			t.reorder = s.decide(k, r, here, now)
		}
		if t.news || t.reorder {
			out = append(out, t)
		}
	}
	return out
}

// gather reads every microphone here, and greets who is new.
func (s *speakers) gather(here []*attachment, now time.Duration) {
	for _, r := range s.rooms {
		clear(r.heard)
		r.heard, r.live = r.heard[:0], false
	}
	for _, a := range here {
		r := s.room(a.key)
		r.live = true
		if v, ok := a.listen(now); ok && (v.Active || v.Track == r.dominant) {
			r.heard = append(r.heard, v)
		}
		sockets := a.out.sockets()
		if a.greeted != sockets && (len(r.shown.peers) > 0 || r.shown.dominant != "") {
			a.tellSpeaking(r.shown)
		}
		a.greeted = sockets
	}
}

// decide decides for a room and tells the attachments here.
func (s *speakers) decide(k roomKey, r *speech, here []*attachment, now time.Duration) (reorder bool) {
	tell, reorder := r.decide(now)
	if !tell {
		return reorder
	}
	for _, a := range here {
		if a.key == k {
			a.tellSpeaking(r.shown)
		}
	}
	return reorder
}

// hear takes what another node says of a room.
func (s *speakers) hear(k roomKey, from geo.NodeID, voices []voice, here []*attachment, now time.Duration) (reorder bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.room(k)
	r.hear(from, voices, now)
	return s.decide(k, r, here, now)
}

// loudest is loudness.Ranking.Loudest of a room.
func (s *speakers) loudest(k roomKey, n int, pinned []string, may func(track string) bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room(k).ranking.Loudest(n, pinned, may)
}

// detect listens to the microphones of this node and tells its attachments and
// the other nodes of their rooms.
func (n *Node) detect() {
	ticker := time.NewTicker(speechTick)
	defer ticker.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-ticker.C:
		}
		for _, t := range n.speakers.listen(n.attachmentList(), n.ears.has, n.now()) {
			if t.news {
				n.sendVoices(t.key, t.voices)
			}
			if t.reorder {
				n.ears.wake(t.key)
			}
		}
	}
}

// sendVoices tells the other nodes with people in the room. Loss is harmless:
// the list comes again, or expires.
func (n *Node) sendVoices(k roomKey, voices []voice) {
	nodes := n.plane.Nodes(k.Company, k.Room)
	nodes = slices.DeleteFunc(nodes, func(id geo.NodeID) bool { return id == n.cfg.Self.ID })
	if len(nodes) == 0 {
		return
	}
	body, err := json.Marshal(voicesMessage{V: 2, Company: k.Company, Room: k.Room, Voices: voices})
	if err != nil {
		return // no field can fail to encode
	}
	for _, id := range nodes {
		_ = n.mesh.Send(id, topicSpeaking, body)
	}
}

// hearVoices takes another node's message.
func (n *Node) hearVoices(from geo.NodeID, body []byte) {
	m, ok := parseVoices(body)
	k := roomKey{m.Company, m.Room}
	if !ok || !n.inRoom(k) && !n.ears.has(k) {
		return
	}
	if n.speakers.hear(k, from, m.Voices, n.attachmentList(), n.now()) {
		n.ears.wake(k)
	}
}
