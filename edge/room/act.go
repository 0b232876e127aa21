package room

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxValue bounds the value of an act, in bytes of JSON.
const maxValue = 6 << 10

// maxReaction bounds a reaction, in bytes: one emoji of several code points.
const maxReaction = 32

// Verb names what a person asks of a room.
type Verb string

// Act is what a person asks of the room, for all or about somebody.
type Act struct {
	Verb  Verb            `json:"verb"`
	Peer  string          `json:"peer_id,omitempty"` // whom it is about; empty: the room, or all
	Value json.RawMessage `json:"value,omitempty"`
}

// deed is an act about to be done by the home.
type deed struct {
	*Core
	Act

	now   time.Time
	set   Stamp
	actor Person
}

// target is whom a verb is about.
type target int

const (
	room      target = iota // the room: no peer id
	one                     // one person
	oneOrMany               // one person, or all that it can be about
)

// verb is one row of the table of verbs.
type verb struct {
	moderates bool // only moderators may
	about     target
	value     func(json.RawMessage) error // what is wrong with it
	do        func(deed) ([]Event, error)
}

// verbs is all that can be asked.
var verbs = map[Verb]verb{
	"hand":  {false, room, takes(isBool), deed.hand},
	"react": {false, room, takes(isReaction), deed.react},

	"mute":   {true, oneOrMany, takes(Source.valid), deed.mute},
	"ask":    {true, one, takes(Source.valid), deed.ask},
	"lower":  {true, oneOrMany, takesNothing, deed.lower},
	"kick":   {true, one, takesNothing, deed.kick},
	"block":  {true, one, takesNothing, deed.block},
	"role":   {true, one, takes(Role.valid), deed.role},
	"mode":   {true, one, takes(Mode.valid), deed.mode},
	"admit":  {true, oneOrMany, takesNothing, deed.admit},
	"reject": {true, oneOrMany, takesNothing, deed.reject},
	"end":    {true, room, takesNothing, deed.end},

	"lock":      {true, room, takes(isBool), sets(func(r *Rules) *Rule[bool] { return &r.Locked })},
	"lobby":     {true, room, takes(isBool), sets(func(r *Rules) *Rule[bool] { return &r.Lobby })},
	"mute_mode": {true, room, takes(MuteMode.valid), sets(func(r *Rules) *Rule[MuteMode] { return &r.Mute })},
	"share":     {true, room, takes(Audience.valid), sets(func(r *Rules) *Rule[Audience] { return &r.Share })},
	"chat":      {true, room, takes(Audience.valid), sets(func(r *Rules) *Rule[Audience] { return &r.Chat })},
	"hands":     {true, room, takes(Audience.valid), sets(func(r *Rules) *Rule[Audience] { return &r.Hands })},
	"bitrate":   {true, room, takesBitrate, sets(func(r *Rules) *Rule[int] { return &r.Bitrate })},
	"stage":     {true, room, takes(Stage.valid), deed.stage},
	"player":    {true, room, takesPlayer, sets(func(r *Rules) *Rule[Player] { return &r.Player })},
}

// Verbs lists all that can be asked, in order.
func Verbs() []Verb { return slices.Sorted(maps.Keys(verbs)) }

func isBool(bool) bool { return true }

func isReaction(text string) bool {
	if text == "" || len(text) > maxReaction || !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// takes checks a value that a verb needs.
func takes[T any](ok func(T) bool) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		var v *T
		if err := json.Unmarshal(raw, &v); err != nil || v == nil || !ok(*v) {
			return fmt.Errorf("value: does not fit the verb: %w", ErrInvalid)
		}
		return nil
	}
}

func takesBitrate(raw json.RawMessage) error {
	if err := takes(func(int) bool { return true })(raw); err != nil {
		return err
	}
	return checkBitrate(value[int](deed{Act: Act{Value: raw}}))
}

func takesNothing(raw json.RawMessage) error {
	if len(raw) > 0 && string(raw) != "null" {
		return fmt.Errorf("value: the verb takes none: %w", ErrInvalid)
	}
	return nil
}

// value is the checked value of a deed.
func value[T any](d deed) (v T) {
	_ = json.Unmarshal(d.Value, &v)
	return v
}

// sets does a verb that sets one rule.
func sets[T comparable](rule func(*Rules) *Rule[T]) func(deed) ([]Event, error) {
	return func(d deed) ([]Event, error) { return change(d, rule, value[T](d)) }
}

func change[T comparable](d deed, rule func(*Rules) *Rule[T], v T) ([]Event, error) {
	r := d.s.Rules
	x := rule(&r)
	if !d.set.After(x.Set) {
		return nil, ErrTryAgain // a clock of seconds ago
	}
	*x = Rule[T]{v, d.set}
	return d.setRules(r, d.hush()), nil
}

// Check says what is wrong with an act, whoever asks for it: ErrInvalid, with
// the name of the field.
func (a Act) Check() error {
	v, known := verbs[a.Verb]
	switch {
	case !known:
		return fmt.Errorf("verb: is not known: %w", ErrInvalid)
	case !okID(a.Peer):
		return fmt.Errorf("peer_id: is too long: %w", ErrInvalid)
	case v.about == room && a.Peer != "":
		return fmt.Errorf("peer_id: the verb is about the room: %w", ErrInvalid)
	case v.about == one && a.Peer == "":
		return fmt.Errorf("peer_id: is missing: %w", ErrInvalid)
	case len(a.Value) > maxValue:
		return fmt.Errorf("value: is longer than %d bytes: %w", maxValue, ErrInvalid)
	}
	return v.value(a.Value)
}

// Act does what a person asks for. The same stamp again, or an earlier one of
// the same attachment, changes nothing, so that an act may be repeated until the
// copy shows it: the person's Acted.
//
// It returns ErrNoAttachment, ErrNotAllowed, ErrInvalid, ErrNoPerson, ErrFull for
// an admission without a place, or ErrTryAgain if a later stamp holds the rule.
func (c *Core) Act(now time.Time, attachment string, set Stamp, a Act) (Batch, error) {
	p, ok := c.s.at(attachment)
	if !ok {
		return Batch{}, ErrNoAttachment
	}
	if verbs[a.Verb].moderates && p.Role != Moderator {
		return Batch{}, ErrNotAllowed
	}
	if err := a.Check(); err != nil {
		return Batch{}, err
	}
	if !set.valid() {
		return Batch{}, ErrInvalid
	}
	if !set.After(p.Acted) {
		return c.commit(), nil
	}
	events, err := verbs[a.Verb].do(deed{c, a, instant(now), set, p})
	if err != nil {
		return Batch{}, err
	}
	return c.commit(append(events, Event{Kind: eventActed, PeerID: p.PeerID, Attachment: attachment, Set: &set})...), nil
}
