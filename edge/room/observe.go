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
	for attachment := range o.leaving {
		if !s.holds(attachment) && (o.mode == leading || o.mode == following) {
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
	events, reset := b.visible()
	for _, l := range o.locals {
		if !l.in {
			continue
		}
		if reason, by, over := l.ends(b); over {
			o.end(l, reason, by)
			continue
		}
		o.heed(l)
		if reset {
			l.observer.Reset(o.core.Snapshot())
		} else {
			l.observer.Update(b.Version, events)
		}
	}
}

// ends looks for the end of a local's presence in a batch, and takes over what
// the home decides about it.
func (l *local) ends(b Batch) (reason Reason, by string, over bool) {
	if l.watch {
		return "", "", false
	}
	for _, e := range b.Events {
		switch {
		case e.Kind == EventLeave && e.Attachment == l.attachment:
			return e.Reason, e.By, true
		case e.Person != nil && e.Kind != EventWait && e.Person.PeerID == l.person.PeerID && e.Person.Attachment != l.attachment:
			return Superseded, "", true
		}
	}
	return "", "", false
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
	delete(o.locals, l.attachment)
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
		end, over := s.ended(l.attachment)
		switch {
		case present && p.Attachment == l.attachment:
			o.heed(l)
			l.observer.Reset(o.core.Snapshot())
		case over && end.Reason != Lost:
			o.end(l, end.Reason, end.By)
		case present && p.Claim.After(l.person.Claim):
			o.end(l, Superseded, "")
		default:
			missing = true
			l.observer.Reset(o.core.Snapshot())
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
