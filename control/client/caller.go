package client

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/state"
)

// APIKey finds a company's key by its text, if it opens anything at the given time. Scopes are the caller's to
// look at. Keys of the platform and of resellers are not on edges.
func (v *View) APIKey(text string, at time.Time) (APIKey, bool) {
	key, ok := apikey.Parse(text)
	if !ok {
		return APIKey{}, false
	}
	stored, found := state.Get[APIKey](v.State(), key.ID)
	if !key.Opens(stored.SecretHash) || !found || !stored.Usable(at) {
		return APIKey{}, false
	}
	return stored, true
}

// Calls tells whether an address is among those from which a company's servers call.
func (v *View) Calls(company string, from netip.Addr) bool {
	from = from.Unmap().WithZone("")
	for c := range state.List[state.Caller](v.State(), company, "") {
		if p, err := netip.ParsePrefix(c.CIDR); err == nil && p.Contains(from) {
			return true
		}
	}
	return false
}

// HomePOPs are the POPs that a room's id asks for, by beginning with one of their aliases, the longest counts;
// none for none. POPs that share an alias are as good as each other.
func (v *View) HomePOPs(publicID string) (pops []string) {
	longest := 0
	for p := range state.All[state.POP](v.State(), "") {
		best := 0
		for _, a := range p.Aliases {
			if len(a) > best && strings.HasPrefix(publicID, a) {
				best = len(a)
			}
		}
		if best > longest {
			pops, longest = nil, best
		}
		if best > 0 && best == longest {
			pops = append(pops, p.ID)
		}
	}
	return pops
}

// POPsNamed are the POPs of a name: an id, an alias, or a region.
func (v *View) POPsNamed(name string) (pops []string) {
	for p := range state.All[state.POP](v.State(), "") {
		if p.ID == name || p.Region == name && name != "" || slices.Contains(p.Aliases, name) {
			pops = append(pops, p.ID)
		}
	}
	return pops
}

// POP is a site as it is configured.
func (v *View) POP(id string) (state.POP, bool) { return state.Get[state.POP](v.State(), id) }

// Covers tells whether scopes of a key hold one that is asked for: nil holds all, and writing includes reading.
func Covers(scopes []string, scope string) bool { return state.Covers(scopes, scope) }

// Names tells whether a host is a company's own, or one of where companies have theirs, rather than nobody's.
func (v *View) Names(host string) bool { return v.State().Names(host) }
