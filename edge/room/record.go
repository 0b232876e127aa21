package room

import (
	"cmp"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/geo"
)

// Recorder keeps what happens in the rooms that this node is home of. Record
// does not block; done, which may be nil, is called once from any goroutine,
// when the records are on disk (nil) or will not be.
type Recorder interface {
	Record(done func(error), records ...record.Record)
}

// Placer tells control where rooms have their home, which confirms it when it
// can: nothing here waits for it. Neither call may block.
type Placer interface {
	// Placed is called once when a session begins at this node, once when this
	// node takes one over, and when it takes a greater epoch (Plane.Outranked).
	Placed(Placement)
	// Over is called when a session has ended at this node.
	Over(Placement)
}

// Placement is where a session has its home. Of two, that of the higher epoch
// is right.
type Placement struct {
	Company, Room, Session string

	Node  geo.NodeID
	Epoch Epoch
}

// unplaced is the Placer of a node without one.
type unplaced struct{}

func (unplaced) Placed(Placement) {}
func (unplaced) Over(Placement)   {}

func (o *owner) placement() Placement {
	s := &o.core.s
	return Placement{Company: s.Company, Room: s.Room, Session: s.Session, Node: o.self(), Epoch: s.Epoch}
}

func (o *owner) chronicle() chronicle {
	c := chronicle{node: o.self(), pop: o.p.cfg.POP}
	if o.p.cfg.Kind != nil {
		c.kind = o.p.cfg.Kind(o.key)
	}
	c.kind = cmp.Or(c.kind, record.Call)
	return c
}

// record hands records over. Messages count as unsaved until they are on disk;
// where the disk fails they are as good as they can be.
func (o *owner) record(records []record.Record) {
	if o.p.cfg.Recorder == nil || len(records) == 0 {
		return
	}
	ids := messages(records)
	if len(ids) == 0 {
		o.p.cfg.Recorder.Record(nil, records...)
		return
	}
	for _, id := range ids {
		o.lead.unsaved[id] = true
	}
	saved := func(o *owner) {
		for _, id := range ids {
			delete(o.lead.unsaved, id)
		}
		o.settle()
	}
	o.p.cfg.Recorder.Record(func(error) { o.box.put(saved, 0) }, records...)
}

// recordBatch tells what a command of this home changed.
func (o *owner) recordBatch(b Batch) {
	o.record(o.chronicle().batch(&o.core.s, b))
	for _, e := range b.Events {
		if e.Kind == EventJoin && e.Person.Ordinal == 1 {
			o.p.cfg.Placer.Placed(o.placement())
		}
	}
}

// recordTakeover tells of a session that began elsewhere.
func (o *owner) recordTakeover() {
	if o.core.s.begun() {
		o.record(o.chronicle().takeover(&o.core.s))
		o.p.cfg.Placer.Placed(o.placement())
	}
}

// recordOver tells the end of this room's session.
func (o *owner) recordOver(reason Reason) {
	if o.core.s.begun() {
		o.record(o.chronicle().closed(&o.core.s, o.now(), reason))
		o.p.cfg.Placer.Over(o.placement())
	}
}

// recordJoint tells the end of another session of this room, whose people go on
// in this one: a room has one running session (INV-03).
func (o *owner) recordJoint(s State) {
	if s.Session != o.core.s.Session && len(s.People) > 0 {
		o.record(o.chronicle().closed(&s, o.now(), RoomClosed))
	}
}

// recordOvertaken tells who of a copy that was merged does not go on here.
func (o *owner) recordOvertaken(s State) {
	o.record(o.chronicle().overtaken(&o.core.s, o.core.overtaken(s), o.now()))
}

// tickUsage tells every 30 s who is present, and when it will next.
func (o *owner) tickUsage(now time.Time) time.Time {
	if o.p.cfg.Recorder == nil {
		return time.Time{}
	}
	if at := record.TickAt(now); at.After(o.lead.tickAt) {
		o.lead.tickAt = at
		o.record(o.chronicle().tick(&o.core.s, at))
	}
	return o.lead.tickAt.Add(record.TickLength)
}
