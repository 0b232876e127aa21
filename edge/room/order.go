package room

import (
	"context"
	"errors"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// orders is what may be asked in the name of whoever the rooms belong to: nobody
// in the room asks for it, and nobody in the room is spared.
var orders = map[Verb]func(deed) ([]Event, error){
	"kick": deed.remove,
	"end":  deed.end,
}

// remove is kick for everybody, owners too.
func (d deed) remove() ([]Event, error) {
	if g, waits := d.s.Lobby[d.Peer]; waits {
		return []Event{went(g, Denied)}, nil
	}
	p, err := d.person()
	if err != nil {
		return nil, err
	}
	return append(d.s.spend(p, d.set), d.removed(p, Kicked)), nil
}

// Order does what is asked in the name of whoever the room belongs to: kick or
// end. By is empty in what it makes.
//
// It returns ErrInvalid, ErrNoPerson, or ErrNotFound where nobody is in the room.
func (c *Core) Order(now time.Time, set Stamp, a Act) (Batch, error) {
	do, known := orders[a.Verb]
	if !known || a.Check() != nil || !set.valid() {
		return Batch{}, ErrInvalid
	}
	if len(c.s.People) == 0 && c.s.Lobby[a.Peer].PeerID == "" {
		return Batch{}, ErrNotFound
	}
	events, err := do(deed{Core: c, Act: a, now: instant(now), set: set})
	if err != nil {
		return Batch{}, err
	}
	return c.commit(events...), nil
}

// orderMsg asks a room's home for an order; another node says who is home.
type orderMsg struct {
	head
	Act Act `json:"act"`
}

type orderReply struct {
	head
	Done bool       `json:"done,omitempty"`
	Home geo.NodeID `json:"home,omitempty"` // whom to ask instead; empty: not known
	Code string     `json:"code,omitempty"` // why not
}

func (m *orderMsg) validate() bool { return orders[m.Act.Verb] != nil && m.Act.Check() == nil }
func (m *orderReply) validate() bool {
	return okID(string(m.Home)) && len(m.Code) <= maxReaction
}

// ordered is an order that is done here, until a second node knows.
type ordered struct {
	version uint64
	reply   chan orderReply // one slot
}

// Order asks a room's home, from any node, for something in the name of whoever
// the room belongs to: kick, with a peer id, or end. It returns once a second
// node knows that it is done, or the home is the only node there is.
//
// It returns ErrInvalid, ErrNoPerson, ErrNotFound for a room that nobody is in,
// or an error after which it may be done all the same, ErrTryAgain where no home
// answered in time.
func (p *Plane) Order(ctx context.Context, company, room string, a Act) error {
	k := Key{company, room}
	if m := (&orderMsg{Act: a}); !k.valid() || !m.validate() {
		return ErrInvalid
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.cfg.Register, ErrTryAgain)
	defer cancel()
	for wait := backoffFirst; ; wait = min(2*wait, backoffMax) {
		err := p.order(ctx, k, a)
		switch again := wait > backoffFirst; {
		case again && (errors.Is(err, ErrNoPerson) || errors.Is(err, ErrNotFound)):
			return nil // as was wanted, perhaps by a try whose answer was lost
		case !errors.Is(err, ErrTryAgain):
			return err
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		case <-p.ctx.Done():
			pause.Stop()
			return ErrClosed
		}
	}
}

// order asks each node that should know once.
func (p *Plane) order(ctx context.Context, k Key, a Act) error {
	r := p.orderHere(ctx, k, a)
	if r.Done || r.Code != "" {
		return r.err()
	}
	done, err := p.seekOut(k, r.Home, func(to geo.NodeID) (bool, geo.NodeID, error) {
		var err error
		r, err = p.orderAt(ctx, to, k, a)
		return err == nil && (r.Done || r.Code != ""), r.Home, err
	})
	switch {
	case done:
		return r.err()
	case err != nil:
		return ErrTryAgain
	}
	return ErrNotFound
}

func (r orderReply) err() error {
	if r.Done {
		return nil
	}
	return errorOf(r.Code)
}

func (p *Plane) orderAt(ctx context.Context, to geo.NodeID, k Key, a Act) (r orderReply, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Register/2)
	defer cancel()
	body, err := p.cfg.Peers.Call(ctx, to, topicOrder, encode(k, &orderMsg{Act: a}))
	if err != nil {
		return r, err
	}
	return r, decode(body, &r)
}

// orderHere answers as this node.
func (p *Plane) orderHere(ctx context.Context, k Key, a Act) orderReply {
	if h, ok := p.homeOf(k); ok {
		return orderReply{Home: h.home}
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Register)
	defer cancel()
	reply := make(chan orderReply, 1)
	if !p.post(k, false, mailboxLimit, func(o *owner) { o.order(a, reply) }) {
		return orderReply{}
	}
	select {
	case r := <-reply:
		return r
	case <-ctx.Done():
	case <-p.ctx.Done():
	}
	return orderReply{Code: codeOf(ErrTryAgain)}
}

// order does an order as the home, or says who is.
func (o *owner) order(a Act, reply chan orderReply) {
	switch o.mode {
	case leading:
	case following:
		reply <- orderReply{Home: o.home}
		return
	default:
		r := orderReply{}
		if o.core != nil {
			r.Code = codeOf(ErrTryAgain) // there is a room, and a home soon
		}
		reply <- r
		return
	}
	if len(o.lead.orders) >= pendingLimit {
		reply <- orderReply{Code: codeOf(ErrTryAgain)}
		return
	}
	now := o.now()
	b, err := o.mutate(func(c *Core) (Batch, error) { return c.Order(now, o.p.clock.read(), a) })
	if err != nil {
		reply <- orderReply{Code: codeOf(err)}
		return
	}
	o.log.Info("ordered", "verb", a.Verb, "version", b.Version)
	o.committed(b)
	o.lead.orders = append(o.lead.orders, ordered{b.Version, reply})
	o.settle()
}

// settleOrders answers what a second node knows.
func (o *owner) settleOrders() {
	var open []ordered
	for _, w := range o.lead.orders {
		if o.held("", w.version) {
			w.reply <- orderReply{Done: true}
		} else {
			open = append(open, w)
		}
	}
	o.lead.orders = open
}

// answerOrders ends waiting, as the home of them gives way or the room is over.
func (o *owner) answerOrders(r orderReply) {
	for _, w := range o.lead.orders {
		w.reply <- r
	}
	o.lead.orders = nil
}
