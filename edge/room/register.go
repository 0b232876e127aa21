package room

import (
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// onRegister answers a node that looks for the home.
func (o *owner) onRegister(r *request) {
	switch o.mode {
	case leading:
		o.register(r)
	case following:
		o.redirect(r)
	default:
		o.seekRegister(r)
	}
}

// register makes a node a follower and takes over what it says.
func (o *owner) register(r *request) {
	m := r.msg
	if m.Have.Epoch.Compare(o.core.s.Epoch) > 0 {
		better := m.Have.Epoch.Node
		if better != o.self() && better != r.from && o.p.health.alive(better) && !slices.Contains(m.Suspects, better) {
			r.reply <- registerReply{Status: statusRedirect, Home: better, Epoch: m.Have.Epoch}
			o.yield(better, m.Have.Epoch)
			return
		}
		if m.State == nil {
			r.reply <- registerReply{Status: statusCopy}
			return
		}
		o.raise(m.Have.Epoch)
	}
	if last, ok := o.lead.stamps[r.from]; ok && !m.Stamp.After(last) {
		r.reply <- registerReply{Status: statusTryAgain} // overtaken by a later one
		return
	}
	o.lead.stamps[r.from] = m.Stamp
	f := o.lead.followers[r.from]
	if f == nil {
		f = &follower{}
		o.lead.followers[r.from] = f
	}
	f.stamp, f.watch, f.synced, f.cutAt, f.acked = m.Stamp, m.Watch, false, time.Time{}, 0
	delete(o.lead.silent, r.from)
	have := m.Have
	if o.hear(r.from, m) {
		have = Position{} // the batches between would end there who has just come back
	}
	r.reply <- registerReply{Status: statusOK, Home: o.self(), Epoch: o.core.s.Epoch}

	var failed []failure
	for _, c := range m.Commands {
		if err := o.execute(r.from, c); err != nil {
			failed = append(failed, failure{ID: c.ID, Code: codeOf(err)})
		}
	}
	o.sync(r.from, f, have)
	if len(failed) > 0 {
		o.send(r.from, topicResult, &resultMsg{Failed: failed})
	}
	o.prune()
	o.settle()
}

// hear takes over a registering node's copy and its word on its own people. It
// reports whether somebody came back who had been given up.
func (o *owner) hear(from geo.NodeID, m *registerMsg) (back bool) {
	now := o.now()
	apart := m.State != nil && m.State.Session != o.core.s.Session
	for i := range m.Mine {
		if apart {
			m.Mine[i].JoinedAt = o.core.s.begins(m.Mine[i].PeerID, now) // in this session, see moved
		}
	}
	news := m.State != nil && !o.core.covers(m.State.position())
	if m.State != nil {
		if m.Yield || len(m.Mine) > 0 {
			o.recordJoint(*m.State)
		}
		o.do(func(c *Core) Batch { return c.Merge(now, *m.State, m.Yield || len(m.Mine) > 0, o.spoken()) })
	}
	for _, e := range m.Leaves {
		if o.mayAct(from, command{Leave: &e}) {
			o.do(func(c *Core) Batch {
				b, _ := c.Leave(now, e.Attachment, e.Reason) // valid and present
				return b
			})
		}
	}
	var keep []string
	for _, c := range m.Commands {
		if c.Join != nil {
			keep = append(keep, c.Join.Attachment)
		}
	}
	for _, p := range m.Mine {
		o.p.clock.observe(p.Claim)
	}
	o.do(func(c *Core) Batch {
		b := c.NodeBack(now, from, m.Mine, keep)
		back = slices.ContainsFunc(b.Events, func(e Event) bool { return e.Kind == EventJoin })
		return b
	})
	if news {
		o.recordOvertaken(*m.State)
	}
	return back
}

// spoken is the nodes whose word on their own people this home has.
func (o *owner) spoken() map[geo.NodeID]bool {
	out := map[geo.NodeID]bool{o.self(): true}
	for id, f := range o.lead.followers {
		if f.stamp != (Stamp{}) && f.cutAt.IsZero() {
			out[id] = true
		}
	}
	return out
}

// raise takes an epoch above another's, when that other's home is gone.
func (o *owner) raise(above Epoch) {
	o.mu.Lock()
	o.core.Takeover(o.self(), above)
	o.mu.Unlock()
	o.lead.log = nil
	for id, f := range o.lead.followers {
		o.sync(id, f, Position{})
	}
}

// sync brings a follower up to date: by the batches it misses if they are
// kept, else by the whole state.
func (o *owner) sync(id geo.NodeID, f *follower, have Position) {
	s := &o.core.s
	missing := s.Version - have.Version
	if have.Epoch == s.Epoch && have.Version <= s.Version && missing <= uint64(len(o.lead.log)) {
		f.synced = true
		f.acked = max(f.acked, have.Version)
		for _, b := range o.lead.log[uint64(len(o.lead.log))-missing:] {
			f.synced = f.synced && o.send(id, topicBatch, &batchMsg{Batches: []Batch{b}})
		}
		o.p.metrics.resyncs.WithLabelValues("batches").Inc()
		return
	}
	f.acked = 0
	f.synced = o.send(id, topicState, &stateMsg{Stamp: f.stamp, State: *s})
	o.p.metrics.resyncs.WithLabelValues("state").Inc()
}

func (o *owner) onAck(from geo.NodeID, m *ackMsg) {
	switch o.mode {
	case following:
		o.send(from, topicAnnounce, &announceMsg{Home: o.home, Have: o.core.Position()})
		return
	case seeking:
		o.send(from, topicDrop, &dropMsg{}) // it takes this node for the home
		return
	}
	f := o.lead.followers[from]
	switch {
	case f == nil:
		o.send(from, topicDrop, &dropMsg{})
	case m.Resync:
		o.sync(from, f, m.Have)
	case m.Have.Epoch == o.core.s.Epoch:
		first := f.acked == 0
		f.acked = max(f.acked, min(m.Have.Version, o.core.s.Version))
		if first && from == o.lead.standby {
			o.prune()
		}
		o.settle()
	}
}

func (o *owner) onCommand(from geo.NodeID, m *commandMsg) {
	f := (*follower)(nil)
	if o.mode == leading {
		f = o.lead.followers[from]
	}
	switch {
	case f == nil || m.Stamp.After(f.stamp):
		o.send(from, topicDrop, &dropMsg{Stamp: m.Stamp}) // register first
		return
	case m.Stamp != f.stamp:
		return // of an older registration, repeated in the newer
	}
	var failed []failure
	for _, c := range m.Commands {
		if err := o.execute(from, c); err != nil {
			failed = append(failed, failure{ID: c.ID, Code: codeOf(err)})
		}
	}
	if len(failed) > 0 {
		o.send(from, topicResult, &resultMsg{Failed: failed})
	}
	o.prune()
	o.settle()
}
