package room

import (
	"maps"
	"time"
)

// viewersEvery is how often a node tells its people at the most how many viewers
// there are.
const viewersEvery = time.Second

// lists reports whether everybody in a room is told of a person. The viewers of a
// webinar are only counted, but for moderators and raised hands.
func (k RoomKind) lists(p Person) bool {
	return k != Webinar || p.Mode != ViewerMode || p.Role == Moderator || !p.Hand.IsZero()
}

// audience is what the people of a node have been told of who is there.
type audience struct {
	listed  map[string]bool // peer ids; kept up in a webinar alone
	viewers int
	at      time.Time // told
}

// hears makes an audience of those who get the state as it is.
func (s *State) hears() audience {
	return audience{listed: maps.Clone(s.count().listed), viewers: s.count().viewers}
}

// split tells what everybody hears of a webinar's events from what only those
// hear whom they are about.
func (a *audience) split(events []Event) (all, own []Event) {
	for _, e := range events {
		switch e.Kind {
		case EventJoin, EventPerson:
			if Webinar.lists(*e.Person) {
				a.listed[e.Person.PeerID] = true
				all = append(all, e)
				continue
			}
			own = append(own, e)
			if a.forget(e.Person.PeerID) {
				all = append(all, Event{Kind: EventCounted, PeerID: e.Person.PeerID})
			}
		case EventLeave:
			if a.forget(e.PeerID) {
				all = append(all, e)
			}
		default:
			all = append(all, e)
		}
	}
	return all, own
}

func (a *audience) forget(peer string) (was bool) {
	was = a.listed[peer]
	delete(a.listed, peer)
	return was
}

// tellViewers tells the number of viewers if it has changed, and says when it is
// due otherwise.
func (o *owner) tellViewers(now time.Time) (due time.Time) {
	if o.core == nil || o.core.s.Kind != Webinar {
		return time.Time{}
	}
	viewers := o.core.s.count().viewers
	if viewers == o.audience.viewers {
		return time.Time{}
	}
	if due = o.audience.at.Add(viewersEvery); now.Before(due) {
		return due
	}
	o.audience.viewers, o.audience.at = viewers, now
	o.tell(o.core.s.Version, []Event{{Kind: EventViewers, Viewers: viewers}})
	return time.Time{}
}

// tell tells everybody here.
func (o *owner) tell(version uint64, events []Event) {
	for _, l := range o.locals {
		if l.in {
			l.observer.Update(version, events)
		}
	}
}
