package room

import (
	"cmp"
	"time"
)

// Meeting is the date that began last in a room, as far as it has rules of its
// own.
type Meeting struct {
	Ends time.Time `json:"ends"` // as planned
	Mute MuteMode  `json:"mute"`
}

func (m Meeting) valid() bool { return m.Mute.valid() }

// holds reports whether a meeting is that of a session: it was on at some time of
// it. One that overruns holds until the session ends, or another takes its place;
// one that was over before the session began does not.
func (m Meeting) holds(opened time.Time) bool { return m.Ends.After(opened) }

// within are the rules with what a meeting has of its own; nil has nothing.
func (r Rules) within(m *Meeting, opened time.Time) Rules {
	if m != nil && m.holds(opened) {
		r.Mute.Value = m.Mute
	}
	return r
}

// began is when the session began; one that nobody was in yet begins now.
func (s *State) began(now time.Time) time.Time {
	return cmp.Or(s.Opened, now)
}
