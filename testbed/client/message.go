package client

import (
	"encoding/json"

	"github.com/meridian-video/meridian/edge/signal"
)

// message is anything the server says after the join.
type message struct {
	Type    string
	Version uint64
	Events  []signal.Event
	People  []signal.Person
	Chat    []signal.Message
	Peers   []string `json:"peer_ids"`
	Leads   string   `json:"dominant"`
	Audio   []*string
	ID      string
	Seq     uint64
	Code    signal.Code
	Message string
	Up      json.RawMessage // of quality or bitrate
	Down    signal.Score
	Video   []*signal.SlotLayer
	Rules   signal.Rules
	Waiting []signal.Guest
	Viewers int
	Next    string
	Total   int
}

func (m message) fault() signal.Fault {
	return signal.Fault{Type: m.Type, Code: m.Code, Message: m.Message}
}

// answers are what the server said to requests, by their ids.
type answers struct {
	acks  map[string]uint64
	fails map[string]signal.Fault
	pages map[string]signal.Page // of lookups
}

func newAnswers() answers {
	return answers{map[string]uint64{}, map[string]signal.Fault{}, map[string]signal.Page{}}
}

// hear keeps an answer, and passes over the rest.
func (a answers) hear(m message) {
	switch m.Type {
	case "people":
		a.pages[m.ID] = signal.Page{ID: m.ID, People: m.People, Next: m.Next, Total: m.Total}
	case "ack":
		a.acks[m.ID] = m.Seq
	case "error":
		a.fails[m.ID] = m.fault()
	}
}
