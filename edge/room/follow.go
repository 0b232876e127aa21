package room

import (
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// beatsMissed is how many beats of its home a follower misses before it looks
// for the home anew.
const beatsMissed = 3

// followState is what a follower knows of its home.
type followState struct {
	heardAt  time.Time // last beat, batch or state
	cutAt    time.Time // link down since
	resyncAt time.Time // last asked for what is missing
	doubted  []*request
}

// follow makes this node a follower of home.
func (o *owner) followHome(home geo.NodeID, registered bool) {
	o.setMode(following, home)
	o.registered = registered
	o.dropped = false
	o.follow.heardAt, o.follow.cutAt, o.follow.resyncAt = o.now(), time.Time{}, time.Time{}
	o.search.hint, o.search.disowned, o.search.backoff = "", "", 0
}

// redirect answers a node that registers here: the home is elsewhere.
func (o *owner) redirect(r *request) {
	switch {
	case r.from == o.home:
		o.homeLost("it looks for a home itself")
		o.seekRegister(r)
	case slices.Contains(r.msg.Suspects, o.home):
		o.doubt(r)
	default:
		r.reply <- registerReply{Status: statusRedirect, Home: o.home, Epoch: o.epoch()}
	}
}

func (o *owner) epoch() Epoch {
	if o.core == nil {
		return Epoch{}
	}
	return o.core.s.Epoch
}

// doubt asks the home whether it lives, since another node cannot reach it.
func (o *owner) doubt(r *request) {
	o.follow.doubted = append(o.follow.doubted, r)
	if len(o.follow.doubted) > 1 {
		return
	}
	home := o.home
	o.ask(home, &whoMsg{}, func(w whoReply, err error) {
		waiting := o.follow.doubted
		o.follow.doubted = nil
		if o.mode == following && o.home == home && (err != nil || w.Home != home) {
			if err != nil {
				o.p.health.failed(home)
			}
			o.homeLost("it does not answer")
		}
		for _, r := range waiting {
			r.msg.Suspects = slices.DeleteFunc(r.msg.Suspects, func(n geo.NodeID) bool { return n == home })
			o.onRegister(r)
		}
	})
}

// homeLost looks for another home. The copy stays, for whoever takes over.
func (o *owner) homeLost(why string) {
	o.log.Info("home lost", "home", o.home, "why", why)
	o.seek("")
}

// onState takes a whole state from a home.
func (o *owner) onState(from geo.NodeID, m *stateMsg) {
	epoch := m.State.Epoch
	if epoch.Node != from {
		return
	}
	switch {
	case o.mode == leading:
		if epoch.Compare(o.core.s.Epoch) > 0 {
			o.yield(from, epoch)
			return
		}
		o.send(from, topicAnnounce, &announceMsg{Home: o.self(), Have: o.core.Position()})
		return
	case o.mode == following && from != o.home && epoch.Compare(o.epoch()) < 0:
		o.send(from, topicAnnounce, &announceMsg{Home: o.home, Have: o.core.Position()})
		return
	case o.search.gather != nil && epoch.Compare(o.epoch()) < 0:
		return
	}
	// A copy of another epoch may hold what was acknowledged on its strength:
	// it is handed over before it is given up.
	unasked := m.Stamp != o.search.stamp || m.Stamp == (Stamp{}) && from != o.epoch().Node
	if o.core != nil && epoch != o.epoch() && unasked {
		if !o.search.inflight || o.search.target != from {
			o.abandonGather(from)
			o.seek(from)
		}
		return
	}
	o.install(from, m.State)
}

func (o *owner) install(from geo.NodeID, s State) {
	before := Position{}
	if o.core != nil {
		before = o.core.Position()
	}
	if before == s.position() && o.mode == following && from == o.home {
		o.ack(false)
		return
	}
	o.abandonGather(from)
	o.p.clock.observe(s.Rules.latest())
	o.setCore(Restore(s, o.p.cfg.PersonGrace, o.p.cfg.RoomGrace))
	missing := before != s.position() && o.resetAll()
	switch {
	case o.mode == following && from == o.home:
		o.follow.heardAt, o.follow.resyncAt = o.now(), time.Time{}
		if missing {
			o.seek(from)
		}
	case o.needed() || o.search.inflight && o.search.target == from:
		if !o.search.inflight || o.search.target != from {
			o.seek(from)
		}
	default:
		o.followHome(from, false)
	}
	o.ack(false)
	o.settle()
}

// onBatch applies what the home did, or asks for what lies between.
func (o *owner) onBatch(from geo.NodeID, m *batchMsg) {
	if o.mode == leading {
		if epoch := m.epoch(); epoch.Compare(o.core.s.Epoch) > 0 {
			o.yield(from, epoch)
		}
		return
	}
	if o.core == nil || from != o.core.s.Epoch.Node || m.epoch() != o.core.s.Epoch {
		if o.mode == following && from == o.home {
			o.resync()
		}
		return
	}
	o.follow.heardAt = o.now()
	before := o.core.s.Version
	for _, b := range m.Batches {
		if b.Version > o.core.s.Version && !o.take(b) {
			o.resync()
			break
		}
	}
	if o.core.s.Version == before {
		return
	}
	o.ack(false)
	o.settle()
}

// take applies a batch and tells of it; it reports whether it was the next.
func (o *owner) take(b Batch) bool {
	if _, err := o.mutate(func(c *Core) (Batch, error) { return b, c.Apply(b) }); err != nil {
		return false
	}
	for _, e := range b.Events {
		if e.Person != nil {
			o.p.clock.observe(e.Person.Claim)
		}
		if e.Set != nil {
			o.p.clock.observe(*e.Set)
		}
	}
	o.follow.resyncAt = time.Time{}
	o.deliver(b)
	return true
}

// resync asks the home for what is missing, not more often than answers come.
func (o *owner) resync() {
	now := o.now()
	if now.Sub(o.follow.resyncAt) < o.p.cfg.AskTimeout {
		return
	}
	o.follow.resyncAt = now
	o.ack(true)
}

func (o *owner) ack(resync bool) {
	m := &ackMsg{Resync: resync}
	to := o.home
	if o.core != nil {
		m.Have = o.core.Position()
		if !resync {
			to = m.Have.Epoch.Node
		}
	}
	if to != "" && to != o.self() {
		o.send(to, topicAck, m)
	}
}

// onAnnounce learns who is home. The higher epoch is right; who says otherwise
// is told.
func (o *owner) onAnnounce(from geo.NodeID, m *announceMsg) {
	if o.core == nil && o.mode != seeking {
		return
	}
	order := m.Have.Epoch.Compare(o.epoch())
	switch {
	case m.Home == o.self():
		return
	case o.mode == leading && order > 0:
		o.yield(m.Home, m.Have.Epoch)
	case o.mode == leading:
		o.send(m.Home, topicAnnounce, &announceMsg{Home: o.self(), Have: o.core.Position()})
	case o.mode == following && m.Home == o.home && from == o.home:
		o.follow.heardAt = o.now()
		if m.Have.Compare(o.core.Position()) > 0 {
			o.resync()
		} else {
			o.ack(false)
		}
		o.strays()
	case o.mode == following && m.Home != o.home && order > 0:
		o.seek(m.Home)
	case o.mode == following && m.Home != o.home && order < 0:
		o.send(m.Home, topicAnnounce, &announceMsg{Home: o.home, Have: o.core.Position()})
	case o.mode == seeking && order >= 0 && !o.search.inflight:
		o.abandonGather(m.Home)
		if o.needed() || o.core != nil {
			o.seek(m.Home)
		}
	}
}

// strays ends people whom the room still lists here, or lets wait, although they
// are gone.
func (o *owner) strays() {
	if !o.registered || o.unanswered() {
		return
	}
	for _, p := range append(o.core.s.waiting(), o.core.s.everybody()...) {
		if p.Node == o.self() && o.locals[p.Attachment] == nil {
			e := Ended{Attachment: p.Attachment, PeerID: p.PeerID, Reason: Lost}
			if known, ok := o.leaving[p.Attachment]; ok {
				e = known
			}
			o.sendCommands(command{ID: o.nextID(), Leave: &e})
		}
	}
}

// onDrop ends following, unless somebody here needs the room.
func (o *owner) onDrop(from geo.NodeID, m *dropMsg) {
	if o.mode != following || from != o.home {
		return
	}
	if o.registered && m.Stamp != o.search.stamp && m.Stamp != (Stamp{}) {
		return // of an earlier registration
	}
	switch {
	case m.Over && !o.occupied():
		o.forget()
	case o.needed():
		o.seek(from)
	default:
		o.dropped = true
	}
}

// tickFollow watches the home.
func (o *owner) tickFollow(now time.Time) time.Time {
	silentAt := o.follow.heardAt.Add(beatsMissed * o.p.cfg.Beat)
	lostAt := o.follow.cutAt.Add(o.p.cfg.LinkGrace)
	switch {
	case !o.p.health.member(o.home):
		o.homeLost("not a member any more")
	case !o.follow.cutAt.IsZero() && !now.Before(lostAt):
		o.homeLost("link down")
	case !now.Before(silentAt):
		o.log.Info("home silent", "home", o.home)
		o.seek(o.home)
	case !o.follow.cutAt.IsZero():
		return earlier(silentAt, lostAt)
	default:
		return silentAt
	}
	return o.tickSeek(now)
}

// sendCommands sends commands to the home under the current registration.
func (o *owner) sendCommands(commands ...command) {
	if !o.send(o.home, topicCommand, &commandMsg{Stamp: o.search.stamp, Commands: commands}) {
		o.seek(o.home)
	}
}
