package room

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// gather is the short time in which a node that is about to become home
// collects the copies of others.
type gather struct {
	open   int        // questions without an answer
	heard  int        // answers
	denied geo.NodeID // a home that others still follow, although this node cannot reach it
	copies []State
	since  time.Time // of the first sign that the room existed
	began  time.Time
}

// startGather asks the second and third of the room's order who holds it,
// before this node makes itself the home.
func (o *owner) startGather() {
	if o.search.gather != nil {
		return
	}
	g := &gather{began: o.now()}
	o.search.gather = g
	o.search.inflight = false
	o.evidence(o.core != nil)
	var others []geo.NodeID
	for _, id := range o.p.health.rank(o.key) {
		if id != o.self() && len(others) < 2 {
			others = append(others, id)
		}
	}
	g.open = len(others)
	lost := o.epoch().Node
	if lost == o.self() || lost == o.search.disowned || !o.p.health.member(lost) {
		lost = ""
	}
	for _, id := range others {
		o.ask(id, &whoMsg{Copy: true, About: lost}, func(r whoReply, err error) {
			if o.search.gather != g {
				return
			}
			g.open--
			switch {
			case err != nil:
				o.p.health.failed(id)
				return
			}
			g.heard++
			switch {
			case r.Home != "" && r.Home != o.self() && o.p.health.alive(r.Home):
				o.abandonGather(r.Home)
				return
			case r.Home != "" && r.Home != o.self() && o.p.health.member(r.Home):
				g.denied = r.Home
			case r.Alive:
				g.denied = lost
			}
			switch {
			case r.State != nil:
				g.copies = append(g.copies, *r.State)
				o.evidence(true)
			}
		})
	}
}

func (o *owner) evidence(found bool) {
	if g := o.search.gather; g != nil && found && g.since.IsZero() {
		g.since = o.now()
	}
}

// abandonGather sends everybody to a home that was found meanwhile.
func (o *owner) abandonGather(home geo.NodeID) {
	if o.search.gather == nil {
		return
	}
	o.search.gather = nil
	for _, r := range o.search.waiting {
		r.reply <- registerReply{Status: statusRedirect, Home: home}
	}
	o.search.waiting = nil
	o.seek(home)
}

// gathered makes this node the home once the answers are in: at once if the
// room is new, after a window if copies may still come.
func (o *owner) gathered(now time.Time) time.Time {
	g := o.search.gather
	until := g.since.Add(o.p.cfg.Window)
	switch {
	case g.open > 0 && now.Before(g.began.Add(2*o.p.cfg.AskTimeout)):
		return g.began.Add(2 * o.p.cfg.AskTimeout) // every answer or time-out wakes the owner
	case !g.since.IsZero() && now.Before(until):
		return until
	case g.denied != "" || o.isolated(g):
		o.holdOff(g)
		return o.search.retryAt
	}
	o.takeover(g)
	return now
}

// isolated reports whether nobody confirms that the others are gone: the one
// who hears nobody is more likely cut off itself. Opening a room that is
// unknown here needs no confirmation from the node that is its directory.
func (o *owner) isolated(g *gather) bool {
	members := append(slices.Clone(o.p.cfg.Nodes()), o.self())
	if g.heard > 0 || len(o.search.waiting) > 0 || slices.Max(members) == slices.Min(members) {
		return false
	}
	known := o.core != nil || len(g.copies) > 0
	return known || o.p.health.order(o.key, members)[0] != o.self()
}

// holdOff leaves the room to a home that this node cannot reach, for now.
func (o *owner) holdOff(g *gather) {
	r := registerReply{Status: statusTryAgain}
	if g.denied != "" {
		r = registerReply{Status: statusRedirect, Home: g.denied}
	}
	for _, w := range o.search.waiting {
		w.reply <- r
	}
	o.search.gather, o.search.waiting = nil, nil
	o.search.hint = g.denied
	o.pause()
}

// takeover makes this node the home with the best copy there is.
func (o *owner) takeover(g *gather) {
	waiting := o.search.waiting
	o.search.gather, o.search.waiting = nil, nil
	copies := g.copies
	if o.core != nil {
		copies = append(copies, o.core.State())
	}
	for _, r := range waiting {
		if r.msg.State != nil {
			copies = append(copies, *r.msg.State)
		}
	}
	if len(copies) == 0 && !o.worthOpening(waiting) {
		for _, r := range waiting {
			r.reply <- registerReply{Status: statusNotFound}
		}
		o.notFound()
		return
	}
	if !o.adopt(copies) {
		for _, r := range waiting {
			r.reply <- registerReply{Status: statusTryAgain}
		}
		o.pause()
		return
	}
	for _, r := range waiting {
		o.onRegister(r)
	}
	o.lead.beatAt = time.Time{}
	o.settle()
}

// worthOpening reports whether anybody wants to be in the room: watching alone
// does not make one.
func (o *owner) worthOpening(waiting []*request) bool {
	if o.occupied() {
		return true
	}
	for _, r := range waiting {
		if len(r.msg.Commands)+len(r.msg.Mine) > 0 {
			return true
		}
	}
	return false
}

// adopt becomes home on the best of the copies, merged with the others, or of
// a new room if there are none. This node's own people and commands go first.
func (o *owner) adopt(copies []State) bool {
	now, cfg := o.now(), o.p.cfg
	var news []State
	if len(copies) == 0 {
		core, err := Open(o.key, o.self(), now, cfg.Rand, cfg.PersonGrace, cfg.RoomGrace)
		if err != nil {
			o.log.Error("no randomness for a room", "err", err)
			return false
		}
		core.above(o.standing())
		o.setCore(core)
		o.begin()
	} else {
		slices.SortStableFunc(copies, func(a, b State) int {
			return cmp.Or(b.position().Compare(a.position()), cmp.Compare(a.Session, b.Session))
		})
		core := Restore(copies[0], cfg.PersonGrace, cfg.RoomGrace)
		core.Takeover(o.self(), copies[0].Epoch)
		had := o.core != nil
		if had && o.core.s.Session != core.s.Session {
			o.rejoin(core, now)
		}
		o.setCore(core)
		o.begin()
		if had {
			o.resetAll()
		}
		for _, s := range copies[1:] {
			o.recordJoint(s)
			if !o.core.covers(s.position()) {
				news = append(news, s)
			}
			o.do(func(c *Core) Batch { return c.Merge(now, s, false, map[geo.NodeID]bool{o.self(): true}) })
		}
		o.p.metrics.takeovers.Inc()
		o.log.Info("took over", "epoch", core.s.Epoch.Provisional, "people", len(core.s.People))
	}
	o.assertOwn(now)
	for _, s := range news {
		o.recordOvertaken(s)
	}
	return true
}

// rejoin makes this node's people new ones in a session that is not theirs so
// far, see moved.
func (o *owner) rejoin(c *Core, now time.Time) {
	for _, l := range o.locals {
		if l.in && !l.watch {
			l.person.JoinedAt = c.s.begins(l.person.PeerID, now)
		}
	}
}

// assertOwn tells the room what this node, now its home, knows of its own.
func (o *owner) assertOwn(now time.Time) {
	for _, attachment := range slices.Sorted(maps.Keys(o.leaving)) {
		e := o.leaving[attachment]
		if o.mayAct(o.self(), command{Leave: &e}) {
			o.do(func(c *Core) Batch {
				b, _ := c.Leave(now, e.Attachment, e.Reason) // valid and present
				return b
			})
		}
		delete(o.leaving, attachment)
	}
	var keep []string
	for _, p := range o.pending {
		if p.local != nil {
			keep = append(keep, p.local.attachment)
		}
	}
	mine := o.mine()
	o.do(func(c *Core) Batch { return c.NodeBack(now, o.self(), mine, keep) })
	for _, id := range slices.Sorted(maps.Keys(o.pending)) {
		if p := o.pending[id]; p != nil {
			if err := o.execute(o.self(), p.command); err != nil {
				o.failed(id, err)
			}
		}
	}
}
