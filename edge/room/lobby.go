package room

import (
	"cmp"
	"maps"
	"slices"
)

// maxLobby bounds who waits in a room: each is a command without an answer at
// their node, of which there are at most pendingLimit.
const maxLobby = 200

// waiting lists who waits, the first to come first.
func (s *State) waiting() []Person {
	return slices.SortedFunc(maps.Values(s.Lobby), func(a, b Person) int {
		return cmp.Or(a.Claim.Compare(b.Claim), cmp.Compare(a.PeerID, b.PeerID))
	})
}

// guest finds who waits with an attachment.
func (s *State) guest(attachment string) (Person, bool) {
	g, ok := s.Lobby[s.count().guests[attachment]]
	return g, ok && g.Attachment == attachment
}

// holds reports whether an attachment is in the room or waits for it.
func (s *State) holds(attachment string) bool {
	_, in := s.at(attachment)
	_, waits := s.guest(attachment)
	return in || waits
}

// wait puts who joins into the lobby, beside the events before. The newest claim
// of a peer id waits; the same attachment again changes nothing.
func (c *Core) wait(p Person, settled Meta, events []Event) (Batch, error) {
	old, waits := c.s.Lobby[p.PeerID]
	present, in := c.s.People[p.PeerID]
	switch {
	case waits && old.Attachment == p.Attachment:
		return c.commit(events...), nil
	case waits && !p.Claim.After(old.Claim), in && !p.Claim.After(present.Claim):
		return Batch{}, ErrSuperseded
	case !c.s.fits(p, settled), !waits && len(c.s.Lobby) >= maxLobby:
		return Batch{}, ErrFull
	case waits:
		events = append(events, went(old, Superseded))
	}
	return c.commit(append(events, Event{Kind: EventWait, Person: &p})...), nil
}

// guests are whom a deed about the lobby is about.
func (d deed) guests() ([]Person, error) {
	if d.Peer == "" {
		return d.s.waiting(), nil
	}
	g, ok := d.s.Lobby[d.Peer]
	if !ok {
		return nil, ErrNoPerson
	}
	return []Person{g}, nil
}

// admit lets in one, or all for whom there is a place.
func (d deed) admit() ([]Event, error) {
	guests, err := d.guests()
	if err != nil {
		return nil, err
	}
	var events []Event
	free, ordinal := d.s.free(), d.s.Ordinal
	for _, g := range guests {
		old, in := d.s.People[g.PeerID]
		switch {
		case in && !g.Claim.After(old.Claim):
			events = append(events, went(g, Superseded))
			continue
		case in:
			events = append(events, gone(old, Superseded, d.now))
		case *free.of(d.s.Kind.pool(g.Mode)) <= 0 && d.Peer != "":
			return nil, ErrFull
		case *free.of(d.s.Kind.pool(g.Mode)) <= 0:
			continue
		default:
			*free.of(d.s.Kind.pool(g.Mode))--
		}
		events = append(events, went(g, ""), joined(d.admitted(g, &ordinal)))
	}
	return events, nil
}

// admitted is a guest as they come in, by the rules of now.
func (d deed) admitted(g Person, ordinal *uint64) Person {
	*ordinal++
	g.Ordinal, g.JoinedAt = *ordinal, d.s.begins(g.PeerID, d.now)
	return d.s.Rules.entering(d.s.verdict(g.Identities).onto(g, false))
}

func (d deed) reject() ([]Event, error) {
	guests, err := d.guests()
	var events []Event
	for _, g := range guests {
		events = append(events, went(g, Denied))
	}
	return events, err
}

// went is the end of waiting: in the room if there is no reason.
func went(g Person, reason Reason) Event {
	return Event{Kind: EventWent, PeerID: g.PeerID, Attachment: g.Attachment, Reason: reason}
}

// unwait ends the waiting of a node's guests but for some.
func (s *State) unwait(match func(Person) bool) (events []Event) {
	for _, g := range s.waiting() {
		if match(g) {
			events = append(events, went(g, Lost))
		}
	}
	return events
}
