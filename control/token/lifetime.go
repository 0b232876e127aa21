package token

import "time"

// Lifetimes of tokens that we mint.
const (
	// AttendeeLife is from issue to the first opening of the page (L-07).
	AttendeeLife = 120 * time.Second
	// SessionLife is how long somebody may stay on the setup page (L-08). In
	// the call a resume ticket takes the session's place.
	SessionLife = 30 * time.Minute
	// SSOLife bounds a secret that travels in a URL.
	SSOLife = 60 * time.Second
	// HostLife is a working day and some; a user signs in again after it.
	HostLife = 12 * time.Hour
	// InviteLife is the window of a room's moderator token where nothing else
	// is asked for (L-10).
	InviteLife = 14 * 24 * time.Hour

	participantLife = 24 * time.Hour // at least (IM-T05)
	participantTail = 12 * time.Hour // after the meeting's end (IM-T05)
)

// Window is when a token is valid; a zero time stands for the default.
type Window struct{ NotBefore, Expires time.Time }

// ModeratorWindow fills in what a new room's caller left out: from this minute
// on, for 14 days (NM-A04). ErrWindow is returned where nothing would be left.
func ModeratorWindow(asked Window, now time.Time) (Window, error) {
	if asked.NotBefore.IsZero() {
		asked.NotBefore = now.Truncate(time.Minute)
	}
	if asked.Expires.IsZero() {
		asked.Expires = asked.NotBefore.Add(InviteLife)
	}
	if !asked.NotBefore.Before(asked.Expires) {
		return Window{}, ErrWindow
	}
	return asked, nil
}

// ParticipantExpiry is when a participant's token ends: twelve hours after the
// end of the meeting, which may be zero, and at least a day from now.
func ParticipantExpiry(ends, now time.Time) time.Time {
	soonest := now.Add(participantLife)
	if late := ends.Add(participantTail); late.After(soonest) {
		return late
	}
	return soonest
}
