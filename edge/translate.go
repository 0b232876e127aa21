package edge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/edge/photo"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/signal"
)

// What the room says, in the words of the signalling protocol.

func (n *Node) person(p room.Person) signal.Person {
	tracks := p.Tracks
	if tracks == nil {
		tracks = map[string]string{}
	}
	return signal.Person{
		Peer: p.PeerID, Name: p.Name, Photo: n.album.ID(photo.Source(p.Photo)), Role: string(p.Role), Owner: p.Owner, Mode: string(p.Mode), Hand: hand(p), POP: p.POP, JoinedAt: p.JoinedAt,
		State: string(p.State), Media: signal.Media(p.Media), Tracks: tracks,
		Hushed: signal.Hushed{Mic: signalHush(p.Hushed.Mic), Camera: signalHush(p.Hushed.Camera), Share: signalHush(p.Hushed.Share)},
	}
}

// reader is whom something is told.
type reader struct {
	peer      string
	moderates bool
}

// personTo is a person as a reader may see them: who switched off what of
// somebody is theirs and moderators' to know.
func (n *Node) personTo(to reader, p room.Person) signal.Person {
	out := n.person(p)
	if !to.moderates && to.peer != p.PeerID {
		out.Hushed = signal.Hushed{}
	}
	return out
}

func signalHush(h room.Hush) *signal.Hush {
	if h == (room.Hush{}) {
		return nil
	}
	return &signal.Hush{Mark: fmt.Sprintf("%d.%d.%s", h.Wall, h.Count, h.Node), By: h.By}
}

// hand is when a person raised it, nil while it is down.
func hand(p room.Person) *time.Time {
	if p.Hand.IsZero() {
		return nil
	}
	return &p.Hand
}

func signalRules(r room.Rules) signal.Rules {
	return signal.Rules{
		Locked: r.Locked.Value, Lobby: r.Lobby.Value, MuteMode: string(r.Mute.Value), Share: string(r.Share.Value),
		Chat: string(r.Chat.Value), Hands: string(r.Hands.Value), Bitrate: r.Bitrate.Value, Stage: signal.Stage(r.Stage.Value), Player: string(r.Player.Value),
	}
}

func (n *Node) guests(in []room.Person) []signal.Guest {
	out := make([]signal.Guest, 0, len(in))
	for _, g := range in {
		out = append(out, signal.Guest{Peer: g.PeerID, Name: g.Name, Photo: n.album.ID(photo.Source(g.Photo)), Since: time.UnixMilli(g.Claim.Wall).UTC()})
	}
	return out
}

func (n *Node) people(to reader, in []room.Person) []signal.Person {
	out := make([]signal.Person, 0, len(in))
	for _, p := range in {
		out = append(out, n.personTo(to, p))
	}
	return out
}

// with is people and one more if they are not among them.
func with(people []room.Person, one room.Person) []room.Person {
	if slices.ContainsFunc(people, func(p room.Person) bool { return p.PeerID == one.PeerID }) {
		return people
	}
	return append(slices.Clip(people), one)
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

// events are the events that a participant is told: who waits has a message
// of its own, for moderators, and only who is asked hears it.
func (n *Node) events(to reader, in []room.Event) []signal.Event {
	out := make([]signal.Event, 0, len(in))
	for _, e := range in {
		switch {
		case e.Kind == room.EventWait, e.Kind == room.EventWent, e.Kind == room.EventAsk && e.PeerID != to.peer, e.Kind == room.EventCounted && e.PeerID == to.peer:
			continue
		case e.Kind == room.EventAsk:
			out = append(out, signal.Event{Kind: "ask", Source: e.Text})
			continue
		case e.Kind == room.EventViewers:
			out = append(out, signal.Event{Kind: "viewers", Viewers: &e.Viewers})
			continue
		case e.Kind == room.EventRules:
			r := signalRules(*e.Rules)
			out = append(out, signal.Event{Kind: "rules", Rules: &r})
			continue
		}
		s := signal.Event{Text: e.Text, Kind: string(e.Kind), Peer: e.PeerID, Reason: string(e.Reason), By: e.By}
		if e.Person != nil {
			p := n.personTo(to, *e.Person)
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
	case errors.Is(err, room.ErrLocked):
		return signal.Refuse(signal.Locked, "The meeting is locked.", err)
	case errors.Is(err, room.ErrBlocked):
		return signal.Refuse(signal.Blocked, "You were removed from this meeting and cannot come back.", err)
	case errors.Is(err, room.ErrDenied):
		return signal.Refuse(signal.Denied, "You were not let in.", err)
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
	case errors.Is(err, room.ErrNotAllowed):
		e.Code, e.Message = signal.NotAllowed, "The meeting does not let you write."
	case errors.Is(err, room.ErrChatTooLong):
		e.Code, e.Message = signal.ChatTooLong, "text: a message has at most 8 KiB"
	case errors.Is(err, room.ErrInvalid):
		e.Code, e.Message = signal.BadMessage, "text: is empty, or id: is too long"
	}
	return e
}

// actError is why something was not done.
func actError(err error) error {
	e := &signal.Error{Kind: signal.Failed, Code: signal.TryAgain, Message: "That could not be done; try again.", Cause: err}
	switch {
	case errors.Is(err, room.ErrNotAllowed):
		e.Code, e.Message = signal.NotAllowed, "You may not do that."
	case errors.Is(err, room.ErrNoPerson):
		e.Code, e.Message = signal.BadMessage, "peer_id: nobody of that id is there"
	case errors.Is(err, room.ErrFull):
		e.Code, e.Message = signal.Full, "The meeting is full."
	case errors.Is(err, room.ErrInvalid): // which names the field
		e.Code, e.Message = signal.BadMessage, strings.TrimSuffix(err.Error(), ": "+room.ErrInvalid.Error())
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
