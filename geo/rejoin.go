package geo

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// rejoinInterval is the mean pause between rounds; each is drawn from half
	// to one and a half of it, so that healed halves do not call all at once.
	rejoinInterval = 5 * time.Second
	// rejoinFirst is the pause while no other node has been found at all; it
	// doubles up to rejoinInterval.
	rejoinFirst = 500 * time.Millisecond
	// rejoinWidth is how many nodes one round calls at the same time. Reaching
	// one is enough, gossip does the rest.
	rejoinWidth = 4
	// After the own id was seen at another address the living are called too,
	// at the pace of contestInterval: a restarted node has to be taken in anew
	// as soon as the old process is found dead, and nobody else will call it.
	contestInterval = time.Second
	contestFor      = 20 * time.Second
)

// rejoin calls seeds and nodes that were here once, for ever. memberlist joins
// once and forgets the dead after gossipToDead: without this loop two halves of
// a network that were apart for longer would never meet again.
func (m *Members) rejoin(ctx context.Context) {
	pause := rejoinFirst
	alone := true
	for {
		m.rejoinRound(ctx)
		if now := m.roster.count() <= 1; now != alone {
			alone = now
			m.log.Info("gossip", "alone", alone)
		}
		wait := rejoinInterval
		if alone {
			wait, pause = pause, min(2*pause, rejoinInterval)
		} else {
			pause = rejoinFirst
			if m.contested() {
				wait = contestInterval
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

func (m *Members) rejoinRound(ctx context.Context) {
	var wg sync.WaitGroup
	for _, addr := range m.candidates() {
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			result := "reached"
			if _, err := m.list.Join([]string{addr}); err != nil {
				result = "failed"
				m.log.Debug("rejoin", "addr", addr, "error", err)
			}
			m.metrics.rejoins.WithLabelValues(result).Inc()
		})
	}
	wg.Wait()
}

// contested reports whether others lately believed this node elsewhere.
func (m *Members) contested() bool {
	at := m.contestedAt.Load()
	return at != 0 && time.Since(time.Unix(0, at)) < contestFor
}

// candidates draws the addresses of one round: half of them seeds, half nodes
// that were lost, as far as there are any. An address where a living node
// gossips is left out; a seed given by name cannot be told from one and costs
// an exchange now and then.
func (m *Members) candidates() []string {
	own, contested := m.Addr(), m.contested()
	var seeds []string
	for _, s := range m.seeds() {
		if s != "" && s != own && (contested || !m.roster.livesAt(s)) {
			seeds = append(seeds, s)
		}
	}
	lost := m.roster.lost(time.Now())
	if contested {
		lost = append(lost, m.roster.others(m.self.ID)...)
	}
	rand.Shuffle(len(seeds), func(i, j int) { seeds[i], seeds[j] = seeds[j], seeds[i] })
	rand.Shuffle(len(lost), func(i, j int) { lost[i], lost[j] = lost[j], lost[i] })
	var out []string
	for len(out) < rejoinWidth && len(seeds)+len(lost) > 0 {
		for _, from := range []*[]string{&seeds, &lost} {
			if len(*from) > 0 {
				out = append(out, (*from)[0])
				*from = (*from)[1:]
			}
		}
	}
	return out[:min(len(out), rejoinWidth)]
}
