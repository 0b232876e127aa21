package room

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// State is everything a room is: what copies on other nodes hold and what a
// takeover continues from. It contains the room's secrets: it travels between
// nodes and to nobody else.
type State struct {
	Company    string            `json:"company"`
	Room       string            `json:"room"`
	Session    string            `json:"session"`         // id of the live period, INV-03 and INV-18
	Opened     time.Time         `json:"opened,omitzero"` // the first person came
	Epoch      Epoch             `json:"epoch"`
	Version    uint64            `json:"version"`
	Base       Position          `json:"base"` // other epochs' positions up to here are contained
	Secrets    [][]byte          `json:"secrets"`
	Kind       RoomKind          `json:"kind,omitempty"` // empty: Call
	Places     Places            `json:"places"`
	Rules      Rules             `json:"rules"`
	Ordinal    uint64            `json:"ordinal"` // last given
	Seq        uint64            `json:"seq"`     // last chat sequence number given
	People     map[string]Person `json:"people"`
	Lobby      map[string]Person `json:"lobby"`    // who waits to be admitted, by peer id
	Verdicts   []Verdict         `json:"verdicts"` // on people, the oldest first
	Chat       []Message         `json:"chat"`
	Ended      []Ended           `json:"ended"`
	EmptySince time.Time         `json:"empty_since,omitzero"`

	census *census // see count
}

// Ended remembers why an attachment is over.
type Ended struct {
	Attachment string    `json:"attachment"`
	PeerID     string    `json:"peer_id"`
	Reason     Reason    `json:"reason"`
	By         string    `json:"by,omitempty"`       // peer id of who decided it
	JoinedAt   time.Time `json:"joined_at,omitzero"` // of the presence; zero: not known
	At         time.Time `json:"at,omitzero"`        // zero: resumed elsewhere
	Name       string    `json:"name,omitempty"`
	Farewell   string    `json:"farewell,omitempty"` // see Join
}

// Snapshot is a room as those in it may see it. People are in join order: those
// of whom everybody is told. They are shared, and nobody writes to them.
type Snapshot struct {
	Company, Room, Session string

	Epoch    Epoch
	Version  uint64
	Kind     RoomKind
	Places   Places
	Rules    Rules
	People   []Person
	Viewers  int      // how many there are, listed or not
	Lobby    []Person // who waits, for moderators' eyes, the first to come first
	verdicts []Verdict
	Chat     []Message
}

// Home is the node that decides for the room, as of the snapshot.
func (s Snapshot) Home() geo.NodeID { return s.Epoch.Node }

// Hash identifies the content: copies that are equal have equal hashes.
func (s State) Hash() string {
	body, err := json.Marshal(s) // map keys are sorted
	if err != nil {
		return "" // no field of State can fail to encode
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func (s State) key() Key           { return Key{s.Company, s.Room} }
func (s State) position() Position { return Position{s.Epoch, s.Version} }

func (s State) clone() State {
	s.Secrets = slices.Clone(s.Secrets)
	s.People = maps.Clone(s.People)
	if s.People == nil {
		s.People = map[string]Person{}
	}
	s.Lobby = maps.Clone(s.Lobby)
	if s.Lobby == nil {
		s.Lobby = map[string]Person{}
	}
	s.Verdicts = slices.Clone(s.Verdicts)
	s.Chat = slices.Clone(s.Chat)
	s.Ended = slices.Clone(s.Ended)
	s.census = s.counted()
	return s
}

func (s *State) snapshot() Snapshot {
	return Snapshot{
		Company: s.Company, Room: s.Room, Session: s.Session, Epoch: s.Epoch, Version: s.Version,
		Kind: s.Kind, Places: s.Places, Rules: s.Rules, People: s.shown(), Viewers: s.count().viewers, Lobby: s.waiting(), verdicts: slices.Clone(s.Verdicts), Chat: slices.Clone(s.Chat),
	}
}

// validate says why a state from the network cannot be taken.
func (s State) validate() error {
	ok := s.key().valid() && okID(s.Session) && okID(string(s.Epoch.Node)) && okID(string(s.Base.Epoch.Node)) &&
		validSecrets(s.Secrets) && s.Kind.valid() && s.Places.valid() && s.Rules.valid() && len(s.People) <= maxPeople &&
		len(s.Lobby) <= maxLobby && len(s.Verdicts) <= maxVerdicts &&
		len(s.Ended) <= endedKept && validLog(s.Chat) && s.Seq >= uint64(len(s.Chat))
	attachments := make(map[string]bool, len(s.People))
	for id, p := range s.People {
		ok = ok && id == p.PeerID && p.valid() && !attachments[p.Attachment]
		attachments[p.Attachment] = true
	}
	for id, g := range s.Lobby {
		ok = ok && id == g.PeerID && g.valid() && !attachments[g.Attachment]
		attachments[g.Attachment] = true
	}
	for _, v := range s.Verdicts {
		ok = ok && v.valid()
	}
	for _, e := range s.Ended {
		ok = ok && okID(e.Attachment) && okID(e.PeerID) && okID(e.By) && e.Reason.valid()
	}
	if !ok {
		return fmt.Errorf("room state: %w", ErrInvalid)
	}
	return nil
}

func (s *State) meta() Meta {
	return Meta{Secrets: slices.Clone(s.Secrets), Kind: s.Kind, Places: s.Places, Base: s.Base}
}

// at finds who holds an attachment.
func (s *State) at(attachment string) (Person, bool) {
	p, ok := s.People[s.count().people[attachment]]
	return p, ok && p.Attachment == attachment
}

// ended finds why an attachment is over; the latest end counts.
func (s *State) ended(attachment string) (Ended, bool) {
	for _, e := range slices.Backward(s.Ended) {
		if e.Attachment == attachment {
			return e, true
		}
	}
	return Ended{}, false
}

func (s *State) message(id string) (Message, bool) {
	for _, m := range slices.Backward(s.Chat) {
		if m.ID == id {
			return m, true
		}
	}
	return Message{}, false
}

// apply makes one valid event true. Home and copies both come through here,
// which is why they stay equal.
func (s *State) apply(e Event) {
	switch e.Kind {
	case EventJoin, EventPerson:
		p := *e.Person
		if old, ok := s.People[p.PeerID]; ok && old.Attachment != p.Attachment {
			s.end(old, Event{Reason: Superseded})
		}
		s.put(p)
		s.Ordinal = max(s.Ordinal, p.Ordinal)
		if s.Opened.IsZero() {
			s.Opened = p.JoinedAt
		}
		s.EmptySince = time.Time{}
	case EventLeave:
		p, ok := s.People[e.PeerID]
		if !ok || p.Attachment != e.Attachment {
			return
		}
		s.remove(p)
		s.end(p, e)
		if len(s.People) == 0 {
			s.EmptySince = e.At
		}
	case EventChat:
		s.Chat = trimChat(append(s.Chat, *e.Message))
		s.Seq = max(s.Seq, e.Message.Seq)
	case EventRules:
		s.Rules = *e.Rules
	case EventWait:
		s.list(*e.Person)
	case EventWent:
		s.unlisted(e)
	case eventVerdict:
		s.remember(*e.Verdict)
	case eventActed:
		if p, ok := s.People[e.PeerID]; ok && p.Attachment == e.Attachment {
			p.Acted = *e.Set
			s.put(p)
		}
	case eventOver:
		if len(s.People) == 0 {
			s.EmptySince = e.At
		}
	case eventLog:
		s.Chat = slices.Clone(e.Log)
		for _, m := range e.Log {
			s.Seq = max(s.Seq, m.Seq)
		}
	case eventMeta:
		s.Secrets, s.Places, s.Base = slices.Clone(e.Meta.Secrets), e.Meta.Places, e.Meta.Base
		if s.Kind != e.Meta.Kind {
			s.Kind = e.Meta.Kind
			s.census = s.counted()
		}
	}
}

// begins is when a presence of a peer begins that is asked for now: after every earlier one's beginning, which
// names it (record.PresenceID).
func (s *State) begins(peer string, now time.Time) time.Time {
	at := instant(now)
	if p, ok := s.People[peer]; ok && !at.After(p.JoinedAt) {
		at = p.JoinedAt.Add(time.Millisecond)
	}
	for _, e := range s.Ended {
		if e.PeerID == peer && !at.After(e.JoinedAt) {
			at = e.JoinedAt.Add(time.Millisecond)
		}
	}
	return at
}

// removedAt is when somebody was last made to go.
func (s *State) removedAt(peer string) time.Time {
	for _, e := range slices.Backward(s.Ended) {
		if e.PeerID == peer && e.Reason.removed() && !e.At.IsZero() {
			return e.At
		}
	}
	return time.Time{}
}

func (s *State) end(p Person, e Event) {
	s.keepEnd(Ended{Attachment: p.Attachment, PeerID: p.PeerID, Reason: e.Reason, By: e.By, JoinedAt: p.JoinedAt, At: e.At, Name: p.Name, Farewell: p.Farewell})
}

// unlisted takes a guest out of the lobby. Why somebody is not in the room after
// all is for their node to find; of history it is no part, so it has no times.
func (s *State) unlisted(e Event) {
	g, ok := s.Lobby[e.PeerID]
	if !ok || g.Attachment != e.Attachment {
		return
	}
	s.unlist(g)
	if e.Reason != "" {
		s.keepEnd(Ended{Attachment: e.Attachment, PeerID: e.PeerID, Reason: e.Reason})
	}
}

func (s *State) keepEnd(e Ended) {
	s.Ended = append(s.Ended, e)
	if over := len(s.Ended) - endedKept; over > 0 {
		s.Ended = slices.Delete(s.Ended, 0, over)
	}
}

// trimChat drops the oldest messages until both bounds hold.
func trimChat(log []Message) []Message {
	size := 0
	for _, m := range log {
		size += m.size()
	}
	drop := 0
	for len(log)-drop > ChatKept || size > chatBytes {
		size -= log[drop].size()
		drop++
	}
	return slices.Delete(log, 0, drop)
}

// size bounds a message's length as JSON from above.
func (m Message) size() int {
	return 160 + len(m.ID) + len(m.PeerID) + len(m.Session) + quoted(m.Name) + quoted(m.Text)
}

func quoted(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c < 0x20, c == '<', c == '>', c == '&', c == 0xe2: // \u00xx; U+2028 and U+2029 start with 0xe2
			n += 5
		case c == '"', c == '\\':
			n++
		}
	}
	return n
}
