package relay

import (
	"sync"
	"sync/atomic"
)

// health is whether the two ends of a link hear each other. A link that is not well is
// suspect: tracks leave it, long before it is ended.
type health struct {
	ill atomic.Bool

	mu      sync.Mutex // the members below
	deaf    bool       // this end hears nothing
	unheard bool       // the peer says that it hears nothing
}

// suspect says whether one of the ends hears nothing.
func (l *link) suspect() bool { return l.health.ill.Load() }

// sides says which of the ends hears nothing.
func (h *health) sides() (deaf, unheard bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.deaf, h.unheard
}

func (l *link) deafened(deaf bool) { l.judge(func(h *health) { h.deaf = deaf }) }

func (l *link) unheard(unheard bool) { l.judge(func(h *health) { h.unheard = unheard }) }

// judge takes what was learned; when the link becomes suspect or well, the courses look
// for other parents at once.
func (l *link) judge(learn func(*health)) {
	l.health.mu.Lock()
	learn(&l.health)
	ill := l.health.deaf || l.health.unheard
	changed := l.health.ill.Swap(ill) != ill
	l.health.mu.Unlock()
	if !changed {
		return
	}
	l.mesh.cfg.Log.Info("relay link changed", "peer", l.peer.id, "suspect", ill)
	l.peer.judged(l, ill)
	l.mesh.Reroute()
}

// judged notes how the direct link has behaved.
func (p *peer) judged(l *link, ill bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch now := p.mesh.cfg.Now(); {
	case p.link != l || l.tunnelled():
	case ill:
		p.trust.lose(now)
	default:
		p.trust.find(now)
	}
}
