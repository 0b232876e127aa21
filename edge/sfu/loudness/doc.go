// Package loudness decides from audio levels who speaks: which microphones are
// worth forwarding, and which one is the dominant speaker of a meeting.
//
// A Meter turns the levels of one microphone (RFC 6464) into a Reading. A Ranking
// orders the microphones that speak, so that its first few are the ones to hear,
// and Dominant names the speaker whom everyone should look at. Readings are small
// and travel between nodes; nothing here cares where a microphone is.
//
// It is pure: no goroutine, clock or lock, and the same calls give the same
// answers. It does not read packets, and knows neither rooms nor people.
package loudness

import "time"

// Silence is the level of digital silence, in -dBov (RFC 6464 section 3).
const Silence = 127

// frame is what one packet of audio usually holds.
const frame = 20 * time.Millisecond
