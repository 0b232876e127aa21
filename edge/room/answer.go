package room

import (
	"context"
	"slices"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// announced is what a home said of itself.
type announced struct {
	home  geo.NodeID
	epoch Epoch
	at    time.Time
}

// Handle takes a one-way message from another node. It does not block.
func (p *Plane) Handle(from geo.NodeID, topic string, body []byte) {
	m, ok := p.open(from, topic, body)
	if !ok {
		return
	}
	k := m.header().key()
	_, create := m.(*stateMsg)
	if _, hands := m.(*handMsg); hands {
		create = true
	}
	if a, ok := m.(*announceMsg); ok && p.heard(from, k, a) {
		return
	}
	posted := p.post(k, create, mailboxLimit, func(o *owner) { o.handle(from, m) })
	if !posted {
		p.unknown(from, k, m)
	}
}

// unknown answers what is about a room that has no owner here, any more perhaps:
// who sent it waits for something.
func (p *Plane) unknown(from geo.NodeID, k Key, m message) {
	switch m := m.(type) {
	case *batchMsg:
		p.send(from, k, topicAck, &ackMsg{Resync: true}) // whose answer is a drop or a state
	case *commandMsg:
		p.send(from, k, topicDrop, &dropMsg{Stamp: m.Stamp}) // register first
	}
}

func (p *Plane) open(from geo.NodeID, topic string, body []byte) (message, bool) {
	m := blank(topic)
	if m == nil {
		p.metrics.refused.WithLabelValues("topic").Inc()
		return nil, false
	}
	if err := decode(body, m); err != nil {
		p.metrics.refused.WithLabelValues("malformed").Inc()
		p.log.Warn("room message refused", "from", from, "topic", topic, "err", err)
		return nil, false
	}
	return m, true
}

// heard notes an announcement for a room that has no owner here.
func (p *Plane) heard(from geo.NodeID, k Key, a *announceMsg) bool {
	now := p.cfg.Now()
	p.mu.Lock()
	if p.rooms[k] != nil || a.Home == p.cfg.Self {
		p.mu.Unlock()
		return a.Home == p.cfg.Self
	}
	p.sweep(now)
	known, ok := p.homes[k]
	fresh := ok && now.Sub(known.at) < 3*p.cfg.Beat && known.home != a.Home && p.health.alive(known.home)
	if fresh && known.epoch.Compare(a.Have.Epoch) > 0 {
		p.mu.Unlock()
		p.send(a.Home, k, topicAnnounce, &announceMsg{Home: known.home, Have: Position{Epoch: known.epoch}})
		return true
	}
	p.homes[k] = announced{home: a.Home, epoch: a.Have.Epoch, at: now}
	p.mu.Unlock()
	if fresh {
		p.send(known.home, k, topicAnnounce, &announceMsg{Home: a.Home, Have: a.Have})
	}
	return true
}

// sweep drops announcements of rooms that are over. The caller holds p.mu.
func (p *Plane) sweep(now time.Time) {
	if now.Sub(p.swept) < 10*p.cfg.Beat {
		return
	}
	p.swept = now
	for k, a := range p.homes {
		if now.Sub(a.at) >= 3*p.cfg.Beat {
			delete(p.homes, k)
		}
	}
}

// homeOf is the living home announced for a room that has no owner here.
func (p *Plane) homeOf(k Key) (announced, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.homes[k]
	ok = ok && p.rooms[k] == nil && p.cfg.Now().Sub(a.at) < 3*p.cfg.Beat && p.health.alive(a.home)
	return a, ok
}

// Answer answers a call from another node.
func (p *Plane) Answer(ctx context.Context, from geo.NodeID, topic string, body []byte) ([]byte, error) {
	m, ok := p.open(from, topic, body)
	if !ok {
		return nil, ErrInvalid
	}
	k := m.header().key()
	var reply message
	switch m := m.(type) {
	case *registerMsg:
		reply = p.answerRegister(ctx, from, k, m)
	case *whoMsg:
		w := p.answerWho(ctx, k, m)
		w.Alive = m.About != "" && p.health.alive(m.About)
		reply = w
	case *orderMsg:
		r := p.orderHere(ctx, k, m.Act)
		reply = &r
	default:
		return nil, ErrInvalid
	}
	return encode(k, reply), nil
}

func (p *Plane) answerRegister(ctx context.Context, from geo.NodeID, k Key, m *registerMsg) message {
	p.clock.observe(m.Stamp)
	if a, ok := p.homeOf(k); ok && a.home != from && !slices.Contains(m.Suspects, a.home) {
		return &registerReply{Status: statusRedirect, Home: a.home, Epoch: a.epoch}
	}
	reply := make(chan registerReply, 1)
	if !p.post(k, true, mailboxLimit, func(o *owner) { o.onRegister(&request{from: from, msg: m, reply: reply}) }) {
		return &registerReply{Status: statusTryAgain}
	}
	select {
	case r := <-reply:
		return &r
	case <-ctx.Done():
	case <-p.ctx.Done():
	}
	return &registerReply{Status: statusTryAgain}
}

func (p *Plane) answerWho(ctx context.Context, k Key, m *whoMsg) *whoReply {
	if a, ok := p.homeOf(k); ok {
		return &whoReply{Home: a.home, Have: Position{Epoch: a.epoch}}
	}
	reply := make(chan whoReply, 1)
	if !p.post(k, false, mailboxLimit, func(o *owner) { reply <- o.who(m) }) {
		return &whoReply{}
	}
	select {
	case r := <-reply:
		return &r
	case <-ctx.Done():
	case <-p.ctx.Done():
	case <-time.After(p.cfg.AskTimeout): // the owner ended meanwhile
	}
	return &whoReply{}
}

func (p *Plane) send(to geo.NodeID, k Key, topic string, m message) bool {
	body := encode(k, m)
	if len(body) > maxBody {
		p.metrics.refused.WithLabelValues("too_large").Inc()
		p.log.Error("room message too large to send", "to", to, "topic", topic, "bytes", len(body))
		return false
	}
	return p.cfg.Peers.Send(to, topic, body) == nil
}
