package room

import (
	"time"

	"github.com/meridian-video/meridian/geo"
)

// NodeLost marks the people of a node as reconnecting; Tick ends them when
// their grace is over. Its guests wait no more: if the node comes back it asks to
// join for them again, in the same order.
func (c *Core) NodeLost(now time.Time, node geo.NodeID) Batch {
	var events []Event
	for _, p := range c.s.everybody() {
		if p.Node == node && p.State == Present {
			p.State, p.Since = Reconnecting, instant(now)
			events = append(events, changed(p))
		}
	}
	events = append(events, c.s.unwait(func(g Person) bool { return g.Node == node })...)
	return c.commit(events...)
}

// NodeBack takes over what a node says of its own people, which is
// authoritative: who is connected there and their name and media. Who was
// there and is neither in mine nor in keep is lost. Nobody is turned away for
// capacity. Somebody removed meanwhile, or superseded, stays out, and what was
// hushed meanwhile stays off.
func (c *Core) NodeBack(now time.Time, node geo.NodeID, mine []Person, keep []string) Batch {
	var events []Event
	stay := make(map[string]bool, len(mine)+len(keep))
	for _, attachment := range keep {
		stay[attachment] = true
	}
	ordinal := c.s.Ordinal
	seen := make(map[string]bool, len(mine))
	for _, p := range mine {
		p.Node, p.State, p.Since = node, Present, time.Time{}
		end, over := c.s.ended(p.Attachment)
		if !p.valid() || seen[p.PeerID] || over && end.Reason != Lost {
			continue
		}
		if q, ok := c.s.at(p.Attachment); ok && q.PeerID != p.PeerID {
			continue
		}
		seen[p.PeerID] = true
		stay[p.Attachment] = true
		old, present := c.s.People[p.PeerID]
		v := c.s.verdict(p.Identities)
		if p = v.onto(p, true); !present || old.Attachment != p.Attachment {
			p = p.heeding(Hushed{}, c.s.Rules.may(p))
		}
		switch {
		case !present:
			if over { // lost here, so that this is a new presence
				p.JoinedAt = c.s.begins(p.PeerID, now)
			}
			ordinal++
			p.Ordinal = ordinal
			events = append(events, joined(p))
		case old.Attachment == p.Attachment:
			p.decided(old)
			p = p.heeding(old.Hushed, c.s.Rules.may(p))
			if !p.equal(old) {
				events = append(events, changed(p))
			}
		case p.Claim.After(old.Claim):
			events = append(events, c.replace(now, old, p, &ordinal)...)
		}
		if v.Blocked { // in another half of the room
			events = append(events, gone(p, Blocked, instant(now)))
		}
		stay[old.Attachment] = true // whoever had the peer id has been dealt with
	}
	for _, p := range c.s.everybody() {
		if p.Node == node && !stay[p.Attachment] {
			events = append(events, gone(p, Lost, instant(now)))
		}
	}
	events = append(events, c.s.unwait(func(g Person) bool { return g.Node == node && !stay[g.Attachment] })...)
	return c.commit(events...)
}

// decided takes over from a copy what the home decides about a person.
func (p *Person) decided(o Person) {
	p.Role, p.Owner, p.Mode, p.Identities = o.Role, o.Owner, o.Mode, o.Identities
	p.JoinedAt, p.Ordinal, p.Claim, p.Acted, p.Hand = o.JoinedAt, o.Ordinal, o.Claim, o.Acted, o.Hand
}

// replace puts a newer attachment in an older one's place: as the same presence
// if it is one that was resumed elsewhere, else superseding it.
func (c *Core) replace(now time.Time, old, p Person, ordinal *uint64) []Event {
	if p.JoinedAt.Equal(old.JoinedAt) {
		p.Ordinal, p.Role, p.Mode = old.Ordinal, old.Role, old.Mode
		return []Event{changed(p)}
	}
	*ordinal++
	p.Ordinal = *ordinal
	return []Event{gone(old, Superseded, instant(now)), joined(p)}
}

// Tick ends the presences whose grace is over.
func (c *Core) Tick(now time.Time) Batch {
	var events []Event
	for _, p := range c.s.away() {
		if !now.Before(p.Since.Add(c.personGrace)) {
			events = append(events, gone(p, Lost, instant(now)))
		}
	}
	return c.commit(events...)
}

// Next is when Tick or Over have something to say; zero if never.
func (c *Core) Next() time.Time {
	if !c.s.EmptySince.IsZero() && len(c.s.Lobby) == 0 {
		return c.s.EmptySince.Add(c.roomGrace)
	}
	var next time.Time
	for _, p := range c.s.away() {
		if next.IsZero() || p.Since.Add(c.personGrace).Before(next) {
			next = p.Since.Add(c.personGrace)
		}
	}
	return next
}

// Over reports whether the room has been empty for its grace, with nobody waiting,
// and can be forgotten.
func (c *Core) Over(now time.Time) bool {
	return !c.s.EmptySince.IsZero() && len(c.s.Lobby) == 0 && !now.Before(c.s.EmptySince.Add(c.roomGrace))
}

// Takeover makes self the home, with an epoch above both the core's own and
// the one given. Versions go on counting.
func (c *Core) Takeover(self geo.NodeID, above Epoch) {
	base, e := c.s.position(), c.s.Epoch
	if above.Compare(e) > 0 {
		e = above
	}
	if base.Compare(c.s.Base) > 0 {
		c.s.Base = base
	}
	c.s.Epoch = Epoch{Confirmed: e.Confirmed, Provisional: e.Provisional + 1, Node: self}
}
