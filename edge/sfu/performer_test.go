package sfu

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// A performer is a source with its encoders and all that they made.
type performer struct {
	*stage
	name  string
	id    uint8
	up    *UpTrack
	busy  bool
	enc   []*encoder
	made  []map[uint16]*Packet // by encoding
	known []*codec.Structure
	lose  []string // the numbers that the network takes
	quiet bool     // do not tell what comes in
}

func (s *stage) source(name string, c Codec, arg map[string]string) {
	p := &performer{stage: s, name: name, id: uint8(len(s.sources))}
	p.up = NewUpTrack(UpConfig{Kind: Video, Codec: c, Upstream: p, Now: s.now, Pace: func(*UpTrack) { p.busy = true }})
	for i := range s.number(arg, "encodings", 1) {
		e := newEncoder(c, uint8(i), s.number(arg, "spatials", 1))
		e.parts = s.number(arg, "parts", 1)
		_, e.narrow = arg["narrow"]
		_, e.fixed = arg["fixed"]
		e.sn, e.pid, e.tl0, e.frame = uint16(100+1000*i), uint16(10+100*i), uint8(20+10*i), 30
		p.enc, p.made, p.known = append(p.enc, e), append(p.made, map[uint16]*Packet{}), append(p.known, &codec.Structure{})
	}
	s.sources = append(s.sources, p)
}

// counters sets the numbers of an encoder's next picture.
func (p *performer) counters(i int, arg map[string]string) {
	e := p.enc[i]
	e.sn = uint16(p.number(arg, "seq", int(e.sn)))
	e.pid = uint16(p.number(arg, "pid", int(e.pid)))
	e.tl0 = uint8(p.number(arg, "tl0", int(e.tl0+1)) - 1)
	e.frame = uint16(p.number(arg, "frame", int(e.frame)))
	e.template = uint8(p.number(arg, "template", int(e.template)))
	e.ts = uint32(p.number(arg, "ts", int(e.ts)))
}

// pictures makes the next pictures of the encodings named, or of all.
func (p *performer) pictures(arg map[string]string) {
	every, delay := p.span(arg, "every", 33*ms), p.span(arg, "delay", 0)
	_, key := arg["key"]
	_, bare := arg["bare"]
	_, p.quiet = arg["quiet"]
	p.lose = strings.FieldsFunc(arg["lose"], func(r rune) bool { return r == ',' })
	for n := range p.number(arg, "x", 1) {
		if n > 0 {
			p.pass(p.at + every)
		}
		for i, e := range p.enc {
			if _, named := arg[fmt.Sprintf("e%d", i)]; named || arg["encodings"] == "" {
				e.bare, e.parts = bare, p.number(arg, "parts", e.parts)
				p.picture(i, key && n == 0, delay)
			}
		}
	}
	if len(p.lose) > 0 {
		p.t.Errorf("%s made none of %v", p.name, p.lose)
	}
}

// picture makes the next picture of an encoding, captured a delay ago.
func (p *performer) picture(i int, key bool, delay time.Duration) {
	e := p.enc[i]
	for _, made := range e.next(p.at, key || e.picture == 0) {
		made.Timestamp = e.ts + uint32(ticks(p.at-delay-curtain, clockRateVideo))
		made.Payload = origin{p.id, made.SequenceNumber}.append(made.Payload)
		p.made[i][made.SequenceNumber] = made
		left := len(p.lose)
		p.lose = slices.DeleteFunc(p.lose, func(seq string) bool { return p.atoi(seq) == int(made.SequenceNumber) })
		p.bring(made, len(p.lose) < left)
	}
}

// bring tells of a packet of the source, and writes it unless it is lost.
func (p *performer) bring(pkt *Packet, lost bool) {
	if !p.quiet {
		p.say("%s %s e%d %d @%d %s", [2]string{"in ", "lost"}[b2u(lost)], p.name, pkt.Layer, pkt.SequenceNumber,
			pkt.Timestamp-p.enc[pkt.Layer].ts, describe(pkt, p.known[pkt.Layer]))
	}
	if !lost {
		p.up.Write(pkt)
		p.notice()
	}
}

// late brings packets that were made before: repairs, or duplicates.
func (p *performer) late(i int, seqs []string) {
	p.quiet = false
	for _, text := range seqs {
		pkt := *p.made[i][uint16(p.atoi(text))]
		pkt.Arrival = p.at
		p.bring(&pkt, false)
	}
}

func (p *performer) report(i int) {
	p.say("in  %s e%d sender report", p.name, i)
	p.up.SenderReport(uint8(i), NTP(p.at), p.enc[i].ts+uint32(ticks(p.at-curtain, clockRateVideo)), p.at)
}

// RequestKeyframe implements Upstream.
func (p *performer) RequestKeyframe(layer uint8) { p.say("ask %s e%d keyframe", p.name, layer) }

// RequestRetransmit implements Upstream.
func (p *performer) RequestRetransmit(layer uint8, seqs []uint16) {
	p.say("ask %s e%d %d", p.name, layer, seqs)
}
