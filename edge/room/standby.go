package room

import (
	"github.com/meridian-video/meridian/geo"
)

// beat tells the followers and the directory who is home, and sees to the
// standby. A follower that missed something notices by the version.
func (o *owner) beat() {
	o.keepStandby()
	a := &announceMsg{Home: o.self(), Have: o.core.Position()}
	for id, f := range o.lead.followers {
		if !f.synced && f.cutAt.IsZero() {
			o.sync(id, f, Position{})
		}
		if !o.send(id, topicAnnounce, a) {
			f.synced = false
		}
	}
	if directory := o.p.health.rank(o.key)[0]; directory != o.self() && o.lead.followers[directory] == nil {
		o.send(directory, topicAnnounce, a)
	}
}

// keepStandby keeps a copy on the first living node of the room's order that
// is not this one: who would become home if this node died.
func (o *owner) keepStandby() {
	var want geo.NodeID
	for _, id := range o.p.health.rank(o.key) {
		if id != o.self() {
			want = id
			break
		}
	}
	changed := o.lead.standby != want
	o.lead.standby = want
	if want != "" && o.lead.followers[want] == nil {
		f := &follower{}
		o.lead.followers[want] = f
		o.sync(want, f, Position{})
		if !f.synced {
			o.p.health.failed(want)
		}
	}
	if changed {
		o.prune()
	}
}

// prune drops the followers nobody needs: no people, no watcher, not standby. As
// long as the standby has acknowledged no copy nobody is dropped: theirs may be
// the only other one.
func (o *owner) prune() {
	if standby := o.lead.followers[o.lead.standby]; standby != nil && standby.acked == 0 {
		return
	}
	people := o.core.s.count().nodes
	for id, f := range o.lead.followers {
		if people[id] > 0 || f.watch || id == o.lead.standby {
			continue
		}
		delete(o.lead.followers, id)
		o.send(id, topicDrop, &dropMsg{Stamp: f.stamp})
	}
}
