package rtc

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu"
)

const (
	// longestExtension is what a one-byte header can say, in bytes.
	longestExtension = 16
	// fixedHeader is the length of an RTP header before extensions, in bytes.
	fixedHeader = 12
)

// heading is what is of a hop in a packet's header.
type heading struct {
	ssrc   uint32
	seq    uint16
	pt     uint8
	padded bool
	taken  uint64 // NTP timestamp of capture; 0: not said
}

// appendHeader writes the RTP header of p with extensions (RFC 8285). The
// transport-wide number comes first and is filled in by stamp.
func (d *down) appendHeader(b []byte, h heading, p *sfu.Packet) []byte {
	at := len(b)
	b = append(b, 0x80, h.pt)
	if h.padded {
		b[at] |= 0x20
	}
	if p.Marker {
		b[at+1] |= 0x80
	}
	b = binary.BigEndian.AppendUint16(b, h.seq)
	b = binary.BigEndian.AppendUint32(b, p.Timestamp)
	b = binary.BigEndian.AppendUint32(b, h.ssrc)
	descriptor := d.descriptor(p)
	w := extensionWriter{b: append(b, 0xbe, 0xde, 0, 0), long: len(descriptor) > longestExtension}
	if w.long {
		binary.BigEndian.PutUint16(w.b[at+fixedHeader:], rtp.ExtensionProfileTwoByte)
	}
	start := len(w.b)
	w.add(d.ext[extCongestion], 0, 0)
	if d.ext[extMID].id != 0 {
		w.begin(d.ext[extMID], len(d.mid))
		w.b = append(w.b, d.mid...)
	}
	if p.AudioLevel <= 127 {
		w.add(d.ext[extLevel], p.AudioLevel)
	}
	w.add(d.ext[extDescriptor], descriptor...)
	if h.taken != 0 && d.ext[extCapture].id != 0 {
		w.begin(d.ext[extCapture], 8)
		w.b = binary.BigEndian.AppendUint64(w.b, h.taken)
	}
	if len(w.b) == start {
		return w.b[:start-4]
	}
	for (len(w.b)-start)%4 != 0 {
		w.b = append(w.b, 0)
	}
	w.b[at] |= 0x10
	binary.BigEndian.PutUint16(w.b[start-2:], uint16((len(w.b)-start)/4))
	return w.b
}

// descriptor is p's Dependency Descriptor if the client can be sent it.
func (d *down) descriptor(p *sfu.Packet) []byte {
	switch n := len(p.Descriptor); {
	case d.ext[extDescriptor].id == 0:
		return nil
	case n > 255, n > longestExtension && !d.mixed:
		d.t.engine.metrics.longDescriptor.Inc()
		return nil
	}
	return p.Descriptor
}

// stamp fills the packet's transport-wide number in. It is called when the
// packet is sealed, so that numbers grow in the order of sending.
func (d *down) stamp(packet []byte) {
	if d.ext[extCongestion].id == 0 {
		return
	}
	at := fixedHeader + 4 + 1
	if binary.BigEndian.Uint16(packet[fixedHeader:]) == rtp.ExtensionProfileTwoByte {
		at++
	}
	binary.BigEndian.PutUint16(packet[at:], d.t.egress.number(len(packet), d.t.engine.cfg.Now()))
}

// extensionWriter appends header extensions, in the long form with two-byte
// headers (RFC 8285 section 4.3).
type extensionWriter struct {
	b    []byte
	long bool
}

// begin writes the header of an extension of n bytes.
func (w *extensionWriter) begin(x extmap, n int) {
	if w.long {
		w.b = append(w.b, x.id, uint8(n))
	} else {
		w.b = append(w.b, x.id<<4|uint8(n-1))
	}
}

// add writes an extension, unless it is empty or not negotiated.
func (w *extensionWriter) add(x extmap, value ...byte) {
	if x.id == 0 || len(value) == 0 {
		return
	}
	w.begin(x, len(value))
	w.b = append(w.b, value...)
}
