// Package placing tells control where rooms have their home: one write a
// session, one a takeover, later where control is away. Nothing waits for it,
// and it decides nothing: a home is one whether control knows or not.
package placing

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/geo"
)

const (
	askTimeout   = 15 * time.Second
	backoffLeast = 500 * time.Millisecond
	backoffMost  = 15 * time.Second
	renewEvery   = time.Hour
)

// Control takes placements, see client.Client.Place.
type Control interface {
	Place(ctx context.Context, list []client.Placement) ([]*client.Placement, error)
}

// Rooms are those of this node.
type Rooms interface {
	Outranked(mine, by room.Placement)
	Locate(company, room string) (room.Snapshot, bool)
}

// Placer implements room.Placer. Run tells control.
type Placer struct {
	control Control
	log     *slog.Logger
	now     func() time.Time
	wake    chan struct{}

	mu    sync.Mutex
	queue *queue

	told    prometheus.Counter
	dropped prometheus.CounterFunc
}

// New makes a Placer; its metrics are registered, unless there is no registerer.
func New(control Control, log *slog.Logger, reg prometheus.Registerer) *Placer {
	p := &Placer{control: control, log: log, now: time.Now, wake: make(chan struct{}, 1), queue: newQueue()}
	p.told = prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_edge_placements_told_total", Help: "Placements that control was told."})
	p.dropped = prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "meridian_edge_placements_dropped_total", Help: "Placements that were not kept until control could be told."}, func() float64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return float64(p.queue.dropped)
	})
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "meridian_edge_placements_waiting", Help: "Rooms whose placement control has yet to be told."}, func() float64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return float64(len(p.queue.waiting))
	})
	if reg != nil {
		reg.MustRegister(p.told, p.dropped, waiting)
	}
	return p
}

// Placed implements room.Placer.
func (p *Placer) Placed(at room.Placement) { p.put(word{placement: at}) }

// Over implements room.Placer.
func (p *Placer) Over(at room.Placement) { p.put(word{placement: at, over: true}) }

func (p *Placer) put(w word) {
	p.mu.Lock()
	p.queue.put(w)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Run tells control until ctx ends.
func (p *Placer) Run(ctx context.Context, rooms Rooms) {
	renew := time.NewTicker(renewEvery)
	defer renew.Stop()
	var wait time.Duration
	for {
		words := p.take()
		if len(words) > 0 {
			if err := p.tell(ctx, words, rooms); err == nil {
				wait = 0
				continue
			} else if ctx.Err() == nil {
				p.log.Warn("control is not told where rooms have their home; trying again", "rooms", len(words), "err", err)
			}
			wait = min(max(2*wait, backoffLeast), backoffMost)
			if !sleep(ctx, wait/2+rand.N(wait/2)) {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-renew.C:
			p.renew(rooms)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (p *Placer) take() []word {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.take(client.MaxPlacements)
}

// tell tells control, and the rooms what stands instead.
func (p *Placer) tell(ctx context.Context, words []word, rooms Rooms) error {
	list := make([]client.Placement, len(words))
	for i, w := range words {
		list[i] = wire(w)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	standing, err := p.control.Place(ctx, list)
	p.mu.Lock()
	if err != nil {
		p.queue.back(words)
		p.mu.Unlock()
		return err
	}
	for i, w := range words {
		if standing[i] == nil {
			p.queue.heard(w, p.now())
		}
	}
	p.mu.Unlock()
	p.told.Add(float64(len(words)))
	for i, w := range words {
		if standing[i] != nil && !w.over {
			rooms.Outranked(w.placement, unwire(*standing[i]))
		}
	}
	return nil
}

func (p *Placer) renew(rooms Rooms) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.renew(p.now(), func(at room.Placement) bool {
		s, ok := rooms.Locate(at.Company, at.Room)
		return ok && s.Session == at.Session && s.Epoch == at.Epoch
	})
}

func wire(w word) client.Placement {
	at := w.placement
	return client.Placement{
		Company: at.Company, Room: at.Room, Session: at.Session, Node: string(at.Node),
		Confirmed: at.Epoch.Confirmed, Provisional: at.Epoch.Provisional, Over: w.over,
	}
}

func unwire(at client.Placement) room.Placement {
	node := geo.NodeID(at.Node)
	return room.Placement{
		Company: at.Company, Room: at.Room, Session: at.Session, Node: node,
		Epoch: room.Epoch{Confirmed: at.Confirmed, Provisional: at.Provisional, Node: node},
	}
}
