package room

import "time"

// standing is where control has this room, as this node knows it; zero: nowhere.
func (o *owner) standing() Epoch {
	if o.p.cfg.Standing == nil {
		return Epoch{}
	}
	return o.p.cfg.Standing(o.key)
}

// above lets a session that begins outrank another, of which control may have
// nothing but the beginning: its home died, or could not tell the end.
func (c *Core) above(e Epoch) {
	if e.Node != "" {
		c.s.Epoch.Confirmed = e.Confirmed + 1
	}
}

// Outranked tells the plane that control holds another home for the right one
// than that which was placed from here. If that home took over this very session
// and lives, this node gives way; else the session that is here takes an epoch
// above and is placed anew. What is not true any more is passed over.
func (p *Plane) Outranked(mine, by Placement) {
	k := Key{mine.Company, mine.Room}
	p.post(k, false, 0, func(o *owner) { o.outranked(mine, by) })
}

func (o *owner) outranked(mine, by Placement) {
	if o.mode != leading || o.core.s.Session != mine.Session || by.Epoch.Compare(o.core.s.Epoch) < 0 {
		return
	}
	if by.Session == mine.Session && by.Node != o.self() && o.p.health.alive(by.Node) {
		o.yield(by.Node, by.Epoch)
		return
	}
	o.log.Info("takes an epoch above what control has", "session", by.Session, "home", by.Node, "epoch", by.Epoch.Confirmed)
	o.raise(Epoch{Confirmed: by.Epoch.Confirmed + 1})
	o.lead.beatAt = time.Time{} // followers and the directory learn of it now
	o.p.cfg.Placer.Placed(o.placement())
}
