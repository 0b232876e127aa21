package rtc

import (
	"encoding/binary"
	"math/bits"
)

// demand is what RTCP asks for.
type demand struct {
	packets   int
	numbers   int // of packets that NACKs miss
	keyframes int // by PLI and FIR
	receipts  int // of packets that transport-wide feedback speaks of
}

// Payload types and formats of feedback (RFC 4585 section 6.1, RFC 5104
// section 4.3.1).
const (
	typeTransportFeedback = 205
	typePayloadFeedback   = 206
	formatNACK            = 1
	formatPLI             = 1
	formatFIR             = 4
	formatCongestion      = 15 // draft-holmer-rmcat-transport-wide-cc-extensions-01
	feedbackHeader        = 12 // bytes, with both SSRCs
	statusCount           = 14 // where transport-wide feedback says of how many
	nackSize              = 4
	firSize               = 8
)

// demandOf counts what a compound asks for without taking it apart. What is
// cut short ends the count.
func demandOf(b []byte) (d demand) {
	for len(b) >= 4 {
		size := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if size > len(b) {
			break
		}
		d.add(demandOfPacket(b[:size]))
		b = b[size:]
	}
	return d
}

func demandOfPacket(b []byte) demand {
	d, format := demand{packets: 1}, b[0]&0x1f
	switch {
	case b[1] == typeTransportFeedback && format == formatNACK:
		for i := feedbackHeader; i+nackSize <= len(b); i += nackSize {
			d.numbers += 1 + bits.OnesCount16(binary.BigEndian.Uint16(b[i+2:]))
		}
	case b[1] == typeTransportFeedback && format == formatCongestion && len(b) >= statusCount+2:
		d.receipts = int(binary.BigEndian.Uint16(b[statusCount:]))
	case b[1] == typePayloadFeedback && format == formatPLI:
		d.keyframes = 1
	case b[1] == typePayloadFeedback && format == formatFIR:
		d.keyframes = max(len(b)-feedbackHeader, 0) / firSize
	}
	return d
}

func (d *demand) add(o demand) {
	d.packets += o.packets
	d.numbers += o.numbers
	d.keyframes += o.keyframes
	d.receipts += o.receipts
}

// exceeds reports whether d is above a limit in any respect.
func (d demand) exceeds(limit demand) bool {
	return d.packets > limit.packets || d.numbers > limit.numbers ||
		d.keyframes > limit.keyframes || d.receipts > limit.receipts
}
