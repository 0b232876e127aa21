package room

import (
	"cmp"
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

	waits   chan struct{} // closed when a moderator must admit them first
	waited  bool          // waits is closed
	entered chan entered  // receives once
	entry   entered       // read by who waits, not by the owner
}

type entered struct {
	owner    *owner
	snapshot Snapshot
	peer     string
	ticket   string
	proof    Proof
	err      error
}

// wait tells that a local waits in the lobby.
func (l *local) wait() {
	if !l.waited {
		l.waited = true
		close(l.waits)
	}
}

// written is a chat message or an act on its way.
type written struct {
	id      string
	seq     uint64 // of a message
	err     error
	version uint64 // of this home's state when it was first seen there
	done    chan written
}

// pending is a command whose outcome is not known yet.
type pending struct {
	command command
	write   *written // a chat message or an act
	local   *local   // joining
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
	o.locals[l.attachment], o.onlookers[l.attachment] = l, l
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
	if o.core != nil {
		l.person = l.person.heeding(Hushed{}, o.core.s.Rules.may(l.person))
	}
	l.observer.Own(l.person)
	switch {
	case o.mode == leading:
		o.note(o.execute(o.self(), command{Set: l.setCommand()}))
	case o.mode == following && o.registered:
		o.sendCommands(command{ID: o.nextID(), Set: l.setCommand()})
	default:
		l.dirty = true
	}
}

// away tells the home that a local one's client is gone for now. A home that is
// being looked for learns it when the presence ends.
func (o *owner) away(attachment string) {
	l := o.locals[attachment]
	if l == nil || !l.in || l.watch {
		return
	}
	c := l.setCommand()
	c.Away = true
	switch {
	case o.mode == leading:
		o.note(o.execute(o.self(), command{Set: c}))
	case o.mode == following && o.registered:
		o.sendCommands(command{ID: o.nextID(), Set: c})
	}
}

func (l *local) setCommand() *setCommand {
	return &setCommand{Attachment: l.attachment, Name: l.person.Name, Media: l.person.Media, Tracks: l.person.Tracks, Known: l.person.Hushed}
}

// write gets a command of a local's done that somebody waits for.
func (o *owner) write(w *written, c command) {
	attachment := c.attachment()
	if l := o.locals[attachment]; l == nil || !l.in || l.watch {
		w.done <- written{err: ErrNoAttachment}
		return
	}
	if len(o.pending) >= pendingLimit {
		w.done <- written{err: ErrTryAgain}
		return
	}
	o.submit(&pending{write: w, command: c})
}

func (o *owner) forgetWrite(w *written) {
	for n, p := range o.pending {
		if p.write == w {
			delete(o.pending, n)
		}
	}
}

func (o *owner) leave(attachment string, reason Reason) {
	l := o.locals[attachment]
	if l == nil {
		return
	}
	o.drop(l)
	for n, p := range o.pending {
		switch {
		case p.local == l:
			delete(o.pending, n)
		case p.write != nil && p.command.attachment() == attachment:
			delete(o.pending, n)
			p.write.done <- written{err: ErrNoAttachment}
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

// drop forgets a local.
func (o *owner) drop(l *local) {
	delete(o.locals, l.attachment)
	delete(o.onlookers, l.attachment)
	peer := l.person.PeerID
	o.peers[peer] = slices.DeleteFunc(o.peers[peer], func(other *local) bool { return other == l })
	if len(o.peers[peer]) == 0 {
		delete(o.peers, peer)
	}
}

// failed gives up on a command.
func (o *owner) failed(id uint64, err error) {
	p := o.pending[id]
	if p == nil {
		return
	}
	delete(o.pending, id)
	if p.write != nil {
		p.write.done <- written{err: err}
	}
	if p.local != nil {
		o.drop(p.local)
		p.local.entered <- entered{err: err}
	}
}

func endedError(reason Reason) error {
	switch reason {
	case Superseded:
		return ErrSuperseded
	case Denied, RoomClosed:
		return ErrDenied
	case Blocked:
		return ErrBlocked
	}
	return ErrNoAttachment
}

// unanswered reports whether a command waits for the home, rather than for a
// moderator.
func (o *owner) unanswered() bool {
	for _, p := range o.pending {
		if p.local == nil || !p.local.waited {
			return true
		}
	}
	return false
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
