package relay

import (
	"context"
	"errors"
	"time"
)

// made is what came of one way to make a link.
type made struct {
	link *link
	err  error
}

// reach makes a link directly, or, when the peer was lost and that takes long, over a
// third node, whichever comes first.
func (p *peer) reach(ctx context.Context, d *dial) (*link, error) {
	at, err := p.mesh.address(p)
	if err != nil {
		return nil, err
	}
	if !d.lost {
		return p.mesh.dialLink(ctx, p, at)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan made, 2)
	try := func(dial func() (*link, error)) {
		if !p.mesh.start(func() { l, err := dial(); results <- made{l, err} }) {
			results <- made{nil, ErrClosed}
		}
	}
	try(func() (*link, error) { return p.mesh.dialLink(ctx, p, at) })
	try(func() (*link, error) { return p.mesh.dialOver(ctx, p) })
	first := <-results
	if first.err == nil || errors.Is(first.err, errDuplicate) {
		cancel()
	}
	return first.or(<-results)
}

// or prefers the one that succeeded, of two the first.
func (m made) or(second made) (*link, error) {
	switch {
	case m.err == nil && second.err == nil:
		second.link.abandon(ErrReplaced)
		return m.link, nil
	case m.err == nil:
		return m.link, nil
	case second.err == nil:
		return second.link, nil
	default:
		return nil, errors.Join(m.err, second.err)
	}
}

// straighten dials the peer directly, now and then, while its link leads over a third
// node; a direct link takes the place of that.
func (p *peer) straighten() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.mesh.cfg.Now()
	if p.dial != nil || now.Sub(p.straightened) < straightenAfter {
		return
	}
	p.straightened = now
	_, _ = p.dialLocked() // backed off, perhaps: there will be another time
}

// dialOver makes a link over one of the nodes that Config.Route knows for the peer, after
// the direct way has had its chance.
func (m *Mesh) dialOver(ctx context.Context, p *peer) (*link, error) {
	head := time.NewTimer(tunnelAfter)
	defer head.Stop()
	select {
	case <-head.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	err := ErrLinkDown
	for _, via := range m.vias(p.id) {
		attempt, cancel := context.WithTimeout(ctx, tunnelDial)
		var l *link
		l, err = m.dialLink(attempt, p, tunnelAddr{p.id, via})
		cancel()
		if err == nil || ctx.Err() != nil {
			return l, err
		}
	}
	return nil, err
}
