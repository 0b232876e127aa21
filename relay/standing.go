package relay

import (
	"time"

	"github.com/meridian-video/meridian/geo"
)

// standing is how good a parent a peer would be now; lower is better.
type standing int

const (
	standingGood standing = iota // linked, and well for long enough
	standingNew                  // no link, and no reason to expect that there can be none
	standingBack                 // linked again, not for long
	standingBad                  // the link is suspect or over a third node, or there is none and dials failed
	standingNone                 // not a member
)

func (m *Mesh) standing(id geo.NodeID, now time.Time) standing {
	p, err := m.peer(id)
	if err != nil {
		return standingNone
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.link != nil && (p.link.suspect() || p.link.tunnelled()):
		return standingBad
	case p.link != nil && p.trust.holds(now):
		return standingGood
	case p.link != nil:
		return standingBack
	case p.trust.lost(), now.Before(p.notUntil):
		return standingBad
	default:
		return standingNew
	}
}

// warm dials a peer without a link, so that there is one when it is needed.
func (m *Mesh) warm(id geo.NodeID) {
	p, err := m.peer(id)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link == nil {
		_, _ = p.dialLocked() // backed off, perhaps: there will be another time
	}
}
