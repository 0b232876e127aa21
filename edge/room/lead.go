package room

import (
	"slices"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

// logKept is how many batches a home keeps to bring a follower up to date
// without the whole state.
const logKept = 256

// maxLoad is how many events go in one message, beside those of a single batch: of the
// largest, chat of which each byte is escaped, they are 3 MiB.
const maxLoad = 64

// leadState is what a home knows beside the room itself.
type leadState struct {
	followers map[geo.NodeID]*follower
	stamps    map[geo.NodeID]Stamp     // last registration of every node that had one
	silent    map[geo.NodeID]time.Time // nodes with people that have not spoken, since
	standby   geo.NodeID
	heir      geo.NodeID // asked whether it lives, to have the room
	log       []Batch    // contiguous, up to the current version
	unsent    []Batch    // the last of them, on their way to the followers
	load      int        // events in unsent
	beatAt    time.Time
	tickAt    time.Time // last tick of usage
	orders    []ordered
	unsaved   map[string]bool // messages on their way to the Recorder's disk, by id
}

// follower is a node that holds a copy.
type follower struct {
	stamp  Stamp     // of its registration, zero if it never registered
	watch  bool      // wants the copy although nobody is there
	acked  uint64    // version it holds
	synced bool      // gets batches as they come
	cutAt  time.Time // link down since
}

// execute does a command of a node as the home.
func (o *owner) execute(from geo.NodeID, c command) error {
	if !o.mayAct(from, c) {
		return ErrNoAttachment
	}
	now := o.now()
	b, err := o.mutate(func(core *Core) (Batch, error) {
		switch {
		case c.Join != nil:
			c.Join.Node = from
			o.p.clock.observe(c.Join.Claim)
			return core.Join(now, *c.Join)
		case c.Leave != nil:
			return core.Leave(now, c.Leave.Attachment, c.Leave.Reason)
		case c.Set != nil && c.Set.Away:
			return core.Away(now, c.Set.Attachment)
		case c.Set != nil:
			return core.Set(c.Set.Attachment, c.Set.Name, c.Set.Media, c.Set.Tracks, c.Set.Known)
		case c.Chat != nil:
			return core.Chat(now, c.Chat.Attachment, c.Chat.ID, c.Chat.Text)
		case c.Act != nil:
			o.p.clock.observe(c.Act.Set)
			return core.Act(now, c.Act.Attachment, c.Act.Set, c.Act.Act)
		}
		return Batch{}, ErrInvalid
	})
	if err != nil {
		return err
	}
	if c.Join != nil && len(b.Events) > 0 {
		o.log.Info("joined", "node", from, "attachment", c.Join.Attachment, "trace", c.Trace, "version", b.Version)
	}
	o.committed(b)
	return nil
}

// mayAct keeps a node from speaking for another's people.
func (o *owner) mayAct(from geo.NodeID, c command) bool {
	if c.Join != nil {
		return true
	}
	p, ok := o.core.s.at(c.attachment())
	if c.Leave != nil && !ok {
		p, ok = o.core.s.guest(c.attachment())
	}
	return ok && p.Node == from
}

// do runs a command of the home itself, which cannot be refused.
func (o *owner) do(f func(*Core) Batch) {
	b, err := o.mutate(func(c *Core) (Batch, error) { return f(c), nil })
	if err == nil {
		o.committed(b)
	}
}

// committed spreads what a command changed.
func (o *owner) committed(b Batch) {
	if len(b.Events) == 0 {
		return
	}
	o.lead.log = append(o.lead.log, b)
	if over := len(o.lead.log) - logKept; over > 0 {
		o.lead.log = slices.Delete(o.lead.log, 0, over)
	}
	if o.lead.load > 0 && o.lead.load+len(b.Events) > maxLoad {
		o.spread()
	}
	o.lead.unsent, o.lead.load = append(o.lead.unsent, b), o.lead.load+len(b.Events)
	o.recordBatch(b)
	o.deliver(b)
}

// spread sends the followers what was committed since it last did: once for all
// that came to the mailbox together, so that a storm of joins is few messages.
func (o *owner) spread() {
	batches := o.lead.unsent
	if len(batches) == 0 {
		return
	}
	o.lead.unsent, o.lead.load = nil, 0
	for id, f := range o.lead.followers {
		if f.synced && !o.p.send(id, o.key, topicBatch, &batchMsg{Batches: batches}) {
			f.synced = false
		}
	}
}

// held reports whether a second node holds a message that came with a version,
// or where there is none, this node's disk.
func (o *owner) held(id string, version uint64) bool {
	others := false
	for id, f := range o.lead.followers {
		if f.acked >= version {
			return true
		}
		others = others || o.p.health.alive(id)
	}
	return !others && len(o.p.health.rank(o.key)) == 1 && !o.lead.unsaved[id]
}

// begin makes this node the home with the core it has.
func (o *owner) begin() {
	o.setMode(leading, o.self())
	o.registered, o.dropped = false, false
	o.search.yielded, o.search.hint, o.search.target, o.search.disowned = false, "", "", ""
	o.lead = leadState{
		followers: map[geo.NodeID]*follower{}, stamps: map[geo.NodeID]Stamp{}, silent: map[geo.NodeID]time.Time{},
		unsaved: map[string]bool{}, tickAt: record.TickAt(o.now()),
	}
	o.recordTakeover()
	for _, p := range o.core.s.People {
		if p.Node != o.self() && p.State == Present {
			o.lead.silent[p.Node] = o.now()
		}
	}
	for _, g := range o.core.s.Lobby {
		if g.Node != o.self() {
			o.lead.silent[g.Node] = o.now()
		}
	}
}

// leafLink follows the links to the followers.
func (o *owner) leafLink(peer geo.NodeID, up bool) {
	f := o.lead.followers[peer]
	switch {
	case f == nil:
		if up {
			o.lead.beatAt = time.Time{} // it may be the directory or a better standby
		}
	case !up:
		f.synced = false
		if f.cutAt.IsZero() {
			f.cutAt = o.now()
		}
	default:
		f.cutAt = time.Time{}
		o.sync(peer, f, Position{})
		if f.stamp != (Stamp{}) {
			o.lead.silent[peer] = o.now() // it registers now, or was restarted
		}
	}
}

// tickLead does a home's periodic work and ends a room that is over.
func (o *owner) tickLead(now time.Time) time.Time {
	if due := o.core.Next(); !due.IsZero() && !now.Before(due) {
		o.do(func(c *Core) Batch { return c.Tick(now) })
	}
	if o.core.Over(now) {
		o.close()
		return now
	}
	next := now.Add(o.p.cfg.Beat)
	if !now.Before(o.lead.beatAt) {
		o.handOver()
		o.beat()
		o.lead.beatAt = next
	}
	next = earlier(o.lead.beatAt, o.core.Next())
	next = earlier(next, o.tickUsage(now))
	for id, f := range o.lead.followers {
		lostAt := f.cutAt.Add(o.p.cfg.LinkGrace)
		switch {
		case !o.p.health.member(id) || !f.cutAt.IsZero() && !now.Before(lostAt):
			o.nodeLost(id)
		case !f.cutAt.IsZero():
			next = earlier(next, lostAt)
		}
	}
	for id, since := range o.lead.silent {
		lostAt := since.Add(o.p.cfg.LinkGrace)
		if !o.p.health.member(id) || !now.Before(lostAt) {
			o.nodeLost(id)
		} else {
			next = earlier(next, lostAt)
		}
	}
	o.settle()
	return next
}

func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// nodeLost gives up on a follower until it registers again.
func (o *owner) nodeLost(id geo.NodeID) {
	delete(o.lead.followers, id)
	delete(o.lead.silent, id)
	now := o.now()
	o.log.Info("node lost", "node", id)
	o.do(func(c *Core) Batch { return c.NodeLost(now, id) })
	if o.lead.standby == id {
		o.keepStandby()
	}
}

// close forgets a room that is over, everywhere.
func (o *owner) close() {
	o.recordOver(RoomClosed)
	for id, f := range o.lead.followers {
		o.send(id, topicDrop, &dropMsg{Stamp: f.stamp, Over: true})
	}
	o.log.Info("room over")
	o.answerOrders(orderReply{Done: true})
	o.forget()
}

// forget drops the copy and ends who still watches.
func (o *owner) forget() {
	o.setMode(seeking, "")
	o.setCore(nil)
	o.lead, o.follow, o.search = leadState{}, followState{}, searchState{}
	o.registered = false
	for _, l := range o.locals {
		if l.watch && l.in {
			o.end(l, RoomClosed, "")
		}
	}
	o.kick()
}

// yield gives way to a home with a higher epoch: the followers are sent there,
// and this node registers there with its people and its copy.
func (o *owner) yield(to geo.NodeID, epoch Epoch) {
	o.spread()
	o.log.Info("yields to another home", "to", to, "epoch", epoch.Provisional)
	o.p.metrics.yields.Inc()
	a := &announceMsg{Home: to, Have: Position{Epoch: epoch}}
	for id := range o.lead.followers {
		if id != to {
			o.send(id, topicAnnounce, a)
		}
	}
	o.answerOrders(orderReply{Home: to})
	o.lead = leadState{}
	o.search.yielded = true
	o.seek(to)
}
