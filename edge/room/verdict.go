package room

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
)

// Bounds of what is remembered about people.
const (
	maxIdentities = 8
	maxVerdicts   = 256
)

// Verdict is what moderators decided about somebody for as long as the session
// lasts, wherever and however often they come in again.
type Verdict struct {
	Who     []string `json:"who"` // identities, see identify
	Blocked bool     `json:"blocked,omitempty"`
	Role    Role     `json:"role,omitempty"` // empty: that of the admission
	Mode    Mode     `json:"mode,omitempty"`
	Set     Stamp    `json:"set"`
}

func (v Verdict) valid() bool {
	return len(v.Who) > 0 && okIdentities(v.Who) && v.Set.valid() &&
		(v.Role == "" || v.Role.valid()) && (v.Mode == "" || v.Mode.valid())
}

// identify makes what a block holds for of what a person was admitted by and
// their peer id: digests, since nobody needs to read them in the room's state.
func identify(peer string, identities []string) []string {
	var out []string
	for _, id := range append([]string{"peer:" + peer}, identities...) {
		if text := digest(id); !slices.Contains(out, text) && len(out) < maxIdentities {
			out = append(out, text)
		}
	}
	return out
}

func digest(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func okIdentities(ids []string) bool {
	for _, id := range ids {
		if id == "" || len(id) > 32 {
			return false
		}
	}
	return len(ids) <= maxIdentities
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(id string) bool { return slices.Contains(b, id) })
}

// verdict is what holds for somebody with these identities: of each the latest,
// but a block for good.
func (s *State) verdict(identities []string) (out Verdict) {
	var role, mode Stamp
	for _, v := range s.Verdicts {
		if !overlap(v.Who, identities) {
			continue
		}
		out.Blocked = out.Blocked || v.Blocked
		if v.Role != "" && !role.After(v.Set) {
			out.Role, role = v.Role, v.Set
		}
		if v.Mode != "" && !mode.After(v.Set) {
			out.Mode, mode = v.Mode, v.Set
		}
	}
	return out
}

// Blocked reports whether somebody is blocked by their peer id or by what they
// were admitted by.
func (s Snapshot) Blocked(peer string, identities []string) bool {
	state := State{Verdicts: s.verdicts}
	return state.verdict(identify(peer, identities)).Blocked
}

// Receives is what the room would answer somebody who comes in anew, as far as
// this copy knows: ErrBlocked, ErrLocked, or whether they have to wait. The home
// decides when they come, and counts the places.
func (s Snapshot) Receives(peer string, identities []string, proof Proof, role Role) (waits bool, err error) {
	state := State{Verdicts: s.verdicts}
	v := state.verdict(append(proof.mark(), identify(peer, identities)...))
	switch {
	case v.Blocked:
		return false, ErrBlocked
	case cmp.Or(v.Role, role) == Moderator:
		return false, nil
	case s.Rules.Locked.Value:
		return false, ErrLocked
	}
	return s.Rules.Lobby.Value, nil
}

// judge remembers a decision about a person beside the earlier ones.
func (s *State) judge(p Person, at Stamp, decide func(*Verdict)) (Event, error) {
	v := s.verdict(p.Identities)
	v.Who, v.Set = p.Identities, at
	decide(&v)
	if v.Blocked && s.blocks() >= maxVerdicts {
		return Event{}, ErrFull
	}
	return Event{Kind: eventVerdict, Verdict: &v}, nil
}

func (s *State) blocks() int {
	return len(slices.DeleteFunc(slices.Clone(s.Verdicts), func(v Verdict) bool { return !v.Blocked }))
}

// spend blocks the token of one visit by which somebody came who is kicked. Where
// there are too many blocks it does not: the kick is what counts.
func (s *State) spend(p Person, at Stamp) []Event {
	who := p.Proof.mark()
	if who == nil || s.blocks() >= maxVerdicts {
		return nil
	}
	return []Event{{Kind: eventVerdict, Verdict: &Verdict{Who: who, Blocked: true, Set: at}}}
}

// remember keeps a verdict in the place of an earlier one about the same
// identities. Where there are too many, the oldest that is no block goes.
func (s *State) remember(v Verdict) {
	s.Verdicts = slices.DeleteFunc(slices.Clone(s.Verdicts), func(o Verdict) bool { return slices.Equal(o.Who, v.Who) })
	s.Verdicts = append(s.Verdicts, v)
	if len(s.Verdicts) > maxVerdicts {
		oldest := max(0, slices.IndexFunc(s.Verdicts, func(o Verdict) bool { return !o.Blocked }))
		s.Verdicts = slices.Delete(s.Verdicts, oldest, oldest+1)
	}
}

// onto is a person as a verdict has it. Only who proves by ticket to be that
// very person is raised by it: a peer id and a device are no proof.
func (v Verdict) onto(p Person, proved bool) Person {
	if v.Role != "" && !p.Owner && (proved || v.Role == Regular) {
		p.Role = v.Role
	}
	if v.Mode != "" && (proved || v.Mode.below(p.Mode)) {
		p.Mode = v.Mode
	}
	return p
}

// mergeVerdicts takes over what another half decided later, and every block.
func (s *State) mergeVerdicts(others []Verdict) (events []Event) {
	for _, v := range others {
		i := slices.IndexFunc(s.Verdicts, func(o Verdict) bool { return slices.Equal(o.Who, v.Who) })
		if i >= 0 {
			known := s.Verdicts[i]
			block := v.Blocked || known.Blocked
			if !v.Set.After(known.Set) {
				v = known
			}
			if v.Blocked = block; v.Blocked == known.Blocked && v.Set == known.Set {
				continue
			}
		}
		events = append(events, Event{Kind: eventVerdict, Verdict: &v})
	}
	return events
}
