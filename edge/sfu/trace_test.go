package sfu

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// marks is what a trace says of a packet besides its numbers, in the letters
// of the codec's payload format.
type marks []string

func (m *marks) flag(on bool, name string) {
	if on {
		*m = append(*m, name)
	}
}

func (m *marks) add(format string, args ...any) { *m = append(*m, fmt.Sprintf(format, args...)) }

// describe reads a packet as its receiver would, who knows the latest
// structure.
func describe(p *Packet, known *codec.Structure) string {
	var m marks
	switch {
	case len(p.Payload) == 0:
		m.add("empty")
	case p.Codec == VP8:
		m.vp8(p.Payload)
	case p.Codec == VP9:
		m.vp9(p.Payload)
	case p.Codec == H264:
		m.h264(p.Payload)
	case p.Codec == AV1:
		m.av1(p, known)
	}
	m.flag(p.Marker, "M")
	return strings.Join(m, " ")
}

// vp8: S, X and Y of RFC 7741 section 4.2.
func (m *marks) vp8(b []byte) {
	v, ok := codec.ParseVP8(b)
	m.flag(!ok, "malformed")
	m.flag(v.Key, "key")
	m.flag(v.Start && !v.Key, "S")
	m.add("T%d", v.TID)
	m.flag(v.Sync, "Y")
	m.ids(v.IDs)
}

// vp9: B, E, P, U and D of RFC 9628 section 4.2.
func (m *marks) vp9(b []byte) {
	v, ok := codec.ParseVP9(b)
	m.flag(!ok, "malformed")
	m.flag(v.Key, "key")
	m.add("S%dT%d", v.SID, v.TID)
	m.flag(v.Start, "B")
	m.flag(v.End, "E")
	m.flag(v.InterPredicted, "P")
	m.flag(v.SwitchUp, "U")
	m.flag(v.InterLayer, "D")
	m.ids(v.IDs)
}

func (m *marks) ids(i codec.IDs) {
	switch {
	case i.PictureIDOff != 0 && i.Wide:
		m.add("pid %d", i.PictureID)
	case i.PictureIDOff != 0:
		m.add("pid7 %d", i.PictureID)
	}
	if i.TL0Off != 0 {
		m.add("tl0 %d", i.TL0)
	}
}

func (m *marks) h264(b []byte) {
	h, ok := codec.ParseH264(b)
	m.flag(!ok, "malformed")
	m.flag(h.Key, "key")
	m.flag(h.Start && !h.Key, "start")
}

// av1: start and end of frame, layer, template and number by the dependency
// descriptor, and the numbers of the frames that it needs.
func (m *marks) av1(p *Packet, known *codec.Structure) {
	d, ok := known.Parse(p.Descriptor)
	if !ok {
		m.add("unreadable descriptor % x", p.Descriptor)
		return
	}
	m.flag(d.Attached, "structure")
	m.add("S%dT%d", d.Spatial, d.Temporal)
	m.flag(d.Start, "B")
	m.flag(d.End, "E")
	m.add("template %d frame %d", d.Template, d.FrameNumber)
	for i, diff := range d.FrameDiffs[:d.Refs] {
		m.add("%s%d", [2]string{"needs ", ""}[min(i, 1)], d.FrameNumber-diff)
	}
}

// origin is what ends every payload of a script's sources.
type origin struct {
	source uint8
	seq    uint16
}

func (o origin) append(b []byte) []byte {
	return binary.BigEndian.AppendUint16(append(b, o.source), o.seq)
}

func originOf(b []byte) origin {
	b = b[len(b)-3:]
	return origin{b[0], binary.BigEndian.Uint16(b[1:])}
}
