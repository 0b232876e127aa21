package room

import (
	"cmp"
	"maps"
	"slices"
)

// local is a participant or watcher of this node, as the room's owner keeps it.
type local struct {
	attachment string
	observer   Observer
	watch      bool

	// in: admitted, and told what happens. person is this node's own
	// knowledge, authoritative for name, media and tracks.
	in     bool
	person Person
	dirty  bool // person changed while no home was known

	entered chan entered // receives once
	entry   entered      // read by who waits, not by the owner
}

type entered struct {
	owner    *owner
	snapshot Snapshot
	peer     string
	ticket   string
	err      error
}

// written is a chat message on its way.
type written struct {
	id      string
	seq     uint64
	err     error
	version uint64 // of this home's state when it was first seen there
	done    chan written
}

// pending is a command whose outcome is not known yet.
type pending struct {
	command command
	chat    *written
	local   *local // joining
}

func (o *owner) join(l *local, c command) {
	if len(o.pending) >= pendingLimit || o.locals[l.attachment] != nil {
		l.entered <- entered{err: ErrTryAgain}
		return
	}
	o.locals[l.attachment] = l
	o.submit(&pending{command: c, local: l})
}

func (o *owner) watch(l *local) {
	o.locals[l.attachment] = l
	if o.mode == following && !o.registered && o.core != nil {
		o.seek(o.home) // a standby that nobody asked for is not kept for the watcher
		return
	}
	o.settle()
	o.kick()
}

// note logs what the home did not do for its own people: they were superseded
// or ended, and are told so by the event.
func (o *owner) note(err error) {
	if err != nil {
		o.log.Debug("command not done", "err", err)
	}
}

func (o *owner) set(attachment string, f func(*Person)) {
	l := o.locals[attachment]
	if l == nil || !l.in || l.watch {
		return
	}
	f(&l.person)
	switch {
	case o.mode == leading:
		o.note(o.execute(o.self(), command{Set: l.setCommand()}))
	case o.mode == following && o.registered:
		o.sendCommands(command{ID: o.nextID(), Set: l.setCommand()})
	default:
		l.dirty = true
	}
}

func (l *local) setCommand() *setCommand {
	return &setCommand{Attachment: l.attachment, Name: l.person.Name, Media: l.person.Media, Tracks: l.person.Tracks}
}

func (o *owner) chat(attachment string, w *written, text string) {
	if l := o.locals[attachment]; l == nil || !l.in || l.watch {
		w.done <- written{err: ErrNoAttachment}
		return
	}
	if len(o.pending) >= pendingLimit {
		w.done <- written{err: ErrTryAgain}
		return
	}
	o.submit(&pending{chat: w, command: command{Chat: &chatCommand{Attachment: attachment, ID: w.id, Text: text}}})
}

func (o *owner) forgetChat(id string) {
	for n, p := range o.pending {
		if p.chat != nil && p.chat.id == id {
			delete(o.pending, n)
		}
	}
}

func (o *owner) leave(attachment string, reason Reason) {
	l := o.locals[attachment]
	if l == nil {
		return
	}
	delete(o.locals, attachment)
	for n, p := range o.pending {
		switch {
		case p.local == l:
			delete(o.pending, n)
		case p.chat != nil && p.command.Chat.Attachment == attachment:
			delete(o.pending, n)
			p.chat.done <- written{err: ErrNoAttachment}
		}
	}
	if l.watch {
		o.unwatched()
		return
	}
	e := Ended{Attachment: attachment, PeerID: l.person.PeerID, Reason: reason}
	switch {
	case o.mode == leading:
		o.note(o.execute(o.self(), command{Leave: &e}))
		o.settle()
	default:
		o.leaving[attachment] = e
		if o.mode == following && o.registered {
			o.sendCommands(command{ID: o.nextID(), Leave: &e})
		}
	}
}

// unwatched lets the home drop this node if the last watcher is gone.
func (o *owner) unwatched() {
	if o.mode == following && o.registered && !o.needed() {
		o.seek(o.home)
	}
}

// submit gets a command done: now if this is the home, else by the home, at
// once or with the next registration.
func (o *owner) submit(p *pending) {
	p.command.ID = o.nextID()
	o.pending[p.command.ID] = p
	switch {
	case o.mode == leading:
		if err := o.execute(o.self(), p.command); err != nil {
			o.failed(p.command.ID, err)
		}
		o.settle()
	case o.mode == following && o.registered:
		o.sendCommands(p.command)
	case o.mode == following:
		o.seek(o.home)
	default:
		o.kick()
	}
}

// failed gives up on a command.
func (o *owner) failed(id uint64, err error) {
	p := o.pending[id]
	if p == nil {
		return
	}
	delete(o.pending, id)
	if p.chat != nil {
		p.chat.done <- written{err: err}
	}
	if p.local != nil {
		delete(o.locals, p.local.attachment)
		p.local.entered <- entered{err: err}
	}
}

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
		m, ok := s.message(p.chat.id)
		if !ok {
			continue
		}
		if o.mode == leading {
			if p.chat.version == 0 {
				p.chat.version = s.Version
			}
			if !o.held(p.chat.version) {
				continue
			}
		} else if s.Epoch.Node == o.self() {
			continue // this node's own copy from when it was home proves nothing
		}
		delete(o.pending, id)
		p.chat.done <- written{seq: m.Seq}
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

func endedError(reason Reason) error {
	if reason == Superseded {
		return ErrSuperseded
	}
	return ErrNoAttachment
}

func (o *owner) admit(l *local) {
	l.in = true
	e := entered{owner: o, snapshot: o.core.Snapshot()}
	if !l.watch {
		e.peer = l.person.PeerID
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
		if p.chat != nil && p.command.Chat.Attachment == l.attachment {
			delete(o.pending, id)
			p.chat.done <- written{err: ErrNoAttachment}
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

// mine is what this node says of its own people when it registers.
func (o *owner) mine() []Person {
	var out []Person
	for _, l := range o.locals {
		if l.in && !l.watch {
			out = append(out, l.person)
			l.dirty = false
		}
	}
	slices.SortFunc(out, func(a, b Person) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	return out
}

func (o *owner) watched() bool {
	for _, l := range o.locals {
		if l.watch {
			return true
		}
	}
	return false
}

// occupied reports whether somebody here is in the room or about to be.
func (o *owner) occupied() bool {
	for _, l := range o.locals {
		if !l.watch {
			return true
		}
	}
	return false
}

// needed reports whether anybody here depends on this node's copy.
func (o *owner) needed() bool { return len(o.locals)+len(o.pending)+len(o.leaving) > 0 }
