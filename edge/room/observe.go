package room

import (
	"maps"
	"slices"
)

// settle completes what the copy shows to be done. Success is always read from
// the copy, never from an answer: what is in the copy is on two nodes, or this
// is the home.
func (o *owner) settle() {
	if o.core == nil {
		return
	}
	s := &o.core.s
	for _, id := range slices.Sorted(maps.Keys(o.pending)) {
		p := o.pending[id]
		if p.local != nil {
			if person, ok := s.at(p.local.attachment); ok {
				delete(o.pending, id)
				p.local.person = person
				o.admit(p.local)
			} else if _, waits := s.guest(p.local.attachment); waits {
				p.local.wait()
			} else if e, over := s.ended(p.local.attachment); over && e.Reason != Lost {
				o.failed(id, endedError(e.Reason)) // came and went before this copy was made
			}
			continue
		}
		seq, ok := p.shown(s)
		if !ok {
			continue
		}
		if o.mode == leading {
			if p.write.version == 0 {
				p.write.version = s.Version
			}
			if !o.held(p.message(), p.write.version) {
				continue
			}
		} else if s.Epoch.Node == o.self() {
			continue // this node's own copy from when it was home proves nothing
		}
		delete(o.pending, id)
		p.write.done <- written{seq: seq}
	}
	if o.mode == leading {
		o.settleOrders()
	}
	for attachment := range o.leaving {
		if !s.holds(attachment) && (o.mode == leading || o.mode == following) {
			delete(o.leaving, attachment)
		}
	}
	for _, l := range o.onlookers {
		if o.mode == leading || o.mode == following && o.registered {
			o.admit(l)
		}
	}
}

// shown reports whether a state contains what was written, with the number of
// a message. Of a person's acts a later one that is done contains the ones before.
func (p *pending) shown(s *State) (seq uint64, ok bool) {
	if act := p.command.Act; act != nil {
		person, ok := s.at(act.Attachment)
		return 0, ok && !act.Set.After(person.Acted)
	}
	m, ok := s.message(p.command.Chat.ID)
	return m.Seq, ok
}

// message is the id of the chat message that was written, empty for anything else.
func (p *pending) message() string {
	if p.command.Chat == nil {
		return ""
	}
	return p.command.Chat.ID
}

func (o *owner) admit(l *local) {
	l.in = true
	delete(o.onlookers, l.attachment)
	if !l.watch {
		o.peers[l.person.PeerID] = append(o.peers[l.person.PeerID], l)
	}
	e := entered{owner: o, snapshot: o.core.Snapshot()}
	if !l.watch {
		e.peer, e.proof = l.person.PeerID, l.person.Proof
		e.ticket = o.core.s.ticket(l.person, o.now())
		l.observer.Own(l.person)
	}
	l.entered <- e
}

// deliver tells the locals what a batch changed.
func (o *owner) deliver(b Batch) {
	for _, e := range b.Events {
		o.ends(e)
	}
	for _, e := range b.Events {
		o.concerns(e)
	}
	events, reset := b.visible()
	if reset {
		o.audience = o.core.s.hears()
		o.resetLocals()
		return
	}
	if o.core.s.Kind != Webinar {
		o.tell(b.Version, events)
		return
	}
	o.tellApart(b.Version, events)
}

// tellApart tells of a webinar: everybody the same, and viewers of themselves.
func (o *owner) tellApart(version uint64, events []Event) {
	all, own := o.audience.split(events)
	apart := map[*local]bool{}
	for _, e := range own {
		if l := o.locals[e.Person.Attachment]; l != nil && l.in {
			apart[l] = true
			l.observer.Update(version, append(slices.Clip(all), e))
		}
	}
	if len(all) == 0 {
		return
	}
	for _, l := range o.locals {
		if l.in && !apart[l] {
			l.observer.Update(version, all)
		}
	}
}

func (o *owner) resetLocals() {
	snap := o.core.Snapshot()
	for _, l := range o.locals {
		if l.in {
			l.observer.Reset(snap)
		}
	}
}

// ends ends the locals whose presence an event ends.
func (o *owner) ends(e Event) {
	switch {
	case e.Kind == EventLeave:
		if l := o.locals[e.Attachment]; l != nil && l.in && !l.watch {
			o.end(l, e.Reason, e.By)
		}
	case e.Person != nil && e.Kind != EventWait:
		for _, l := range slices.Clone(o.peers[e.Person.PeerID]) {
			if l.attachment != e.Person.Attachment {
				o.end(l, Superseded, "")
			}
		}
	}
}

// concerns has the locals whom an event is about heed what the copy says of them.
func (o *owner) concerns(e Event) {
	peer := e.PeerID
	switch {
	case e.Kind == EventRules:
		for _, l := range o.locals {
			if l.in {
				o.heed(l)
			}
		}
		return
	case e.Person != nil:
		peer = e.Person.PeerID
	}
	for _, l := range o.peers[peer] {
		o.heed(l)
	}
}

// heed takes over what the home decides about a local, and what the rules allow
// of their media; the observer is told if that changes anything.
func (o *owner) heed(l *local) {
	p, ok := o.core.s.People[l.person.PeerID]
	if l.watch || !ok || p.Attachment != l.attachment {
		return
	}
	before := l.person
	l.person.decided(p)
	l.person = l.person.heeding(p.Hushed, o.core.s.Rules.may(l.person))
	if !l.person.equal(before) {
		l.observer.Own(l.person)
	}
}

// end is the end of a local that did not leave by itself.
func (o *owner) end(l *local, reason Reason, by string) {
	o.drop(l)
	for id, p := range o.pending {
		if p.write != nil && p.command.attachment() == l.attachment {
			delete(o.pending, id)
			p.write.done <- written{err: p.unfinished(reason)}
		}
	}
	l.observer.Ended(reason, by)
}

// resetAll compares the locals with a state that replaced the copy. It reports
// whether the home must be told again who is here.
func (o *owner) resetAll() (missing bool) {
	s, snap := &o.core.s, o.core.Snapshot()
	for _, l := range o.locals {
		if !l.in {
			continue
		}
		if l.watch {
			l.observer.Reset(snap)
			continue
		}
		p, present := s.People[l.person.PeerID]
		end, over := s.ended(l.attachment)
		switch {
		case present && p.Attachment == l.attachment:
			o.heed(l)
			l.observer.Reset(snap)
		case over && end.Reason != Lost:
			o.end(l, end.Reason, end.By)
		case present && p.Claim.After(l.person.Claim):
			o.end(l, Superseded, "")
		default:
			missing = true
			l.observer.Reset(snap)
		}
	}
	return missing
}

// unfinished is why a command is not done whose sender's presence has ended: it
// is, if that was what it asked for.
func (p *pending) unfinished(reason Reason) error {
	if act := p.command.Act; act != nil && act.Verb == "end" && reason == RoomClosed {
		return nil
	}
	return ErrNoAttachment
}
