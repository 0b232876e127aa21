package allocation

import "github.com/meridian-video/meridian/edge/sfu"

// Priority is how much a subscriber wants a slot's video.
type Priority uint8

// The priorities, low to high.
const (
	Other Priority = iota
	Speaker
	Pinned
	Share
)

// Slot is one place of the layout and what it shows now.
type Slot struct {
	// Source names the track; empty while there is none or it is muted.
	Source string
	// Visible is false for a slot that is scrolled or switched away.
	Visible  bool
	Priority Priority
	// Width and Height are of the tile in device pixels; a Height of 0 is not
	// known and bounds nothing.
	Width, Height int
	// Screen says that the source is a shared screen: sharp comes before
	// smooth, and it is fitted into its tile rather than cut to it.
	Screen bool
	// Layers are those of the source, in any order; empty while not known. A
	// Bitrate of 0 stands for a layer that its publisher has paused: it is
	// taken to cost what such layers usually do.
	Layers []sfu.LayerStats
}

// Reason says why a slot gets what it gets.
type Reason uint8

// The reasons.
const (
	Enough    Reason = iota // all that the tile can show, or on the way there
	Bandwidth               // less than that, or paused, for want of bandwidth
	Hidden                  // the slot is not visible
	NoSource                // there is nothing to show
)

var reasonNames = [...]string{"enough", "bandwidth", "hidden", "no source"}

// String returns the reason in lower-case words.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}

// Grant is what one slot gets.
type Grant struct {
	// Target is the layer to forward at most; NoLayer pauses the slot.
	Target sfu.Layer
	Reason Reason
	// Bitrate is what Target is taken to cost, in bits per second.
	Bitrate int
}

// Division is the outcome of one round.
type Division struct {
	// Grants has one for each slot, in their order.
	Grants []Grant
	// Wanted is what all slots would use if bandwidth were no question, Used
	// what they do, in bits per second.
	Wanted, Used int
}
