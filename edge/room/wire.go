package room

import (
	"encoding/json"
	"fmt"

	"github.com/meridian-video/meridian/geo"
)

// wireVersion is the version of the protocol between nodes. A message of any
// other is refused.
const wireVersion = 4

// maxBody bounds a message between nodes, in bytes, before it is decoded. The state
// of a webinar is the largest: 2,020 people with every text at its bound and all the
// chat are within it, as the test of bounds shows; a usual one has a tenth of that.
const maxBody = 8 << 20

// Bounds of lists in messages, beyond those of what they contain.
const (
	maxCommands = 1024
	maxEvents   = 2 * maxPeople
	maxSuspects = 1024
)

// Topics. The first three are calls, the others one-way messages.
const (
	topicRegister = "room/register"
	topicWho      = "room/who"
	topicOrder    = "room/order"

	topicState    = "room/state"
	topicBatch    = "room/batch"
	topicAck      = "room/ack"
	topicCommand  = "room/command"
	topicResult   = "room/result"
	topicAnnounce = "room/announce"
	topicDrop     = "room/drop"
	topicHand     = "room/hand"
)

// head is in every message.
type head struct {
	V       int    `json:"v"`
	Company string `json:"company"`
	Room    string `json:"room"`
}

func (h *head) header() *head { return h }
func (h *head) key() Key      { return Key{h.Company, h.Room} }

type message interface {
	header() *head
	validate() bool
}

// command is what a leaf asks its home to do. Exactly one of the pointers is set.
type command struct {
	ID    uint64       `json:"id"` // unique at the asking node, for the result
	Trace string       `json:"trace,omitempty"`
	Join  *JoinCommand `json:"join,omitempty"`
	Leave *Ended       `json:"leave,omitempty"`
	Set   *setCommand  `json:"set,omitempty"`
	Chat  *chatCommand `json:"chat,omitempty"`
	Act   *actCommand  `json:"act,omitempty"`
}

type setCommand struct {
	Attachment string            `json:"attachment"`
	Name       string            `json:"name"`
	Media      Media             `json:"media"`
	Tracks     map[string]string `json:"tracks,omitempty"`
	Known      Hushed            `json:"known,omitzero"` // what the media knows of
	Away       bool              `json:"away,omitempty"` // the client is gone for now; then nothing else counts
}

type chatCommand struct {
	Attachment string `json:"attachment"`
	ID         string `json:"id"`
	Text       string `json:"text"`
}

type actCommand struct {
	Attachment string `json:"attachment"`
	Set        Stamp  `json:"set"` // names the act
	Act
}

// attachment is whom the command is for; empty for who only comes.
func (c command) attachment() string {
	switch {
	case c.Leave != nil:
		return c.Leave.Attachment
	case c.Set != nil:
		return c.Set.Attachment
	case c.Chat != nil:
		return c.Chat.Attachment
	case c.Act != nil:
		return c.Act.Attachment
	}
	return ""
}

// registerMsg makes the sender a follower, says who is there, and repeats what
// was not answered yet. It is the one message that asks for a home: whoever
// gets it answers as home, names another node, or becomes the home.
type registerMsg struct {
	head
	Stamp    Stamp        `json:"stamp"` // names the registration; an older one after a newer is stale
	Have     Position     `json:"have"`  // of the copy, zero if none
	State    *State       `json:"state,omitempty"`
	Yield    bool         `json:"yield,omitempty"` // the sender was home and gives way
	Watch    bool         `json:"watch,omitempty"` // keep me although nobody is here
	Mine     []Person     `json:"mine,omitempty"`
	Leaves   []Ended      `json:"leaves,omitempty"`
	Commands []command    `json:"commands,omitempty"`
	Suspects []geo.NodeID `json:"suspects,omitempty"` // did not answer the sender
}

// Statuses of a registerReply.
const (
	statusOK       = "ok"
	statusRedirect = "redirect"
	statusTryAgain = "try_again"
	statusCopy     = "copy"      // once more, with the sender's copy
	statusNotFound = "not_found" // nobody knows the room, and nobody asks to join it
)

type registerReply struct {
	head
	Status string     `json:"status"`
	Home   geo.NodeID `json:"home,omitempty"`
	Epoch  Epoch      `json:"epoch"`
}

type whoMsg struct {
	head
	Copy  bool       `json:"copy,omitempty"`  // the state is wanted too
	View  bool       `json:"view,omitempty"`  // without its secrets
	Brief bool       `json:"brief,omitempty"` // a Brief is wanted
	Peer  string     `json:"peer,omitempty"`  // of the Brief
	About geo.NodeID `json:"about,omitempty"` // a home the asker cannot reach
}

type whoReply struct {
	head
	Home  geo.NodeID `json:"home,omitempty"`  // empty: not known
	Alive bool       `json:"alive,omitempty"` // whom the question is about is
	Have  Position   `json:"have"`
	State *State     `json:"state,omitempty"`
	Brief *Brief     `json:"brief,omitempty"`
}

type stateMsg struct {
	head
	Stamp Stamp `json:"stamp"` // of the receiver's registration, zero if it made none
	State State `json:"state"`
}

type batchMsg struct {
	head
	Batches []Batch `json:"batches"` // of one epoch, in order
}

// epoch is that of the batches.
func (m *batchMsg) epoch() Epoch { return m.Batches[0].Epoch }

type ackMsg struct {
	head
	Have   Position `json:"have"`
	Resync bool     `json:"resync,omitempty"` // something is missing after it
}

type commandMsg struct {
	head
	Stamp    Stamp     `json:"stamp"`
	Commands []command `json:"commands"`
}

// resultMsg names commands that failed; success shows in the batches before it.
type resultMsg struct {
	head
	Failed []failure `json:"failed"`
}

type failure struct {
	ID   uint64 `json:"id"`
	Code string `json:"code"`
}

// announceMsg says who is home: the home's beat to its followers and to the
// room's directory, and the news of a better home to one that must yield.
type announceMsg struct {
	head
	Home geo.NodeID `json:"home"`
	Have Position   `json:"have"`
}

// dropMsg ends following: the room is over or the copy no longer needed there.
type dropMsg struct {
	head
	Stamp Stamp `json:"stamp"`          // of the registration it ends, zero for a standby
	Over  bool  `json:"over,omitempty"` // the room is over
}

// encode fills in the head and marshals. Every type here can be encoded.
func encode(k Key, m message) []byte {
	*m.header() = head{V: wireVersion, Company: k.Company, Room: k.Room}
	body, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return body
}

// decode reads a message of at most maxBody bytes and checks every bound.
func decode(body []byte, m message) error {
	if len(body) > maxBody {
		return fmt.Errorf("message of %d bytes: %w", len(body), ErrInvalid)
	}
	var version struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(body, &version); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if version.V != wireVersion {
		return fmt.Errorf("version %d: %w", version.V, ErrVersion)
	}
	if err := json.Unmarshal(body, m); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !m.header().key().valid() || !m.validate() {
		return ErrInvalid
	}
	return nil
}

// blank is an empty message for a topic, nil for an unknown one.
func blank(topic string) message {
	switch topic {
	case topicRegister:
		return &registerMsg{}
	case topicWho:
		return &whoMsg{}
	case topicOrder:
		return &orderMsg{}
	case topicState:
		return &stateMsg{}
	case topicBatch:
		return &batchMsg{}
	case topicAck:
		return &ackMsg{}
	case topicCommand:
		return &commandMsg{}
	case topicResult:
		return &resultMsg{}
	case topicAnnounce:
		return &announceMsg{}
	case topicDrop:
		return &dropMsg{}
	case topicHand:
		return &handMsg{}
	}
	return nil
}
