package room

import (
	"log/slog"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// mode is what an owner does for its room.
type mode int

const (
	seeking   mode = iota // looks for the home, with or without an old copy
	following             // has a home and follows it, as leaf or standby
	leading               // is the home
)

// owner is the one goroutine of one room at one node. Everything in it belongs
// to that goroutine; others hand it functions through its box. It never waits:
// questions to other nodes run beside it and come back through the box.
type owner struct {
	p   *Plane
	key Key
	box *mailbox[func(*owner)]
	log *slog.Logger

	mu   sync.Mutex // guards the next three against readers; only the owner writes
	core *Core      // nil: no copy
	mode mode
	home geo.NodeID // followed, or self

	locals    map[string]*local   // by attachment
	peers     map[string][]*local // those who are in, by peer id
	onlookers map[string]*local   // watchers who are not
	audience  audience
	pending   map[uint64]*pending // by command id
	leaving   map[string]Ended    // left here, the home may not know
	lastID    uint64

	calls   int  // questions under way
	dropped bool // the home no longer needs this copy

	search searchState
	follow followState
	lead   leadState

	registered bool // following because this node asked for it, not as a mere standby
}

func newOwner(p *Plane, k Key) *owner {
	return &owner{
		p: p, key: k, box: newMailbox[func(*owner)](), log: p.log.With("company", k.Company, "room", k.Room),
		locals: map[string]*local{}, peers: map[string][]*local{}, onlookers: map[string]*local{}, pending: map[uint64]*pending{}, leaving: map[string]Ended{},
	}
}

func (o *owner) self() geo.NodeID { return o.p.cfg.Self }
func (o *owner) now() time.Time   { return o.p.cfg.Now() }

// nextID numbers commands so that they never repeat at this node, also not
// when a room ends and begins anew.
func (o *owner) nextID() uint64 {
	o.lastID = max(o.lastID+1, uint64(o.now().UnixMicro()))
	return o.lastID
}

func (o *owner) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-o.p.ctx.Done():
			o.stop()
			return
		case <-o.box.ready():
			for _, f := range o.box.take() {
				f(o)
			}
		case <-timer.C:
		}
		next := o.tick(o.now())
		next = earlier(next, o.tellViewers(o.now()))
		o.spread()
		if o.idle() && o.p.retire(o) {
			return
		}
		timer.Reset(max(next.Sub(o.now()), time.Millisecond))
	}
}

// stop answers everybody who waits when the plane closes.
func (o *owner) stop() {
	o.box.close()
	if o.mode == leading && len(o.p.health.rank(o.key)) == 1 { // nobody is there to take over
		o.recordOver(Lost)
	}
	for id := range o.pending {
		o.failed(id, ErrClosed)
	}
	for _, l := range o.locals {
		if !l.in {
			l.entered <- entered{err: ErrClosed}
		}
	}
}

// tick does what is due and says when the next thing will be.
func (o *owner) tick(now time.Time) time.Time {
	switch o.mode {
	case leading:
		return o.tickLead(now)
	case following:
		return o.tickFollow(now)
	default:
		return o.tickSeek(now)
	}
}

// idle reports whether the owner has nothing left to do.
func (o *owner) idle() bool {
	switch {
	case o.needed() || o.calls > 0 || len(o.search.waiting)+len(o.follow.doubted) > 0:
		return false
	case o.mode == leading:
		return false // tickLead ends a room that is over
	case o.mode == following:
		return o.dropped
	}
	return o.core == nil || o.dropped
}

func (o *owner) setMode(m mode, home geo.NodeID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mode, o.home = m, home
}

func (o *owner) setCore(c *Core) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.core, o.audience = c, audience{}
	if c != nil {
		o.audience = c.s.hears()
	}
}

// info and locate are for other goroutines.

func (o *owner) info() (RoomInfo, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.core == nil {
		return RoomInfo{Company: o.key.Company, Room: o.key.Room, Home: o.home}, false
	}
	return RoomInfo{
		Company: o.key.Company, Room: o.key.Room, Home: o.home, Leading: o.mode == leading, People: len(o.core.s.People),
	}, true
}

func (o *owner) locate() (Snapshot, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.core == nil {
		return Snapshot{}, false
	}
	return o.core.Snapshot(), true
}

// mutate changes the core where readers may be looking.
func (o *owner) mutate(f func(*Core) (Batch, error)) (Batch, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return f(o.core)
}

func (o *owner) handle(from geo.NodeID, m message) {
	switch m := m.(type) {
	case *stateMsg:
		o.onState(from, m)
	case *batchMsg:
		o.onBatch(from, m)
	case *ackMsg:
		o.onAck(from, m)
	case *commandMsg:
		o.onCommand(from, m)
	case *resultMsg:
		if from == o.home || from == o.search.target {
			for _, f := range m.Failed {
				o.failed(f.ID, errorOf(f.Code))
			}
		}
	case *announceMsg:
		o.onAnnounce(from, m)
	case *dropMsg:
		o.onDrop(from, m)
	case *handMsg:
		o.onHand(from, m)
	}
}

func (o *owner) nodesChanged() {
	switch o.mode {
	case leading:
		o.lead.beatAt = time.Time{}
		o.settle()
	case following:
		if !o.p.health.member(o.home) {
			o.homeLost("not a member any more")
		}
	default:
		o.kick()
	}
}

func (o *owner) linkChanged(peer geo.NodeID, up bool) {
	switch {
	case o.mode == leading:
		o.leafLink(peer, up)
	case o.mode == following && peer == o.home && up:
		o.follow.cutAt = time.Time{}
		o.seek(o.home)
	case o.mode == following && peer == o.home:
		if o.follow.cutAt.IsZero() {
			o.follow.cutAt = o.now()
		}
	case o.mode == seeking && up:
		if peer == o.search.target {
			o.search.inflight = false // what was asked over the old link is lost
		}
		o.kick()
	}
}

func (o *owner) send(to geo.NodeID, topic string, m message) bool {
	o.spread() // first, since what is said is about the state that it leads to
	return o.p.send(to, o.key, topic, m)
}

// who answers who holds the room.
func (o *owner) who(m *whoMsg) whoReply {
	var r whoReply
	if o.core != nil {
		r.Have = o.core.Position()
		if m.Copy {
			s := o.core.State()
			if m.View {
				s.Ended = nil
				s.Secrets = [][]byte{make([]byte, secretSize)}
			}
			r.State = &s
		}
		if m.Brief {
			r.Brief = o.core.s.brief(m.Peer)
		}
	}
	if o.mode != seeking {
		r.Home = o.home
	}
	return r
}

// ask asks another node who holds the room, beside the owner.
func (o *owner) ask(to geo.NodeID, m *whoMsg, then func(whoReply, error)) {
	o.calls++
	o.p.wg.Go(func() {
		r, err := o.p.ask(o.p.ctx, to, o.key, m)
		if err == nil {
			o.p.health.answered(to)
		}
		o.box.put(func(o *owner) {
			o.calls--
			then(r, err)
		}, 0)
	})
}
