package room

import "context"

// Return is the room for a participant whose seat here is kept although their
// client was gone: the ticket is of that seat. take is called by the room's owner,
// so that what happens from then on is in nothing that was told before; it must
// not block, and says whether the attachment is still to be had.
//
// It returns ErrResumeInvalid, ErrNoAttachment where there is no such seat any
// more, ErrTryAgain, ErrClosed or the cause of ctx.
func (p *Plane) Return(ctx context.Context, company, room, ticket string, take func(attachment string) bool) (Snapshot, error) {
	type reply struct {
		Snapshot
		error
	}
	k, done := Key{company, room}, make(chan reply, 1)
	posted := p.post(k, false, mailboxLimit, func(o *owner) {
		s, err := o.back(ticket, take)
		done <- reply{s, err}
	})
	if !posted {
		return Snapshot{}, ErrNoAttachment
	}
	select {
	case r := <-done:
		return r.Snapshot, r.error
	case <-p.ctx.Done():
		return Snapshot{}, ErrClosed
	case <-ctx.Done():
		return Snapshot{}, context.Cause(ctx)
	}
}

// back gives a local's client its place back.
func (o *owner) back(ticket string, take func(attachment string) bool) (Snapshot, error) {
	if o.core == nil {
		return Snapshot{}, ErrTryAgain
	}
	t, err := o.core.s.openTicket(ticket)
	if err != nil {
		return Snapshot{}, err
	}
	l := o.locals[t.Attachment]
	if l == nil || !l.in || l.watch || !take(t.Attachment) {
		return Snapshot{}, ErrNoAttachment
	}
	return o.core.Snapshot(), nil
}
