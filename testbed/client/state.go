package client

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/meridian-video/meridian/edge/signal"
)

// State is what a client knows of the room.
type State struct {
	Version  uint64
	People   map[string]signal.Person // those of whom everybody is told
	Viewers  int                      // of a webinar
	Chat     []signal.Message
	Speaking []string
	Dominant string              // peer id
	Heard    [][]string          // what the audio slots play, every time the node said so
	Quality  []signal.Quality    // every time the node said so
	Caps     []int               // what it may send of video, bit/s, every time the node said so
	Layers   []*signal.SlotLayer // what the video slots get
	Rules    signal.Rules
	Lobby    []signal.Guest // as a moderator is told
	Asked    []string       // what the client was asked to switch on
	Reacted  []string       // who by what
	Gone     []string       // who left and why, in order
	Shaken   []string       // who was shown as reconnecting
	Resets   int
	Ended    *signal.Fault
	Moved    bool
}

// enter takes what a join is answered with.
func (s *State) enter(j signal.Joined) {
	s.People = map[string]signal.Person{}
	for _, p := range append(slices.Clone(j.People), j.Self) {
		s.People[p.Peer] = p
	}
	s.Version, s.Chat, s.Rules, s.Lobby, s.Viewers = j.Room.Version, j.Chat, j.Rules, j.Lobby, j.Viewers
}

// hear applies what the server says of the room, and passes over the rest.
func (s *State) hear(m message) {
	switch m.Type {
	case "update":
		s.Version = m.Version
		for _, e := range m.Events {
			s.apply(e)
		}
	case "reset":
		s.reset(m)
	case "speaking":
		s.Speaking, s.Dominant = m.Peers, m.Leads
	case "heard":
		s.Heard = append(s.Heard, names(m.Audio))
	case "quality":
		q := signal.Quality{Type: m.Type, Down: m.Down}
		_ = json.Unmarshal(m.Up, &q.Up)
		s.Quality = append(s.Quality, q)
	case "bitrate":
		var up int
		_ = json.Unmarshal(m.Up, &up)
		s.Caps = append(s.Caps, up)
	case "lobby":
		s.Lobby = m.Waiting
	case "layers":
		s.Layers = m.Video
	case "ended":
		fault := m.fault()
		s.Ended = &fault
	case "move":
		s.Moved = true
	}
}

func (s *State) reset(m message) {
	s.Resets++
	s.Version, s.Chat, s.Rules, s.Viewers = m.Version, m.Chat, m.Rules, m.Viewers
	s.People = map[string]signal.Person{}
	for _, p := range m.People {
		s.People[p.Peer] = p
	}
}

func (s *State) apply(e signal.Event) {
	switch {
	case e.Kind == "leave", e.Kind == "counted":
		delete(s.People, e.Peer)
		if e.Kind == "leave" {
			s.Gone = append(s.Gone, e.Peer+" "+e.Reason)
		}
	case e.Person != nil:
		if e.Person.State == "reconnecting" {
			s.Shaken = append(s.Shaken, e.Person.Peer)
		}
		s.People[e.Person.Peer] = *e.Person
	case e.Message != nil:
		s.Chat = append(s.Chat, *e.Message)
	case e.Rules != nil:
		s.Rules = *e.Rules
	case e.Viewers != nil:
		s.Viewers = *e.Viewers
	case e.Kind == "ask":
		s.Asked = append(s.Asked, e.Source)
	case e.Kind == "reaction":
		s.Reacted = append(s.Reacted, e.Peer+" "+e.Text)
	}
}

// clone copies what later messages would change.
func (s State) clone() State {
	s.People = maps.Clone(s.People)
	s.Chat, s.Speaking, s.Heard = slices.Clone(s.Chat), slices.Clone(s.Speaking), slices.Clone(s.Heard)
	s.Gone, s.Shaken = slices.Clone(s.Gone), slices.Clone(s.Shaken)
	s.Quality, s.Caps, s.Layers = slices.Clone(s.Quality), slices.Clone(s.Caps), slices.Clone(s.Layers)
	s.Lobby, s.Asked, s.Reacted = slices.Clone(s.Lobby), slices.Clone(s.Asked), slices.Clone(s.Reacted)
	return s
}

// names are the tracks of slots, "" for nothing.
func names(slots []*string) []string {
	out := make([]string, len(slots))
	for i, s := range slots {
		if s != nil {
			out[i] = *s
		}
	}
	return out
}
