package quality

import "math"

// Direction is where the media of a Sample goes.
type Direction uint8

// The directions, as a client sees them.
const (
	Up   Direction = iota // from the client to its node
	Down                  // from the node to the client
)

// String returns "up" or "down".
func (d Direction) String() string {
	if d == Down {
		return "down"
	}
	return "up"
}

// Cause is what keeps a direction from being better.
type Cause uint8

// The causes.
const (
	None       Cause = iota // it is good
	UplinkLoss              // the way from the client loses or delays packets
	Downlink                // the way to the client is congested, loses or delays packets
	CPU                     // the client's machine encodes less than it was asked for
	Paused                  // a sender has paused
	causes
)

var causeNames = [causes]string{"none", "uplink_loss", "downlink", "cpu", "paused"}

// String returns the cause in the words of the signalling protocol.
func (c Cause) String() string {
	if c < causes {
		return causeNames[c]
	}
	return "unknown"
}

// Class is a score in one word.
type Class uint8

// The classes: a good direction scores at least 4, a fair one at least 3.
const (
	Poor Class = iota
	Fair
	Good
)

var classNames = [...]string{"poor", "fair", "good"}

// String returns "poor", "fair" or "good".
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "unknown"
}

// classOf returns the class of a score.
func classOf(score float64) Class {
	switch {
	case score >= 4:
		return Good
	case score >= 3:
		return Fair
	}
	return Poor
}

// Verdict is how one direction fares.
type Verdict struct {
	// Score is 1 (bad) to 4.4, which is what the E-model gives a flawless call.
	Score float64
	Class Class
	Cause Cause
}

// Flawless is the verdict on a direction with nothing to complain of.
var Flawless = Verdict{Score: MOS(Best), Class: Good, Cause: None}

// notable is by how much a score must change to be worth a message.
const notable = 0.2

// Differs says whether v is news for whoever was told the other.
func (v Verdict) Differs(told Verdict) bool {
	return v.Class != told.Class || v.Cause != told.Cause || math.Abs(v.Score-told.Score) >= notable
}
