package edge

import (
	"context"
	"errors"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// What the room says, in the words of the signalling protocol.

func signalPerson(p room.Person) signal.Person {
	tracks := p.Tracks
	if tracks == nil {
		tracks = map[string]string{}
	}
	return signal.Person{
		Peer: p.PeerID, Name: p.Name, Role: string(p.Role), POP: p.POP, JoinedAt: p.JoinedAt,
		State: string(p.State), Media: signal.Media(p.Media), Tracks: tracks,
	}
}

func signalPeople(in []room.Person) []signal.Person {
	out := make([]signal.Person, 0, len(in))
	for _, p := range in {
		out = append(out, signalPerson(p))
	}
	return out
}

func signalMessage(m room.Message) signal.Message {
	return signal.Message{Seq: m.Seq, Peer: m.PeerID, Name: m.Name, Text: m.Text, At: m.At}
}

func signalChat(in []room.Message) []signal.Message {
	out := make([]signal.Message, 0, len(in))
	for _, m := range in {
		out = append(out, signalMessage(m))
	}
	return out
}

func signalEvents(in []room.Event) []signal.Event {
	out := make([]signal.Event, 0, len(in))
	for _, e := range in {
		s := signal.Event{Kind: string(e.Kind), Peer: e.PeerID, Reason: string(e.Reason)}
		if e.Person != nil {
			p := signalPerson(*e.Person)
			s.Person = &p
		}
		if e.Message != nil {
			m := signalMessage(*e.Message)
			s.Message = &m
		}
		out = append(out, s)
	}
	return out
}

// joinError is why the room did not take a participant.
func joinError(err error) error {
	switch {
	case errors.Is(err, room.ErrFull):
		return signal.Refuse(signal.Full, "The meeting is full.", err)
	case errors.Is(err, room.ErrNotFound):
		return signal.Refuse(signal.NotFound, "Nobody is in this meeting yet.", err)
	case errors.Is(err, room.ErrResumeInvalid):
		return signal.Refuse(signal.ResumeInvalid, "Your place in the meeting is gone; join again.", err)
	case errors.Is(err, room.ErrInvalid):
		return signal.Refuse(signal.BadMessage, "room, peer_id or name: "+room.ErrInvalid.Error(), err)
	case errors.Is(err, room.ErrSuperseded):
		return signal.Refuse(signal.Superseded, "You joined from another place meanwhile.", err)
	case errors.Is(err, room.ErrTryAgain), errors.Is(err, context.DeadlineExceeded):
		return &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "The meeting could not be reached; try again.", RetryAfter: 1, Cause: err}
	}
	return err
}

// endedError is why the room ended an attachment, as the client is told.
func endedError(r room.Reason) *signal.Error {
	e := &signal.Error{Kind: signal.Ended, Code: signal.Code(r), Message: "You are no longer in the meeting."}
	switch r {
	case room.Superseded:
		e.Message = "You joined from another place; this one was closed."
	case room.Lost:
		e.Code, e.Message = signal.TransportFailed, "The connection to the meeting was lost."
	}
	return e
}
