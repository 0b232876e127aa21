package tenant

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// link is an attendee's own way into the meeting's room: whoever has it comes in under that name.
func (s *Secretary) link(v *state.View, c state.Company, m state.Meeting, a state.Attendee, name string) (string, error) {
	at := v.HostOf(c)
	room, ok := state.GetOwned[state.Room](v, c.ID, m.Room)
	if at == "" || !ok {
		return "", nil
	}
	text, err := s.Tokens.Mint(entry(room, m, a, name, v.PortraitOf(a), s.Now()))
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "https", Host: at, Path: "/m/" + room.PublicID, RawQuery: url.Values{"token": {text}}.Encode()}
	return u.String(), nil
}

// entry is what a personal link says of its owner. All links of one attendee have one id, by which they are revoked.
func entry(room state.Room, m state.Meeting, a state.Attendee, name string, portrait map[string]string, now time.Time) token.Claims {
	role := "regular"
	if a.Role != state.AttendeeRegular {
		role = token.RoleModerator
	}
	kind, id := a.Invited()
	return token.Claims{
		Company: m.Company, Room: room.PublicID, Peer: a.ID, Person: token.Person{Kind: token.PersonKind(kind), ID: id}, Name: name, Role: role, ID: a.ID,
		Attributes: portrait, NotBefore: now, Expires: token.ParticipantExpiry(m.EndsAt(), now),
	}
}

// linksLive is how long links of an attendee may live that were sent before the meeting was moved.
const linksLive = 365 * 24 * time.Hour

// revoke makes the links of attendees worth nothing.
func (s *Secretary) revoke(ctx context.Context, attendees []state.Attendee) error {
	if len(attendees) == 0 {
		return nil
	}
	batch := &state.Batch{}
	for _, a := range attendees {
		batch.Commands = append(batch.Commands, &state.RevokeToken{Company: a.Company, JTI: a.ID, Expires: s.Now().Add(linksLive)})
	}
	err := s.Propose(ctx, batch)
	if _, ok := errors.AsType[*state.Error](err); ok {
		return nil // the company is gone, and its links with it
	}
	return err
}
