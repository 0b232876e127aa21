package room

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Backoff between registrations: short, since people wait; bounded, since a
// home that is taking over answers late, not never.
const (
	backoffFirst = 50 * time.Millisecond
	backoffMax   = time.Second
)

// maxRedirects bounds how often one search is sent elsewhere before it pauses.
const maxRedirects = 4

// searchState is the search for a home.
type searchState struct {
	hint      geo.NodeID // whom to ask first
	stamp     Stamp      // of the last registration
	target    geo.NodeID // whom it was sent to
	inflight  bool
	sentID    uint64 // last command that went with it
	redirects int
	disowned  geo.NodeID // said that it is not the home: that it lives means nothing
	backoff   time.Duration
	retryAt   time.Time
	yielded   bool // this node was home and brings its copy
	copy      bool // the target asked for the copy
	gather    *gather
	waiting   []*request // registrations that arrived meanwhile
}

// request is a registration waiting for its answer.
type request struct {
	from  geo.NodeID
	msg   *registerMsg
	reply chan registerReply // one slot
}

// seek starts looking for the home, first at hint.
func (o *owner) seek(hint geo.NodeID) {
	o.setMode(seeking, "")
	o.registered = false
	o.search.hint = hint
	o.search.redirects = 0
	o.search.inflight = false
	o.search.retryAt = time.Time{}
}

// kick makes the next attempt due now.
func (o *owner) kick() {
	if o.mode == seeking {
		o.search.retryAt = time.Time{}
	}
}

func (o *owner) tickSeek(now time.Time) time.Time {
	if o.search.gather != nil {
		return o.gathered(now)
	}
	if !o.needed() && (o.core == nil && len(o.search.waiting) == 0 || o.dropped) {
		return now.Add(time.Hour) // nothing to look for
	}
	if !o.search.inflight && !now.Before(o.search.retryAt) {
		o.attempt()
	}
	if o.mode != seeking {
		return now
	}
	if o.search.gather != nil {
		return o.gathered(now)
	}
	if o.search.inflight {
		return now.Add(o.p.cfg.Register)
	}
	return o.search.retryAt
}

// attempt registers with whoever should know: the hint, or the room's
// directory, which may be this node.
func (o *owner) attempt() {
	target := o.search.hint
	if target == "" || !o.p.health.member(target) {
		target = o.p.health.rank(o.key)[0]
	}
	if target == o.self() {
		o.startGather()
		return
	}
	m := o.registration(target)
	o.search.stamp, o.search.target, o.search.inflight = m.Stamp, target, true
	o.search.sentID = o.lastID
	body := encode(o.key, m)
	o.calls++
	o.p.wg.Go(func() {
		ctx, cancel := context.WithTimeout(o.p.ctx, o.p.cfg.Register)
		defer cancel()
		var r registerReply
		answer, err := o.p.cfg.Peers.Call(ctx, target, topicRegister, body)
		if err == nil {
			err = decode(answer, &r)
		}
		o.box.put(func(o *owner) {
			o.calls--
			o.onReply(target, m.Stamp, r, err)
		}, 0)
	})
}

func (o *owner) registration(target geo.NodeID) *registerMsg {
	m := &registerMsg{
		Stamp: o.p.clock.read(), Yield: o.search.yielded, Watch: o.watched(),
		Mine: o.mine(), Suspects: o.p.health.suspects(),
	}
	if o.core != nil {
		m.Have = o.core.Position()
		if m.Have.Epoch.Node != target || o.search.yielded || o.search.copy {
			s := o.core.State()
			m.State = &s
		}
	}
	for _, attachment := range slices.Sorted(maps.Keys(o.leaving)) {
		m.Leaves = append(m.Leaves, o.leaving[attachment])
	}
	for _, id := range slices.Sorted(maps.Keys(o.pending)) {
		m.Commands = append(m.Commands, o.pending[id].command)
	}
	return m
}

func (o *owner) onReply(target geo.NodeID, stamp Stamp, r registerReply, err error) {
	if o.mode != seeking || !o.search.inflight || stamp != o.search.stamp {
		return
	}
	o.search.inflight = false
	if err != nil {
		o.log.Info("home does not answer", "target", target, "err", err)
		o.p.health.failed(target)
		o.search.hint = ""
		o.pause()
		return
	}
	o.p.health.answered(target)
	switch r.Status {
	case statusOK:
		o.search.yielded, o.search.copy = false, false
		o.followHome(target, true)
		if o.epoch() != r.Epoch {
			o.resync() // what it sent has not come, or came too early
		} else {
			o.ack(false) // who has given way since says so
		}
		o.flush()
		o.settle()
	case statusRedirect:
		o.redirected(r.Home)
	case statusNotFound:
		o.notFound()
	case statusCopy:
		o.search.copy = true
	default:
		o.search.hint = ""
		o.pause()
	}
}

func (o *owner) redirected(to geo.NodeID) {
	o.search.redirects++
	o.search.disowned = o.search.target
	if to == o.self() {
		o.startGather()
		return
	}
	o.search.hint = to
	if o.search.redirects > maxRedirects || o.p.health.suspected(to, o.now()) {
		o.search.redirects = 0
		o.pause()
	}
}

// notFound ends the search of those who only wanted to watch.
func (o *owner) notFound() {
	for _, l := range o.onlookers {
		o.drop(l)
		l.entered <- entered{err: ErrNotFound}
	}
	if o.core != nil && !o.needed() {
		o.dropped = true
	}
	o.pause()
}

func (o *owner) pause() {
	o.search.backoff = min(max(2*o.search.backoff, backoffFirst), backoffMax)
	o.search.retryAt = o.now().Add(o.search.backoff)
}

// flush sends what came up while the registration was under way.
func (o *owner) flush() {
	var commands []command
	for _, id := range slices.Sorted(maps.Keys(o.pending)) {
		if id > o.search.sentID {
			commands = append(commands, o.pending[id].command)
		}
	}
	for _, l := range o.locals {
		if l.dirty {
			l.dirty = false
			commands = append(commands, command{ID: o.nextID(), Set: l.setCommand()})
		}
	}
	for _, e := range o.leaving {
		commands = append(commands, command{ID: o.nextID(), Leave: &e})
	}
	if len(commands) > 0 {
		o.sendCommands(commands...)
	}
}

// seekRegister takes a registration while this node has no home itself.
func (o *owner) seekRegister(r *request) {
	first := o.p.health.rank(o.key)[0]
	switch {
	case r.msg.State == nil && r.msg.Have != (Position{}):
		r.reply <- registerReply{Status: statusCopy}
	case o.search.gather != nil || first == o.self():
		o.search.waiting = append(o.search.waiting, r)
		if o.search.gather == nil {
			o.startGather()
		}
		o.evidence(r.msg.State != nil)
	case slices.Contains(r.msg.Suspects, first):
		o.verify(first, r)
	default:
		r.reply <- registerReply{Status: statusRedirect, Home: first}
	}
}

// verify asks a node that another cannot reach, before this one takes its place.
func (o *owner) verify(first geo.NodeID, r *request) {
	o.ask(first, &whoMsg{}, func(_ whoReply, err error) {
		if err != nil {
			o.p.health.failed(first)
		}
		r.msg.Suspects = slices.DeleteFunc(r.msg.Suspects, func(n geo.NodeID) bool { return n == first })
		o.onRegister(r)
	})
}
