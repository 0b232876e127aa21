package room

import (
	"slices"
	"time"
)

// person finds whom a deed is about.
func (d deed) person() (Person, error) {
	p, ok := d.s.People[d.Peer]
	if !ok {
		return p, ErrNoPerson
	}
	return p, nil
}

// each makes events of the one whom a deed is about, or of all that match.
func (d deed) each(match func(Person) bool, to func(Person) Person) ([]Event, error) {
	people := d.s.everybody()
	if d.Peer != "" {
		p, err := d.person()
		if err != nil {
			return nil, err
		}
		people = []Person{p}
	} else {
		people = slices.DeleteFunc(people, func(p Person) bool { return !match(p) })
	}
	var events []Event
	for _, p := range people {
		if q := to(p); !q.equal(p) {
			events = append(events, changed(q))
		}
	}
	return events, nil
}

// hush is how a deed switches off.
func (d deed) hush() Hush { return Hush{d.set, d.actor.PeerID} }

// removed ends a presence as a deed.
func (d deed) removed(p Person, reason Reason) Event {
	e := gone(p, reason, d.now)
	e.By = d.actor.PeerID
	return e
}

func (d deed) hand() ([]Event, error) {
	p := d.actor
	switch up := value[bool](d); {
	case up && !d.s.Rules.Hands.Value.includes(p):
		return nil, ErrNotAllowed
	case up == !p.Hand.IsZero():
		return nil, nil
	case up:
		p.Hand = d.now
	default:
		p.Hand = time.Time{}
	}
	return []Event{changed(p)}, nil
}

func (d deed) react() ([]Event, error) {
	if !d.s.Rules.Hands.Value.includes(d.actor) {
		return nil, ErrNotAllowed
	}
	return []Event{{Kind: EventReaction, PeerID: d.actor.PeerID, Text: value[string](d)}}, nil
}

// mute switches a source off; without a name, that of everybody but moderators.
func (d deed) mute() ([]Event, error) {
	off := value[Source](d).media()
	return d.each(
		func(p Person) bool { return p.Role != Moderator && p.Media.and(off) != (Media{}) },
		func(p Person) Person { return p.hushed(off, d.hush()) })
}

// ask asks somebody to switch a source on. Nothing switches on by itself.
func (d deed) ask() ([]Event, error) {
	p, err := d.person()
	source := value[Source](d)
	switch {
	case err != nil:
		return nil, err
	case d.s.Rules.may(p).and(source.media()) == (Media{}):
		return nil, ErrNotAllowed
	}
	return []Event{{Kind: EventAsk, PeerID: p.PeerID, Text: string(source)}}, nil
}

func (d deed) lower() ([]Event, error) {
	return d.each(
		func(p Person) bool { return !p.Hand.IsZero() },
		func(p Person) Person { p.Hand = time.Time{}; return p })
}

func (d deed) kick() ([]Event, error) {
	if g, waits := d.s.Lobby[d.Peer]; waits {
		return []Event{went(g, Denied)}, nil
	}
	p, err := d.person()
	switch {
	case err != nil:
		return nil, err
	case p.Owner || p.PeerID == d.actor.PeerID:
		return nil, ErrNotAllowed
	}
	return append(d.s.spend(p, d.set), d.removed(p, Kicked)), nil
}

// block removes somebody for good, wherever they are or wait.
func (d deed) block() ([]Event, error) {
	p, waits := d.s.Lobby[d.Peer]
	if !waits {
		var err error
		if p, err = d.person(); err != nil {
			return nil, err
		}
	}
	if p.Owner || p.PeerID == d.actor.PeerID {
		return nil, ErrNotAllowed
	}
	verdict, err := d.s.judge(p, d.set, func(v *Verdict) { v.Blocked = true })
	if err != nil {
		return nil, err
	}
	events := []Event{verdict}
	for _, q := range d.s.everybody() {
		if overlap(q.Identities, p.Identities) && !q.Owner && q.PeerID != d.actor.PeerID {
			events = append(events, d.removed(q, Blocked))
		}
	}
	for _, g := range d.s.waiting() {
		if overlap(g.Identities, p.Identities) {
			events = append(events, went(g, Blocked))
		}
	}
	return events, nil
}

// role promotes or demotes. The owner stays what they are, and somebody must be
// left who moderates.
func (d deed) role() ([]Event, error) {
	p, err := d.person()
	to := value[Role](d)
	switch {
	case err != nil:
		return nil, err
	case to == p.Role:
		return nil, nil
	case to == Regular && (p.Owner || !d.moderatedWithout(p.PeerID)):
		return nil, ErrNotAllowed
	}
	p.Role = to
	return d.become(p, func(v *Verdict) { v.Role = to })
}

func (d deed) moderatedWithout(peer string) bool {
	for id, p := range d.s.People {
		if id != peer && p.Role == Moderator {
			return true
		}
	}
	return false
}

func (d deed) mode() ([]Event, error) {
	p, err := d.person()
	to := value[Mode](d)
	switch {
	case err != nil:
		return nil, err
	case to == p.Mode:
		return nil, nil
	case p.Owner && p.PeerID != d.actor.PeerID:
		return nil, ErrNotAllowed
	}
	if p.Mode = to; !d.s.fits(p, d.s.meta()) {
		return nil, ErrFull
	}
	return d.become(p, func(v *Verdict) { v.Mode = to })
}

// become makes a person what was decided, with what that no longer allows off.
func (d deed) become(p Person, decide func(*Verdict)) ([]Event, error) {
	verdict, err := d.s.judge(p, d.set, decide)
	if err != nil {
		return nil, err
	}
	return []Event{verdict, changed(p.kept(d.s.Rules.may(p), d.hush()))}, nil
}

// stage sets the view of all, in the name of who sets it.
func (d deed) stage() ([]Event, error) {
	v := value[Stage](d)
	v.By = d.actor.PeerID
	return change(d, func(r *Rules) *Rule[Stage] { return &r.Stage }, v)
}

// end ends the meeting for everybody. Nobody of it may come back by ticket, and
// the room is over at once: who joins afterwards begins a new session.
func (d deed) end() ([]Event, error) {
	var events []Event
	for _, g := range d.s.waiting() {
		events = append(events, went(g, RoomClosed))
	}
	for _, p := range d.s.everybody() {
		events = append(events, d.removed(p, RoomClosed))
	}
	return append(events, Event{Kind: eventOver, At: d.now.Add(-d.roomGrace)}), nil
}
