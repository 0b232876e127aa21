package edge

import (
	"context"
	"errors"
	"fmt"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/rtc"
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

// signalEvents leaves out the cap, which has a message of its own.
func signalEvents(in []room.Event) []signal.Event {
	out := make([]signal.Event, 0, len(in))
	for _, e := range in {
		if e.Kind == room.EventBitrate {
			continue
		}
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
	case errors.Is(err, room.ErrClosed):
		return refuseDraining(err)
	case errors.Is(err, room.ErrTryAgain), errors.Is(err, room.ErrNoAttachment), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &signal.Error{Kind: signal.Refused, Code: signal.TryAgain, Message: "The meeting could not be reached; try again.", RetryAfter: 1, Cause: err}
	}
	return err
}

func refuseDraining(cause error) *signal.Error {
	return &signal.Error{Kind: signal.Refused, Code: signal.NodeDraining, Message: "This server is being maintained; another one takes you.", RetryAfter: 1, Cause: cause}
}

func refuseFull(cause error) *signal.Error {
	return &signal.Error{Kind: signal.Refused, Code: signal.NodeFull, Message: "This server is full; another one takes you.", RetryAfter: 5, Cause: cause}
}

// chatError is why a chat message was not taken. Only what may work when it is
// tried again is called so.
func chatError(err error) error {
	e := &signal.Error{Kind: signal.Failed, Code: signal.TryAgain, Message: "The message could not be delivered; try again.", Cause: err}
	switch {
	case errors.Is(err, room.ErrChatTooLong):
		e.Code, e.Message = signal.ChatTooLong, "text: a message has at most 8 KiB"
	case errors.Is(err, room.ErrInvalid):
		e.Code, e.Message = signal.BadMessage, "text: is empty, or id: is too long"
	}
	return e
}

// bitrateError is why a cap was not set.
func bitrateError(err error) error {
	e := &signal.Error{Kind: signal.Failed, Code: signal.TryAgain, Message: "The bitrate could not be set; try again.", Cause: err}
	switch {
	case errors.Is(err, room.ErrNotAllowed):
		e.Code, e.Message = signal.NotAllowed, "Only a moderator bounds what everybody sends."
	case errors.Is(err, room.ErrInvalid):
		e.Code, e.Message = signal.BadMessage, fmt.Sprintf("max: is neither 0 nor from %d to %d bit/s", room.MinBitrate, room.MaxBitrate)
	}
	return e
}

// offerError is why a later offer was not answered.
func offerError(err error) error {
	switch {
	case errors.Is(err, rtc.ErrBadOffer):
		return &signal.Error{Kind: signal.Failed, Code: signal.BadMessage, Message: "offer: " + err.Error(), Cause: err}
	case errors.Is(err, rtc.ErrClosed), errors.Is(err, context.Canceled):
		return &signal.Error{Kind: signal.Failed, Code: signal.TryAgain, Message: "The media connection is over.", Cause: err}
	}
	return err
}

// endedError is why the room ended an attachment, as the client is told.
func endedError(r room.Reason) *signal.Error {
	e := &signal.Error{Kind: signal.Ended, Code: signal.Code(r)}
	switch r {
	case room.Kicked, room.Blocked:
		e.Message = "You were removed from the meeting."
	case room.RoomClosed:
		e.Message = "The meeting is over."
	case room.Superseded:
		e.Message = "You joined from another place; this one was closed."
	default: // lost; or left, which nobody did here
		e.Code, e.Message = signal.TransportFailed, "The connection to the meeting was lost."
	}
	return e
}
