package room

import "fmt"

// Bounds of a cap, in bit/s. Below the first a camera shows nothing of use
// (X-58 of the feature list); the second is beyond what anybody can send.
const (
	MinBitrate = 30_000
	MaxBitrate = 100_000_000
)

// Cap bounds what each participant of a room may send of video, all their
// videos together. Sound is not bounded.
type Cap struct {
	Bitrate int   `json:"bitrate"` // bit/s; 0: no bound
	Set     Stamp `json:"set"`     // by a moderator's node; of two caps the later holds
}

func (c Cap) valid() bool { return checkBitrate(c.Bitrate) == nil && c.Set.valid() }

// checkBitrate says what is wrong with a cap; 0 removes one.
func checkBitrate(bitrate int) error {
	if bitrate != 0 && (bitrate < MinBitrate || bitrate > MaxBitrate) {
		return fmt.Errorf("bitrate: %d bit/s is neither 0 nor within %d and %d: %w", bitrate, MinBitrate, MaxBitrate, ErrInvalid)
	}
	return nil
}

// SetBitrate sets the room's cap for a moderator; with 0 there is none. The same
// stamp again changes nothing, so that it may be repeated until it is known to
// have arrived.
//
// It returns ErrNoAttachment, ErrNotAllowed, ErrInvalid, or ErrTryAgain if a
// later stamp holds the cap.
func (c *Core) SetBitrate(attachment string, bitrate int, set Stamp) (Batch, error) {
	p, ok := c.s.at(attachment)
	switch {
	case !ok:
		return Batch{}, ErrNoAttachment
	case p.Role != Moderator:
		return Batch{}, ErrNotAllowed
	case !set.valid():
		return Batch{}, ErrInvalid
	case set == c.s.Cap.Set:
		return c.commit(), nil
	case !set.After(c.s.Cap.Set):
		return Batch{}, ErrTryAgain // a clock of seconds ago, or a repeated command
	}
	if err := checkBitrate(bitrate); err != nil {
		return Batch{}, err
	}
	return c.commit(capped(Cap{Bitrate: bitrate, Set: set})), nil
}

func capped(c Cap) Event { return Event{Kind: EventBitrate, Cap: &c} }

// mergeCap takes over what the other side set later.
func (c *Core) mergeCap(o Cap) []Event {
	if !o.Set.After(c.s.Cap.Set) {
		return nil
	}
	return []Event{capped(o)}
}
