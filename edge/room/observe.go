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
			} else if reason, over := s.ended(p.local.attachment); over && reason != Lost {
				o.failed(id, endedError(reason)) // came and went before this copy was made
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
	for attachment := range o.leaving {
		if _, ok := s.at(attachment); !ok && (o.mode == leading || o.mode == following) {
			delete(o.leaving, attachment)
		}
	}
	for _, l := range o.locals {
		if l.watch && !l.in && (o.mode == leading || o.mode == following && o.registered) {
			o.admit(l)
		}
	}
}

// shown reports whether a state contains what was written, with the number of
// a message. A cap that was set later contains the one before.
func (p *pending) shown(s *State) (seq uint64, ok bool) {
	if p.command.Cap != nil {
		return 0, !p.command.Cap.Set.After(s.Cap.Set)
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
	e := entered{owner: o, snapshot: o.core.Snapshot()}
	if !l.watch {
		e.peer, e.proof = l.person.PeerID, l.person.Proof
		e.ticket = o.core.s.ticket(l.person, o.now())
	}
	l.entered <- e
}

// deliver tells the locals what a batch changed.
func (o *owner) deliver(b Batch) {
	events, reset := b.visible()
	for _, l := range o.locals {
		if !l.in {
			continue
		}
		if reason, over := l.ends(b); over {
			o.end(l, reason)
			continue
		}
		if reset {
			l.observer.Reset(o.core.Snapshot())
		} else {
			l.observer.Update(b.Version, events)
		}
	}
}

// ends looks for the end of a local's presence in a batch, and takes over what
// the home decides about it.
func (l *local) ends(b Batch) (Reason, bool) {
	if l.watch {
		return "", false
	}
	for _, e := range b.Events {
		switch {
		case e.Kind == EventLeave && e.Attachment == l.attachment:
			return e.Reason, true
		case e.Person != nil && e.Person.PeerID == l.person.PeerID && e.Person.Attachment != l.attachment:
			return Superseded, true
		case e.Person != nil && e.Person.Attachment == l.attachment:
			l.adopt(*e.Person)
		}
	}
	return "", false
}

// adopt takes over what the home decides about a person.
func (l *local) adopt(p Person) {
	l.person.Role, l.person.JoinedAt, l.person.Ordinal, l.person.Claim = p.Role, p.JoinedAt, p.Ordinal, p.Claim
}

// end is the end of a local that did not leave by itself.
func (o *owner) end(l *local, reason Reason) {
	delete(o.locals, l.attachment)
	for id, p := range o.pending {
		if p.write != nil && p.command.attachment() == l.attachment {
			delete(o.pending, id)
			p.write.done <- written{err: ErrNoAttachment}
		}
	}
	l.observer.Ended(reason)
}

// resetAll compares the locals with a state that replaced the copy. It reports
// whether the home must be told again who is here.
func (o *owner) resetAll() (missing bool) {
	s := &o.core.s
	for _, l := range o.locals {
		if !l.in {
			continue
		}
		if l.watch {
			l.observer.Reset(o.core.Snapshot())
			continue
		}
		p, present := s.People[l.person.PeerID]
		reason, over := s.ended(l.attachment)
		switch {
		case present && p.Attachment == l.attachment:
			l.adopt(p)
			l.observer.Reset(o.core.Snapshot())
		case over && reason != Lost:
			o.end(l, reason)
		case present && p.Claim.After(l.person.Claim):
			o.end(l, Superseded)
		default:
			missing = true
			l.observer.Reset(o.core.Snapshot())
		}
	}
	return missing
}
