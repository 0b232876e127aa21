//go:build linux

package light

import (
	"time"

	"github.com/pion/rtcp"
)

// How often a browser reports.
const (
	congestionEvery = 100 * time.Millisecond
	reportEvery     = time.Second
	keyframeEvery   = time.Second // requests of a viewer that has seen none
	maxBlocks       = 31
)

// tick does what is due.
func (c *Client) tick(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen.Began.IsZero() {
		return
	}
	if now.After(c.due.check) {
		wait := checkEvery
		if c.server.Load() != nil {
			wait = consentEvery
		}
		c.due.check = now.Add(wait)
		c.check()
	}
	if c.out == nil {
		return
	}
	if c.offence.quiet() {
		return
	}
	c.harass(now)
	c.askMissing(now)
	if c.recorded && now.After(c.due.congestion) {
		c.due.congestion, c.recorded = now.Add(congestionEvery), false
		for _, p := range c.recorder.BuildFeedbackPacket() {
			c.say(p)
		}
	}
	if now.After(c.due.report) {
		c.due.report = now.Add(reportEvery)
		c.report(now)
	}
}

func (c *Client) askMissing(now time.Time) {
	for _, s := range c.streams {
		s.play.advance(now)
		if len(s.holes) == 0 {
			continue
		}
		if ask := s.missing(now); len(ask) > 0 {
			c.say(&rtcp.TransportLayerNack{SenderSSRC: c.self, MediaSSRC: s.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(ask)})
		}
	}
}

// report sends a receiver report of all streams, sender reports of what we
// send, and asks for a keyframe where none has come.
func (c *Client) report(now time.Time) {
	rr := &rtcp.ReceiverReport{SSRC: c.self}
	for _, s := range c.streams {
		if s.started && len(rr.Reports) < maxBlocks {
			rr.Reports = append(rr.Reports, s.block(now))
		}
		if s.video && !s.rtx && c.seen.Keyframe.IsZero() && now.Sub(c.seen.Packet) > keyframeEvery {
			c.say(&rtcp.PictureLossIndication{SenderSSRC: c.self, MediaSSRC: s.ssrc})
		}
	}
	if len(rr.Reports) > 0 {
		c.say(rr)
	}
	for _, e := range c.encodings {
		if e.packets > 0 {
			c.say(e.report(now))
		}
	}
}

// say seals and sends a packet of control.
func (c *Client) say(p rtcp.Packet) {
	raw, err := p.Marshal()
	if err != nil {
		return
	}
	if c.sealed, err = c.out.EncryptRTCP(c.sealed[:0], raw, nil); err == nil {
		c.lane.send(c.sealed, c.source, *c.server.Load())
	}
}
