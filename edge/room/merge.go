package room

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Merge takes in what another copy of the room knows and this one does not:
// after a partition left two homes, or when a takeover had to start without
// the copy that had seen most.
//
// live says that people were in the room on the other side, so that another
// session id there means another half of the same meeting; without it a copy
// of another session is a leftover and nothing of it is taken (INV-18).
// People of nodes in spoken are left out: those nodes have said themselves who
// is there. The others come in as reconnecting until their node speaks.
//
// Chat is ordered by (time, id) and renumbered so that the last sequence
// number never falls. Nobody is listed twice, the newer claim wins; somebody
// removed on the other side is removed here, and who is blocked on either is out
// on both. Of each rule the one set later holds, and so does what was decided on
// people. Who waits on the other side is not taken over: their node asks to join
// for them, here from now on.
func (c *Core) Merge(now time.Time, o State, live bool, spoken map[geo.NodeID]bool) Batch {
	same := o.Session == c.s.Session
	if o.key() != c.s.key() || !same && !live {
		return c.commit()
	}
	if !same {
		o = c.moved(now, o)
	}
	var events []Event
	if !same || !c.covers(o.position()) {
		events = append(c.mergeMeta(o), c.mergePeople(now, o, spoken)...)
	}
	events = append(events, c.mergeDecisions(now, events, o)...)
	return c.commit(append(events, c.mergeChat(o.Chat)...)...)
}

// mergeDecisions takes over what moderators decided on the other side, after the
// events before.
func (c *Core) mergeDecisions(now time.Time, before []Event, o State) (events []Event) {
	merged := Restore(c.s, c.personGrace, c.roomGrace)
	take := func(list ...Event) {
		for _, e := range list {
			merged.s.apply(e)
		}
		events = append(events, list...)
	}
	for _, e := range before {
		merged.s.apply(e)
	}
	take(merged.s.mergeVerdicts(o.Verdicts)...)
	rules := merged.s.Rules.later(o.Rules)
	take(merged.setRules(rules, Hush{Stamp: rules.latest()})...)
	for _, p := range merged.s.everybody() {
		v := merged.s.verdict(p.Identities)
		q := v.onto(p, true)
		if other, ok := o.at(p.Attachment); ok {
			q = q.heeding(other.Hushed, rules.may(q))
		}
		q = q.kept(rules.may(q), Hush{Stamp: rules.latest()})
		switch {
		case v.Blocked && !p.Owner:
			take(gone(p, Blocked, instant(now)))
		case !q.equal(p):
			take(changed(q))
		}
	}
	for _, g := range merged.s.waiting() {
		if merged.s.verdict(g.Identities).Blocked {
			take(went(g, Blocked))
		}
	}
	return events
}

// moved is the other half of a meeting that began apart, as part of this
// session: its people are here from now on, its chat stays that of the session
// in which it was written (INV-18).
func (c *Core) moved(now time.Time, o State) State {
	session := o.Session
	o = o.clone()
	for id, p := range o.People {
		p.JoinedAt = c.s.begins(id, now)
		o.People[id] = p
	}
	for i := range o.Chat {
		o.Chat[i].Session = cmp.Or(o.Chat[i].Session, session)
	}
	return o
}

// covers reports whether everything of a position of this session has been
// seen here. Only the latest foreign position is remembered, older epochs
// count as seen: at worst somebody stays out until their node speaks.
func (c *Core) covers(p Position) bool {
	if p.Epoch == c.s.Epoch {
		return p.Version <= c.s.Version
	}
	return p.Compare(c.s.Base) <= 0
}

// overtaken is who came in another copy of this session and neither goes on here
// nor has ended here, though that copy has been merged: somebody newer holds their
// peer id, or their node did not name them. No event ends them, since nobody saw
// them in this half.
func (c *Core) overtaken(o State) (people []Person) {
	if o.Session != c.s.Session {
		return nil
	}
	for _, p := range o.everybody() {
		now, present := c.s.People[p.PeerID]
		if (!present || !now.JoinedAt.Equal(p.JoinedAt)) && !c.s.over(p) {
			people = append(people, p)
		}
	}
	return people
}

// over reports whether the end of a person's presence is remembered.
func (s *State) over(p Person) bool {
	return slices.ContainsFunc(s.Ended, func(e Ended) bool {
		return e.PeerID == p.PeerID && e.JoinedAt.Equal(p.JoinedAt) && !e.At.IsZero()
	})
}

func (c *Core) mergeMeta(o State) []Event {
	m := c.s.meta()
	m.Secrets = keepSecrets(append(m.Secrets, o.Secrets...))
	if p := o.position(); p.Compare(m.Base) > 0 {
		m.Base = p
	}
	return []Event{{Kind: eventMeta, Meta: &m}}
}

func (c *Core) mergePeople(now time.Time, o State, spoken map[geo.NodeID]bool) []Event {
	var events []Event
	handled := make(map[string]bool)
	ordinal := c.s.Ordinal
	others := slices.SortedFunc(maps.Values(o.People), func(a, b Person) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.PeerID, b.PeerID))
	})
	for _, p := range others {
		_, over := c.s.ended(p.Attachment)
		q, taken := c.s.at(p.Attachment)
		if spoken[p.Node] || over || taken && q.PeerID != p.PeerID {
			continue
		}
		p.State, p.Since = Reconnecting, instant(now)
		old, present := c.s.People[p.PeerID]
		switch {
		case !present:
			ordinal++
			p.Ordinal = ordinal
			events = append(events, joined(p))
		case old.Attachment != p.Attachment && p.Claim.After(old.Claim):
			events = append(events, c.replace(now, old, p, &ordinal)...)
			handled[old.PeerID] = true
		}
	}
	for _, e := range o.Ended {
		// Losses are each side's own view, and no verdict on the other's.
		p, ok := c.s.at(e.Attachment)
		if ok && !handled[p.PeerID] && e.Reason != Lost && e.Reason != Superseded {
			handled[p.PeerID] = true
			end := gone(p, e.Reason, instant(now))
			end.By = e.By
			events = append(events, end)
		}
	}
	return events
}

func (c *Core) mergeChat(log []Message) []Event {
	var fresh []Message
	for _, m := range log {
		if _, known := c.s.message(m.ID); !known {
			fresh = append(fresh, m)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	all := slices.SortedFunc(slices.Values(slices.Concat(c.s.Chat, fresh)), func(a, b Message) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	all = trimChat(slices.CompactFunc(all, func(a, b Message) bool { return a.ID == b.ID }))
	if slices.EqualFunc(all, c.s.Chat, func(a, b Message) bool { return a.ID == b.ID }) {
		return nil // what was new is older than what is kept
	}
	last := c.s.Seq + uint64(len(fresh))
	for i := range all {
		all[i].Seq = last - uint64(len(all)-1-i)
	}
	return []Event{{Kind: eventLog, Log: all}}
}
