package room

import (
	"fmt"
	"time"
)

// Kind names a kind of event.
type Kind string

// The kinds of events. Observers see the first eleven, of which the last two are made
// at their own node; the others keep copies equal.
const (
	EventJoin     Kind = "join"     // Person came
	EventPerson   Kind = "person"   // Person changed
	EventLeave    Kind = "leave"    // PeerID's presence ended with Reason
	EventChat     Kind = "chat"     // Message was written
	EventRules    Kind = "rules"    // Rules hold
	EventWait     Kind = "wait"     // Person waits in the lobby
	EventWent     Kind = "went"     // PeerID waits no more; with no Reason they are in
	EventAsk      Kind = "ask"      // PeerID is asked to switch on the Source that Text names
	EventReaction Kind = "reaction" // PeerID reacts by Text
	EventCounted  Kind = "counted"  // PeerID is one of a webinar's Viewers now, who are only counted
	EventViewers  Kind = "viewers"  // there are so many Viewers
	eventLog      Kind = "log"      // the whole chat anew, after a merge
	eventMeta     Kind = "meta"     // secrets, kind, places, what was merged
	eventVerdict  Kind = "verdict"  // Verdict was given
	eventActed    Kind = "acted"    // PeerID's act of Set is done
	eventOver     Kind = "over"     // the room, empty, is over
)

// Event is one change of a room's state.
type Event struct {
	Kind       Kind      `json:"kind"`
	Person     *Person   `json:"person,omitempty"`
	PeerID     string    `json:"peer_id,omitempty"`
	Attachment string    `json:"attachment,omitempty"` // of a leave: the one that was current
	JoinedAt   time.Time `json:"joined_at,omitzero"`   // of a leave: when the presence began
	Reason     Reason    `json:"reason,omitempty"`
	By         string    `json:"by,omitempty"`       // of a leave: peer id of who decided it
	At         time.Time `json:"at,omitzero"`        // of a leave
	Name       string    `json:"name,omitempty"`     // of a leave: what they were called
	Farewell   string    `json:"farewell,omitempty"` // of a leave, see Join
	Message    *Message  `json:"message,omitempty"`
	Text       string    `json:"text,omitempty"`
	Rules      *Rules    `json:"rules,omitempty"`
	Verdict    *Verdict  `json:"verdict,omitempty"`
	Set        *Stamp    `json:"set,omitempty"` // of an act
	Log        []Message `json:"log,omitempty"`
	Meta       *Meta     `json:"meta,omitempty"`
	Viewers    int       `json:"-"`
}

// Meta is the part of the state that no observer sees.
type Meta struct {
	Secrets [][]byte `json:"secrets"` // of resume tickets, newest first
	Kind    RoomKind `json:"kind,omitempty"`
	Places  Places   `json:"places"`
	Base    Position `json:"base"` // everything up to here is contained, see State.Base
}

// Batch is what one command changed: events that become visible together.
type Batch struct {
	Epoch   Epoch   `json:"epoch"`
	Version uint64  `json:"version"` // of the state after it
	Events  []Event `json:"events"`
}

func (e Event) validate() error {
	ok := false
	switch e.Kind {
	case EventJoin, EventPerson, EventWait:
		ok = e.Person != nil && e.Person.valid()
	case EventWent:
		ok = e.PeerID != "" && okID(e.PeerID) && okID(e.Attachment) && (e.Reason == "" || e.Reason.valid())
	case EventAsk, EventReaction:
		ok = e.PeerID != "" && okID(e.PeerID) && isReaction(e.Text)
	case EventRules:
		ok = e.Rules != nil && e.Rules.valid()
	case eventVerdict:
		ok = e.Verdict != nil && e.Verdict.valid()
	case eventActed:
		ok = okID(e.PeerID) && okID(e.Attachment) && e.Set != nil && e.Set.valid()
	case eventOver:
		ok = true
	case EventLeave:
		ok = e.PeerID != "" && okID(e.PeerID) && okID(e.Attachment) && okID(e.By) && e.Reason.valid() && okName(e.Name) && okFarewell(e.Farewell)
	case EventChat:
		ok = e.Message != nil && e.Message.valid()
	case eventLog:
		ok = validLog(e.Log)
	case eventMeta:
		ok = e.Meta != nil && validSecrets(e.Meta.Secrets) && e.Meta.Kind.valid() && e.Meta.Places.valid() && okID(string(e.Meta.Base.Epoch.Node))
	}
	if !ok {
		return fmt.Errorf("event %q: %w", e.Kind, ErrInvalid)
	}
	return nil
}

func (b Batch) validate() error {
	for _, e := range b.Events {
		if err := e.validate(); err != nil {
			return err
		}
	}
	return nil
}

// visible is the batch as observers see it, and whether they need the whole
// state instead.
func (b Batch) visible() (events []Event, reset bool) {
	for _, e := range b.Events {
		switch e.Kind {
		case EventJoin, EventPerson, EventLeave, EventChat, EventRules, EventWait, EventWent, EventAsk, EventReaction:
			events = append(events, e)
		case eventLog:
			return nil, true
		}
	}
	return events, false
}

func joined(p Person) Event  { return Event{Kind: EventJoin, Person: &p} }
func changed(p Person) Event { return Event{Kind: EventPerson, Person: &p} }

func gone(p Person, reason Reason, at time.Time) Event {
	if at.Before(p.JoinedAt) { // another home's clock, or the same millisecond
		at = p.JoinedAt
	}
	return Event{Kind: EventLeave, PeerID: p.PeerID, Attachment: p.Attachment, JoinedAt: p.JoinedAt, Reason: reason, At: at, Name: p.Name, Farewell: p.Farewell}
}

func validLog(log []Message) bool {
	if len(log) > ChatKept {
		return false
	}
	for _, m := range log {
		if !m.valid() {
			return false
		}
	}
	return true
}

func validSecrets(secrets [][]byte) bool {
	if len(secrets) == 0 || len(secrets) > secretsKept {
		return false
	}
	for _, s := range secrets {
		if len(s) != secretSize {
			return false
		}
	}
	return true
}
