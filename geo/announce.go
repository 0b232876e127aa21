package geo

import (
	"context"
	"math"
	"time"
)

const (
	// announceInterval is how often the own state is looked at for changes
	// worth sending; a flag that turns is sent at once.
	announceInterval = time.Second
	// loadStep is the change of load worth sending.
	loadStep = 0.02
	// A coordinate is worth sending when it moved by both.
	coordStep  = 2 * time.Millisecond
	coordShare = 0.1
)

// keepAnnouncing sends the own state when it has changed enough.
func (m *Members) keepAnnouncing(ctx context.Context) {
	tick := time.NewTicker(announceInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.urgent:
			m.announce()
		case <-tick.C:
			if m.worthSending() {
				m.announce()
			}
		}
	}
}

func (m *Members) worthSending() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.announced
	if m.own.version != old.version || m.own.full != old.full || m.own.draining != old.draining || m.own.gray != old.gray || m.own.skewed != old.skewed ||
		math.Abs(m.own.load-old.load) >= loadStep {
		return true
	}
	if !m.measured.Load() {
		return false
	}
	if old.coord == nil {
		return true
	}
	// DistanceTo counts both heights even from a place to itself.
	c := m.coords.GetCoordinate()
	var sum float64
	for i := range c.Vec {
		d := c.Vec[i] - old.coord.Vec[i]
		sum += d * d
	}
	moved := math.Sqrt(sum) + math.Abs(c.Height-old.coord.Height) + math.Abs(c.Adjustment-old.coord.Adjustment)
	var size float64
	for i := range c.Vec {
		size += c.Vec[i] * c.Vec[i]
	}
	return moved > coordStep.Seconds() && moved > coordShare*(math.Sqrt(size)+c.Height)
}

// announce gives the own state a new version and sends it.
func (m *Members) announce() {
	m.mu.Lock()
	m.own.version++
	if m.measured.Load() {
		m.own.coord = m.coords.GetCoordinate()
	}
	m.announced = m.own
	s := m.own
	m.mu.Unlock()
	m.roster.heard(s)
	m.queue.QueueBroadcast(notice{s.id, appendState(nil, s)})
	wake(m.changed)
}

// hear takes a record from another node.
func (m *Members) hear(s state) {
	if s.id == m.self.ID {
		// What others remember of an earlier process with a faster clock; the
		// next announcement (within a second) has to be the newest.
		m.mu.Lock()
		if s.version > m.own.version {
			m.own.version = s.version
		}
		m.mu.Unlock()
		return
	}
	news, refused := m.roster.heard(s)
	if refused {
		m.metrics.bad.WithLabelValues("overflow").Inc()
	}
	if news {
		m.queue.QueueBroadcast(notice{s.id, appendState(nil, s)})
		wake(m.changed)
	}
}
