package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// peer is another node as seen from this one: its link, the dial under way, and the
// backoff after failed ones.
type peer struct {
	mesh *Mesh
	id   geo.NodeID

	mu           sync.Mutex
	link         *link   // nil while down
	dial         *dial   // nil unless one is under way
	outbox       *outbox // messages waiting for the dial
	trust        trust
	straightened time.Time // when it was last dialled beside a link over a third node
	failures     int
	notUntil     time.Time
	lastErr      error
}

// dial is one attempt to make a link; done closes when it has succeeded or failed.
type dial struct {
	lost   bool // there was a link: it may take another node to get there
	began  time.Time
	cancel context.CancelCauseFunc
	done   chan struct{}
	link   *link
	err    error
}

// Backoff of dials that fail: doubled from first to last, with jitter of half.
const (
	backoffFirst = 100 * time.Millisecond
	backoffLast  = 5 * time.Second
)

// contest is how long this node insists on its own dial against the peer's. A dial older
// than that is not getting through, the peer's is.
const contest = 1500 * time.Millisecond

// send queues an encoded message on the link, or for the dial it starts.
func (p *peer) send(frame []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != nil {
		return p.link.outbox.push(frame)
	}
	if _, err := p.dialLocked(); err != nil {
		return err
	}
	if p.outbox == nil {
		p.outbox = newOutbox()
	}
	return p.outbox.push(frame)
}

// connect gives the link, dialling when there is none.
func (p *peer) connect(ctx context.Context) (*link, error) {
	p.mu.Lock()
	if p.link != nil {
		defer p.mu.Unlock()
		return p.link, nil
	}
	d, err := p.dialLocked()
	p.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-d.done:
		return d.link, d.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for link to %q: %w", p.id, context.Cause(ctx))
	}
}

func (p *peer) current() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link
}

// missedFor is how long a failed dial counts after it could have been repeated: who is
// needed is dialled again by then.
const missedFor = 2 * backoffLast

// missed says whether there is no link though one was tried for.
func (p *peer) missed(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != nil {
		return false
	}
	return p.dial != nil && (p.failures > 0 || p.dial.lost) || p.failures > 0 && now.Sub(p.notUntil) < missedFor
}

// dialLocked gives the dial under way, or starts one unless backed off.
func (p *peer) dialLocked() (*dial, error) {
	if p.dial != nil {
		return p.dial, nil
	}
	now := p.mesh.cfg.Now()
	if now.Before(p.notUntil) {
		return nil, fmt.Errorf("peer %q: %w: %w", p.id, ErrLinkDown, p.lastErr)
	}
	ctx, cancel := context.WithCancelCause(p.mesh.ctx)
	d := &dial{began: now, cancel: cancel, done: make(chan struct{}), lost: p.link == nil && p.trust.lost()}
	if !p.mesh.start(func() { p.runDial(ctx, d) }) {
		cancel(ErrClosed)
		return nil, ErrClosed
	}
	p.dial = d
	return d, nil
}

// runDial dials, and waits a little for the peer's own dial where that one wins.
func (p *peer) runDial(ctx context.Context, d *dial) {
	defer d.cancel(nil)
	l, err := p.reach(ctx, d)
	if err == nil {
		if !p.install(l, d) {
			l.abandon(ErrReplaced)
		}
		return
	}
	if errors.Is(err, errDuplicate) {
		timeout := time.NewTimer(contest)
		defer timeout.Stop()
		select {
		case <-d.done:
			return
		case <-ctx.Done():
		case <-timeout.C:
		}
	}
	p.fail(d, err)
}

// fail ends a dial that came to nothing; what was queued for it is lost.
func (p *peer) fail(d *dial, err error) {
	p.mu.Lock()
	if p.dial != d {
		p.mu.Unlock()
		return
	}
	p.dial = nil
	if p.link != nil { // it leads over a third node, and goes on doing so
		d.link = p.link
		close(d.done)
		p.mu.Unlock()
		return
	}
	p.failures++
	p.lastErr = err
	wait := min(backoffFirst<<min(p.failures-1, 10), backoffLast)
	p.notUntil = p.mesh.cfg.Now().Add(wait/2 + rand.N(wait))
	d.err = fmt.Errorf("dial %q: %w: %w", p.id, ErrLinkDown, err)
	p.outbox = nil
	p.mesh.notices.add(p.id, false)
	close(d.done)
	p.mu.Unlock()
	p.mesh.metrics.dialsFailed.Inc()
	p.mesh.cfg.Log.Info("relay dial failed", "peer", p.id, "err", err, "failures", p.failures)
}

// contested says whether an incoming link has to give way: with both ends dialling, the
// dial of the lower id wins. It still does when it has just made the link, since the
// other end's Hello may have been on its way.
func (p *peer) contested() bool {
	if p.id < p.mesh.cfg.Self {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.mesh.cfg.Now()
	if p.dial != nil {
		return now.Sub(p.dial.began) < contest
	}
	return p.link != nil && p.link.dialled && now.Sub(p.link.began) < contest
}

// install makes l the link and starts it. own is the dial that made it, nil for an
// incoming link, which ends any dial under way; false means that another link won.
func (p *peer) install(l *link, own *dial) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own != nil && p.dial != own {
		return false
	}
	old := p.link
	if p.outbox != nil {
		l.outbox = p.outbox
		p.outbox = nil
	}
	if !p.mesh.start(func() { l.run(old) }) {
		return false
	}
	if old != nil {
		old.close(ErrReplaced)
	}
	p.link, p.failures, p.notUntil = l, 0, time.Time{}
	if now := p.mesh.cfg.Now(); l.tunnelled() {
		p.trust.lose(now) // that a third node hears the peer says nothing of the direct way
	} else {
		p.trust.find(now)
	}
	if d := p.dial; d != nil {
		d.link = l
		p.dial = nil
		close(d.done)
		if own == nil {
			d.cancel(errDuplicate)
		}
	}
	return true
}

// lost forgets l when it was the link.
func (p *peer) lost(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link == l {
		p.link = nil
		p.trust.lose(p.mesh.cfg.Now())
	}
}
