package rtc

import (
	"maps"
	"slices"
	"time"

	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// routes is where packets go, an immutable snapshot for the reader.
type routes struct {
	ups   []*up
	ssrc  map[uint32]*up // declared, of sections with one encoding
	mid   map[string]*up
	pt    map[uint8]*up // payload types that only one section uses
	downs map[uint32]*down
	slots []*down    // in offer order
	ext   extensions // one id in all of a bundle
}

// reroute publishes a new snapshot. t.mu is held, or t not yet shared.
func (t *Transport) reroute(o *offer) {
	r := &routes{
		ups: slices.Clone(t.ups), ssrc: make(map[uint32]*up), mid: make(map[string]*up),
		pt: make(map[uint8]*up), downs: make(map[uint32]*down),
	}
	for _, u := range t.ups {
		r.mid[u.mid] = u
		for i, x := range u.ext {
			if x.id != 0 {
				r.ext[i] = x
			}
		}
	}
	r.unique(t.ups)
	for i := range o.sections {
		s := &o.sections[i]
		if u := r.mid[s.mid]; u != nil && s.refused == "" {
			for _, ssrc := range s.ssrcs {
				r.ssrc[ssrc] = u
			}
			u.declare(s.ssrcs)
		}
	}
	r.slots = slices.Clone(t.downs)
	for _, d := range t.downs {
		r.downs[d.ssrc] = d
		if d.kind == sfu.Video && d.ext[extCongestion].id != 0 {
			t.egress.reports()
		}
	}
	t.routes.Store(r)
}

// unique notes the payload types that tell an Up.
func (r *routes) unique(ups []*up) {
	shared := make(map[uint8]bool)
	for _, u := range ups {
		for _, p := range u.payloads {
			for _, pt := range [...]uint8{p.pt, p.rtx} {
				if other := r.pt[pt]; other != nil && other != u {
					shared[pt] = true
				}
				r.pt[pt] = u
			}
		}
	}
	maps.DeleteFunc(r.pt, func(pt uint8, _ *up) bool { return pt == 0 || shared[pt] })
}

// origin is what packets of an SSRC belong to.
type origin struct {
	up    *up
	layer uint8
	heard time.Duration
}

// origins remembers where the SSRCs of a client belong, since clients name
// section and encoding only in their first packets. The reader owns it.
type origins map[uint32]*origin

// learn notes an SSRC. When there are too many it forgets the one that has
// been silent for longest.
func (m origins) learn(ssrc uint32, u *up, layer uint8, now time.Duration) {
	if o := m[ssrc]; o != nil {
		*o = origin{u, layer, now}
		return
	}
	if len(m) >= maxSSRCs {
		var oldest uint32
		first := true
		for k, o := range m {
			if first || o.heard < m[oldest].heard {
				oldest, first = k, false
			}
		}
		delete(m, oldest)
	}
	m[ssrc] = &origin{u, layer, now}
}

// route finds section and encoding of a packet as RFC 9143 section 9.2 does:
// by what the packet says, what is known of its SSRC, or a payload type that
// only one section has.
func (r *routes) route(h *rtp.Header, learned origins, now time.Duration) (u *up, layer uint8, ok bool) {
	if id := r.ext[extMID].id; id != 0 {
		if u = r.mid[string(h.GetExtension(id))]; u != nil {
			if layer, ok = u.layer(h); ok {
				learned.learn(h.SSRC, u, layer, now)
				return u, layer, true
			}
		}
	}
	if o := learned[h.SSRC]; o != nil {
		o.heard = now
		return o.up, o.layer, true
	}
	if u = r.ssrc[h.SSRC]; u == nil {
		if u = r.pt[h.PayloadType]; u == nil {
			return nil, 0, false
		}
	}
	layer, ok = u.layer(h)
	return u, layer, ok
}
