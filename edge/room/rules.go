package room

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Bounds of a room's bitrate, in bit/s. Below the first a camera shows nothing
// of use (X-58 of the feature list); the second is beyond what anybody can send.
const (
	MinBitrate = 30_000
	MaxBitrate = 100_000_000
)

// maxStage bounds each text of a Stage, in bytes.
const maxStage = 1 << 10

// Rule is one value that holds for a room: the configured one until a moderator
// sets another. Of two that were set the later holds.
type Rule[T comparable] struct {
	Value T     `json:"value"`
	Set   Stamp `json:"set,omitzero"` // by a moderator's node; zero: as configured
}

func (r Rule[T]) configured(value T) Rule[T] {
	if r.Set == (Stamp{}) {
		r.Value = value
	}
	return r
}

func (r Rule[T]) later(o Rule[T]) Rule[T] {
	if o.Set.After(r.Set) {
		return o
	}
	return r
}

// Rules are what holds for everybody in a room. They are the room's: they stay
// when who set them leaves, and go with the session.
type Rules struct {
	Locked  Rule[bool]     `json:"locked"` // nobody new comes in
	Lobby   Rule[bool]     `json:"lobby"`  // who comes waits for a moderator
	Mute    Rule[MuteMode] `json:"mute"`
	Share   Rule[Audience] `json:"share"`   // who may share a screen
	Chat    Rule[Audience] `json:"chat"`    // who may write
	Hands   Rule[Audience] `json:"hands"`   // who may raise a hand, and react
	Bitrate Rule[int]      `json:"bitrate"` // bit/s of video that each may send, all their videos together; 0: no bound
	Stage   Rule[Stage]    `json:"stage"`
	Player  Rule[Player]   `json:"player,omitzero"` // what is watched together; the first that somebody brought, or a moderator's
}

// Stage is the moderator's view that is everybody's while it is on: words of the
// page, which the room only keeps.
type Stage struct {
	On     bool   `json:"on"`
	Layout string `json:"layout,omitempty"`
	Pinned string `json:"pinned,omitempty"` // who or whose screen is large; while it is not on, spotlit
	View   string `json:"view,omitempty"`   // what is shown together, as a board
	By     string `json:"by,omitempty"`     // peer id of who set it
}

func (s Stage) valid() bool {
	for _, text := range []string{s.Layout, s.Pinned, s.View, s.By} {
		if len(text) > maxStage || !utf8.ValidString(text) {
			return false
		}
	}
	return true
}

// DefaultRules hold in a room for which nothing is configured.
func DefaultRules() Rules {
	return Rules{
		Mute:  Rule[MuteMode]{Value: Free},
		Share: Rule[Audience]{Value: Speakers}, Chat: Rule[Audience]{Value: Speakers}, Hands: Rule[Audience]{Value: Speakers},
	}
}

func (r Rules) valid() bool {
	return r.Mute.Value.valid() && r.Share.Value.valid() && r.Chat.Value.valid() && r.Hands.Value.valid() &&
		checkBitrate(r.Bitrate.Value) == nil && r.Stage.Value.valid() && r.Player.Value.Valid() &&
		!slices.ContainsFunc(r.stamps(), func(s Stamp) bool { return !s.valid() })
}

func (r Rules) stamps() []Stamp {
	return []Stamp{r.Locked.Set, r.Lobby.Set, r.Mute.Set, r.Share.Set, r.Chat.Set, r.Hands.Set, r.Bitrate.Set, r.Stage.Set, r.Player.Set}
}

// configured are the rules with other defaults, which hold where nobody set any. No
// player is configured.
func (r Rules) configured(d Rules) Rules {
	return Rules{
		Locked: r.Locked.configured(d.Locked.Value), Lobby: r.Lobby.configured(d.Lobby.Value),
		Mute: r.Mute.configured(d.Mute.Value), Share: r.Share.configured(d.Share.Value),
		Chat: r.Chat.configured(d.Chat.Value), Hands: r.Hands.configured(d.Hands.Value),
		Bitrate: r.Bitrate.configured(d.Bitrate.Value), Stage: r.Stage.configured(d.Stage.Value), Player: r.Player,
	}
}

// later are the rules of two halves of a room: of each the one set later.
func (r Rules) later(o Rules) Rules {
	return Rules{
		Locked: r.Locked.later(o.Locked), Lobby: r.Lobby.later(o.Lobby), Mute: r.Mute.later(o.Mute), Share: r.Share.later(o.Share),
		Chat: r.Chat.later(o.Chat), Hands: r.Hands.later(o.Hands), Bitrate: r.Bitrate.later(o.Bitrate), Stage: r.Stage.later(o.Stage),
		Player: r.brought(o.Player.Value).Player.later(o.Player),
	}
}

// latest is the stamp of what was set last.
func (r Rules) latest() Stamp {
	out := Stamp{}
	for _, s := range r.stamps() {
		out = latest(out, s)
	}
	return out
}

// may is what a person may have on.
func (r Rules) may(p Person) Media {
	if p.Mode == ViewerMode {
		return Media{}
	}
	talks := r.Mute.Value != Lecture || p.Role == Moderator
	shows := p.Mode == SpeakerMode
	shares := shows && r.Share.Value.includes(p)
	return Media{Mic: talks, Camera: shows, Share: shares, ShareAudio: shares}
}

// entering is the person as they come in: who joins a quiet room starts muted.
func (r Rules) entering(p Person) Person {
	may := r.may(p)
	if r.Mute.Value != Free && p.Role != Moderator {
		may.Mic = false
	}
	return p.showing(p.Media.and(may))
}

// checkBitrate says what is wrong with a bound; 0 removes one.
func checkBitrate(bitrate int) error {
	if bitrate != 0 && (bitrate < MinBitrate || bitrate > MaxBitrate) {
		return fmt.Errorf("value: %d bit/s is neither 0 nor within %d and %d: %w", bitrate, MinBitrate, MaxBitrate, ErrInvalid)
	}
	return nil
}

// setRules makes rules hold from now on: who may do less is hushed.
func (c *Core) setRules(r Rules, by Hush) []Event {
	if r == c.s.Rules {
		return nil
	}
	events := []Event{ruled(r)}
	for _, p := range c.s.everybody() {
		if q := p.kept(r.may(p), by); !q.equal(p) {
			events = append(events, changed(q))
		}
	}
	return events
}

func ruled(r Rules) Event { return Event{Kind: EventRules, Rules: &r} }
