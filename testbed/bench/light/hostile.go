//go:build linux

package light

import (
	"fmt"
	"time"

	"github.com/pion/rtcp"
)

// Offence is what a client does to its server, besides what all do.
type Offence string

// Offences. A client that is mute sends nothing but consent checks; one that is
// deaf leaves its socket unread as well, which takes a socket of its own.
const (
	Honest    Offence = ""
	NACKs     Offence = "nacks"     // 5,000 numbers a second
	Keyframes Offence = "keyframes" // 1,000 requests a second
	Mute      Offence = "mute"
	Deaf      Offence = "deaf"
)

// Offences lists all but Honest.
var Offences = []Offence{NACKs, Keyframes, Mute, Deaf}

// Offend begins an offence, if the client can commit it.
func (c *Client) Offend(o Offence) error {
	if o == Deaf && c.lane.only == nil {
		return fmt.Errorf("a client that shares its socket cannot be %s", o)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offence = o
	c.lane.unread.Store(o == Deaf)
	return nil
}

// quiet says that nothing is reported.
func (o Offence) quiet() bool { return o == Mute || o == Deaf }

// Rates of floods, a second. A NACK has at most nackLimit numbers.
const (
	nackRate     = 5000
	keyframeRate = 1000
	nackLimit    = 400
)

// harass is what a flood owes since it was here last: a busy machine leaves
// ticks out. The caller holds c.mu.
func (c *Client) harass(now time.Time) {
	since := min(now.Sub(c.harassed).Seconds(), 1)
	c.harassed = now
	for _, s := range c.streams {
		if !s.video || s.rtx {
			continue
		}
		switch c.offence {
		case NACKs:
			var seqs []uint16
			n := min(uint32(nackRate*since), nackLimit)
			for i := range n {
				seqs = append(seqs, uint16(s.highest-n+i))
			}
			c.say(&rtcp.TransportLayerNack{SenderSSRC: c.self, MediaSSRC: s.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
		case Keyframes:
			for range int(keyframeRate * since) {
				c.say(&rtcp.PictureLossIndication{SenderSSRC: c.self, MediaSSRC: s.ssrc})
			}
		}
		return
	}
}
