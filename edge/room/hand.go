package room

import (
	"time"

	"github.com/meridian-video/meridian/geo"
)

// handMsg gives a room away: its home drains and the receiver is to be home from
// now on. A node that does not know the word learns the same from the registration
// that follows, a little later.
type handMsg struct {
	head
	State State `json:"state"`
}

func (m *handMsg) validate() bool { return m.State.key() == m.key() && m.State.validate() == nil }

// handOver gives the room to another node, as this one drains, once that node has
// shown that it lives: until then everything is decided here.
func (o *owner) handOver() {
	to := o.p.health.heir(o.key)
	if to == "" || o.lead.heir != "" {
		return
	}
	o.lead.heir = to
	epoch := o.core.s.Epoch
	o.ask(to, &whoMsg{}, func(_ whoReply, err error) {
		if o.mode != leading || o.core.s.Epoch != epoch {
			return
		}
		o.lead.heir, o.lead.beatAt = "", time.Time{}
		switch {
		case err != nil:
			o.p.health.failed(to)
		case o.p.health.heir(o.key) == to:
			o.hand(to)
		}
	})
}

// hand makes this node one of the followers of its heir. What is asked of it
// meanwhile goes along with its registration, which travels the same link behind
// the room itself.
func (o *owner) hand(to geo.NodeID) {
	if !o.send(to, topicHand, &handMsg{State: o.core.State()}) {
		o.p.health.failed(to)
		return
	}
	e := o.core.s.Epoch
	o.yield(to, Epoch{Confirmed: e.Confirmed, Provisional: e.Provisional + 1, Node: to})
}

// onHand takes a room over from its home, which is still there: nobody has to be
// asked. Who is home already has the registration to learn from.
func (o *owner) onHand(from geo.NodeID, m *handMsg) {
	epoch := m.State.Epoch
	if o.mode == leading || epoch.Node != from || epoch.Compare(o.epoch()) < 0 {
		return
	}
	o.p.clock.observe(m.State.Rules.latest())
	o.takeHand(m.State)
	a := &announceMsg{Home: o.self(), Have: o.core.Position()}
	for id := range o.lead.silent { // who may not hear it from the old home
		o.send(id, topicAnnounce, a)
	}
	o.lead.beatAt = time.Time{}
	o.settle()
}

// takeHand becomes home on a copy, on the own one where that is the same: nobody
// here needs to be told of it then.
func (o *owner) takeHand(s State) {
	waiting := o.search.waiting
	o.search.gather, o.search.waiting = nil, nil
	if o.core != nil && o.core.Position() == s.position() {
		o.mu.Lock()
		o.core.Takeover(o.self(), s.Epoch)
		o.mu.Unlock()
		o.begin()
		o.p.metrics.takeovers.Inc()
		o.log.Info("took over", "epoch", o.core.s.Epoch.Provisional, "people", len(o.core.s.People))
		o.assertOwn(o.now())
	} else {
		copies := []State{s}
		if o.core != nil {
			copies = append(copies, o.core.State())
		}
		o.adopt(copies) // which fails for a new room alone
	}
	for _, r := range waiting {
		o.onRegister(r)
	}
}
