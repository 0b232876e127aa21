package room

import (
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

// chronicle puts into records of history what happens in a room, as its home
// tells it. It is pure. Records are named by what they tell, so that two homes
// of one room, one after the other or at once, may tell the same.
type chronicle struct {
	node geo.NodeID
	pop  string
	kind record.RoomKind
}

// batch tells what one command changed; s is the state after it.
func (c chronicle) batch(s *State, b Batch) (out []record.Record) {
	for _, e := range b.Events {
		switch e.Kind {
		case EventJoin:
			if e.Person.Ordinal == 1 {
				out = append(out, c.opened(s))
			}
			out = append(out, s.joined(*e.Person))
		case EventLeave:
			out = append(out, s.left(Ended{PeerID: e.PeerID, Reason: e.Reason, JoinedAt: e.JoinedAt, At: e.At, Name: e.Name, Farewell: e.Farewell})...)
		case EventChat:
			out = append(out, s.chat(*e.Message))
		case eventLog:
			out = append(out, s.chats(e.Log)...)
		}
	}
	return out
}

// takeover tells all that the copy knows: the old home may have died before it
// could deliver it.
func (c chronicle) takeover(s *State) []record.Record {
	if !s.begun() {
		return nil
	}
	out := []record.Record{c.opened(s)}
	for _, p := range s.everybody() {
		out = append(out, s.joined(p))
	}
	for _, e := range s.Ended {
		out = append(out, s.left(e)...)
	}
	return append(out, s.chats(s.Chat)...)
}

// tick tells that those who are present have been there until a tick. Who is
// reconnecting may turn out to be lost: the next tick covers them if not.
func (c chronicle) tick(s *State, at time.Time) (out []record.Record) {
	for _, p := range s.everybody() {
		if p.State == Present && !p.JoinedAt.After(at) {
			out = append(out, &record.Tick{Live: s.live(at), Presence: s.presence(p.PeerID, p.JoinedAt), Peer: p.PeerID})
		}
	}
	return out
}

// closed tells the end of the session. Who is in it leaves with it.
func (c chronicle) closed(s *State, now time.Time, reason Reason) (out []record.Record) {
	if !s.begun() {
		return nil
	}
	for _, p := range s.everybody() {
		out = append(out, s.left(Ended{PeerID: p.PeerID, Reason: reason, JoinedAt: p.JoinedAt, At: instant(now), Name: p.Name, Farewell: p.Farewell})...)
	}
	return append(out, &record.Closed{Live: s.live(now)})
}

// overtaken tells the presences that ended because the halves of the session
// became one. Their other home may be gone with what it knew of them.
func (c chronicle) overtaken(s *State, people []Person, now time.Time) (out []record.Record) {
	for _, p := range people {
		reason := Lost
		if _, present := s.People[p.PeerID]; present {
			reason = Superseded
		}
		e := gone(p, reason, instant(now))
		out = append(out, s.joined(p))
		out = append(out, s.left(Ended{PeerID: p.PeerID, Reason: reason, JoinedAt: p.JoinedAt, At: e.At, Name: p.Name, Farewell: p.Farewell})...)
	}
	return out
}

// begun reports whether anybody was ever in the session.
func (s *State) begun() bool { return s.Ordinal > 0 }

func (c chronicle) opened(s *State) record.Record {
	return &record.Opened{Live: s.live(s.Opened), RoomKind: c.kind, POP: c.pop, Node: string(c.node)}
}

func (s *State) live(at time.Time) record.Live {
	return record.Live{Company: s.Company, Room: s.Room, Session: s.Session, At: at}
}

func (s *State) presence(peer string, joined time.Time) string {
	return record.PresenceID(s.Session, peer, joined)
}

func (s *State) joined(p Person) record.Record {
	return &record.Joined{
		Live: s.live(p.JoinedAt), Presence: s.presence(p.PeerID, p.JoinedAt), Peer: p.PeerID,
		Role: record.Role(p.Role), Mode: record.Mode(p.Mode), POP: p.POP, Node: string(p.Node), Person: p.Subject, Name: p.Name,
	}
}

// left is the end of a presence; none for an attachment whose presence went on
// with another, or of which too little is known.
func (s *State) left(e Ended) []record.Record {
	if e.At.IsZero() || e.JoinedAt.IsZero() {
		return nil
	}
	return []record.Record{&record.Left{
		Live: s.live(e.At), Presence: s.presence(e.PeerID, e.JoinedAt), Peer: e.PeerID, Reason: record.Reason(e.Reason),
		Name: e.Name, Farewell: e.Farewell,
	}}
}

func (s *State) chat(m Message) record.Record {
	return &record.Chat{Live: s.live(m.At), Message: m.ID, Seq: m.Seq, Peer: m.PeerID, Name: m.Name, Text: m.Text}
}

// chats is the messages that were written in this session.
func (s *State) chats(log []Message) (out []record.Record) {
	for _, m := range log {
		if m.Session == "" || m.Session == s.Session {
			out = append(out, s.chat(m))
		}
	}
	return out
}

// messages is the ids of the messages among records.
func messages(records []record.Record) (ids []string) {
	for _, r := range records {
		if c, ok := r.(*record.Chat); ok {
			ids = append(ids, c.Message)
		}
	}
	return ids
}
