package congestion

import (
	"time"
)

const (
	// slack is what of the rate is filled after layers were taken away, and headroom what
	// may be after one is given back: a layer is not given to be taken again.
	slack    = 0.95
	headroom = 0.9
	// firstHold is for how long there must be room before layers are given back; it doubles
	// up to lastHold each time this turns out too early within early.
	firstHold = time.Second
	lastHold  = 16 * time.Second
	early     = 3 * time.Second
	// increase is how much more is given back at a time, as a part of what is sent.
	increase = 0.1
)

// Shed decides which layers of a link's tracks pass. One goroutine at a time may call it.
type Shed struct {
	passing map[uint64]Layers // at most, of what was seen at the last update
	since   time.Duration     // from when on there has been room for more
	waiting bool
	hold    time.Duration
	raised  time.Duration // when layers were last given back
	trial   bool
	wanted  float64
	next    float64
}

// offer is a stream with what passes of it.
type offer struct {
	*Stream
	most, now Layers
}

// Update takes the rate of the link in bit/s and its streams, and returns what may pass
// of each, in their order: never more than wanted, all of the audio. Less is decided at
// once; more when there was room for a while, or, if eager, as soon as there is room.
func (s *Shed) Update(now time.Duration, rate float64, eager bool, streams []Stream) []Layers {
	offers := s.offers(streams)
	total := 0.0
	for _, o := range offers {
		total += o.rate(o.now)
	}
	switch {
	case total > rate:
		if s.lower(offers, total, slack*rate) {
			s.punish(now)
		}
	case eager:
		s.raise(offers, total, rate, rate)
	default:
		s.consider(now, offers, total, rate)
	}
	s.next = s.following(offers)
	return s.keep(offers, streams)
}

// Wanted is what would be sent if everything passed, in bit/s, as of the last update.
func (s *Shed) Wanted() float64 { return s.wanted }

// Next is the least rate at which more would pass; 0 when everything does.
func (s *Shed) Next() float64 { return s.next }

func (s *Shed) offers(streams []Stream) []offer {
	if s.hold == 0 {
		s.hold = firstHold
	}
	s.wanted = 0
	offers := make([]offer, len(streams))
	for i := range streams {
		o := offer{Stream: &streams[i]}
		o.most = o.normal(o.Wanted)
		o.now = o.most
		if let, ok := s.passing[o.ID]; ok && !o.Audio {
			o.now = Layers{min(let.Spatial, o.most.Spatial), min(let.Temporal, o.most.Temporal)}
		}
		s.wanted += o.rate(o.most)
		offers[i] = o
	}
	return offers
}

// lower takes layers away until no more than room is used, the least worth first and of
// these the largest; it says whether it took any.
func (s *Shed) lower(offers []offer, total, room float64) (took bool) {
	for total > room {
		best, gain := -1, 0.0
		for i, o := range offers {
			if o.Audio || o.rate(o.now) == 0 {
				continue
			}
			saves := o.rate(o.now) - o.rate(o.lower(o.now))
			if best < 0 || before(o, saves, offers[best], gain) {
				best, gain = i, saves
			}
		}
		if best < 0 {
			return took
		}
		offers[best].now = offers[best].lower(offers[best].now)
		total -= gain
		took = true
	}
	return took
}

// before says that a loses a layer before b.
func before(a offer, saves float64, b offer, gain float64) bool {
	if x, y := a.worth(a.now), b.worth(b.now); x != y {
		return x < y
	}
	if saves != gain {
		return saves > gain
	}
	return a.ID < b.ID
}

// raise gives layers back while they fit into room, up to a total of most or one layer.
func (s *Shed) raise(offers []offer, total, room, most float64) (gave bool) {
	for {
		best, cost := s.cheapest(offers)
		if best < 0 || total+cost > room || gave && total+cost > most {
			return gave
		}
		offers[best].now = offers[best].higher(offers[best].now, offers[best].most)
		total += cost
		gave = true
	}
}

// cheapest is the layer to give back first: the reverse of lower.
func (s *Shed) cheapest(offers []offer) (best int, cost float64) {
	best = -1
	var after offer
	for i, o := range offers {
		up := o.higher(o.now, o.most)
		if up == o.now {
			continue
		}
		adds := o.rate(up) - o.rate(o.now)
		o.now = up
		if best < 0 || before(after, cost, o, adds) {
			best, cost, after = i, adds, o
		}
	}
	return best, cost
}

// consider gives layers back when there has been room for them for long enough.
func (s *Shed) consider(now time.Duration, offers []offer, total, rate float64) {
	if s.trial && now-s.raised > early {
		s.trial, s.hold = false, firstHold
	}
	best, cost := s.cheapest(offers)
	if best < 0 || total+cost > headroom*rate {
		s.waiting = false
		return
	}
	if !s.waiting || now < s.since {
		s.waiting, s.since = true, now
	}
	if now-s.since < s.hold {
		return
	}
	s.waiting = false
	if s.raise(offers, total, headroom*rate, (1+increase)*total) {
		s.raised, s.trial = now, true
	}
}

// punish makes the next giving back wait longer when this one was too early.
func (s *Shed) punish(now time.Duration) {
	s.waiting = false
	if s.trial && now-s.raised <= early {
		s.hold = min(2*s.hold, lastHold)
	}
	s.trial = false
}

// following is the rate at which the next layer would pass.
func (s *Shed) following(offers []offer) float64 {
	best, cost := s.cheapest(offers)
	if best < 0 {
		return 0
	}
	for _, o := range offers {
		cost += o.rate(o.now)
	}
	return cost / headroom
}

// keep remembers what is shed and gives what may pass. What is not shed is told as it was
// wanted, so that a layer that appears later passes.
func (s *Shed) keep(offers []offer, streams []Stream) []Layers {
	s.passing = make(map[uint64]Layers)
	out := make([]Layers, len(streams))
	for i, o := range offers {
		out[i] = o.Wanted
		if o.now == o.most {
			continue
		}
		s.passing[o.ID] = o.now
		out[i] = o.now
		if o.now.Temporal == o.most.Temporal && o.now.Spatial >= 0 {
			out[i].Temporal = o.Wanted.Temporal
			s.passing[o.ID] = Layers{o.now.Spatial, topTemporal}
		}
	}
	return out
}

// Shedding counts the streams of which less passes than is wanted.
func (s *Shed) Shedding() int { return len(s.passing) }
