package api

import (
	"cmp"
	"context"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// name puts into the claims of a token for a room whom it is for. It must be one of the company's people; a host
// names themselves, customers, and attendees of their own meetings.
func (b tokenCreate) name(ctx context.Context, room state.Room, c *token.Claims) error {
	given := 0
	for _, id := range []string{b.User, b.Customer, b.Attendee} {
		if id != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return invalid(ctx, "user", "at most one of user, customer and attendee may be given")
	case b.User != "":
		return b.nameUser(ctx, c)
	case b.Customer != "":
		customer, ok := state.GetOwned[state.Customer](callOf(ctx).view, c.Company, b.Customer)
		if !ok {
			return invalid(ctx, "customer", "is no customer of the company")
		}
		c.Person = token.Person{Kind: token.CustomerPerson, ID: b.Customer}
		c.Attributes = state.Portrait(customer.Photo, customer.Email)
	case b.Attendee != "":
		return b.nameAttendee(ctx, room, c)
	}
	return nil
}

func (b tokenCreate) nameUser(ctx context.Context, c *token.Claims) error {
	call := callOf(ctx)
	user, ok := state.GetOwned[state.User](call.view, c.Company, b.User)
	if !ok || call.alone() && b.User != call.user() { // a host does not learn of others
		return invalid(ctx, "user", "is no user of the company")
	}
	c.Person = token.Person{Kind: token.UserPerson, ID: b.User}
	c.Attributes = state.Portrait(user.Photo, user.Email)
	return nil
}

// nameAttendee makes a token that was made from the invitation, as a personal link is: with the attendee, whose id
// is withdrawn then, it goes, and so does what it is exchanged for (INV-12).
func (b tokenCreate) nameAttendee(ctx context.Context, room state.Room, c *token.Claims) error {
	call := callOf(ctx)
	at, ok := state.GetOwned[state.Attendee](call.view, c.Company, b.Attendee)
	m, _ := state.GetOwned[state.Meeting](call.view, c.Company, at.Meeting)
	if !ok || m.Room != room.ID || call.alone() && m.User != call.user() {
		return invalid(ctx, "attendee", "is not invited to this room")
	}
	kind, id := at.Invited()
	c.Person, c.Parents = token.Person{Kind: token.PersonKind(kind), ID: id}, []string{at.ID}
	c.Peer, c.Name = cmp.Or(c.Peer, at.ID), cmp.Or(c.Name, at.Name)
	c.Attributes = call.view.PortraitOf(at)
	return nil
}
