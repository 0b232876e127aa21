package client

import (
	"net/netip"
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

// HomePOP is the POP that a room's id asks for, by beginning with one of the POP's aliases, the longest counts;
// empty for none.
func (v *View) HomePOP(publicID string) (pop string) {
	longest := 0
	for p := range state.All[state.POP](v.State(), "") {
		for _, a := range p.Aliases {
			if len(a) > longest && strings.HasPrefix(publicID, a) {
				pop, longest = p.ID, len(a)
			}
		}
	}
	return pop
}

// Covers tells whether scopes of a key hold one that is asked for: nil holds all, and writing includes reading.
func Covers(scopes []string, scope string) bool { return state.Covers(scopes, scope) }

// Names tells whether a host is a company's own, or one of where companies have theirs, rather than nobody's.
func (v *View) Names(host string) bool { return v.State().Names(host) }
