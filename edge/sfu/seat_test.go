package sfu

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// A seat is a slot and what it got.
type seat struct {
	*stage
	name    string
	down    *DownTrack
	got     map[uint16]sent
	first   sent
	known   codec.Structure
	current Layer
	waiting bool
	refused uint64
}

func (s *stage) slot(name, source string, arg map[string]string) {
	a := &seat{stage: s, name: name, got: map[uint16]sent{}, current: NoLayer}
	a.down = NewDownTrack(DownConfig{Kind: Video, Sink: a, Now: s.now})
	for layer := range arg {
		a.down.SetTarget(s.layer(layer))
	}
	s.slots = append(s.slots, a)
	a.down.Switch(s.upTrack(source))
}

func (a *seat) nack(numbers []string) {
	var seqs []uint16
	for _, n := range numbers {
		seqs = append(seqs, a.first.SequenceNumber+uint16(a.atoi(strings.TrimPrefix(n, "#"))))
	}
	a.down.Retransmit(seqs)
}

// Send implements Sink. No number may stand for two packets, or a packet that
// is resent differ from the first.
func (a *seat) Send(p *Packet, _ Batch) {
	x := sent{*p, bytes.Clone(p.Payload), bytes.Clone(p.Descriptor)}
	if len(a.got) == 0 {
		a.first = x
	}
	verb, from := "out", ""
	if p.Resent {
		verb = "rtx"
	}
	if len(p.Payload) > 0 {
		o := originOf(p.Payload)
		from = fmt.Sprintf("  < %s e%d %d", a.sources[o.source].name, p.Layer, o.seq)
	}
	number := p.SequenceNumber - a.first.SequenceNumber
	a.say("%s %s #%d @%d %s%s", verb, a.name, number, int32(p.Timestamp-a.first.Timestamp), describe(p, &a.known), from)
	was, again := a.got[p.SequenceNumber]
	same := was.Timestamp == p.Timestamp && was.Marker == p.Marker &&
		bytes.Equal(was.payload, p.Payload) && bytes.Equal(was.descriptor, p.Descriptor)
	switch {
	case again != p.Resent:
		a.t.Errorf("%v: %s #%d sent twice, or resent before it was sent", a.at-curtain, a.name, number)
	case again && !same:
		a.t.Errorf("%v: %s #%d was resent with other content", a.at-curtain, a.name, number)
	}
	a.got[p.SequenceNumber] = x
}

// SendReport implements Sink.
func (a *seat) SendReport(r Report) {
	a.say("out %s report @%d", a.name, int32(r.RTP-a.first.Timestamp))
}
