//go:build linux

package light

import (
	"math/rand/v2"
	"time"

	"github.com/pion/rtcp"
)

// header is the clear part of an RTP packet that a client looks at.
type header struct {
	pt         uint8
	marker     bool
	padded     bool
	seq        uint16
	timestamp  uint32
	ssrc       uint32
	congestion uint16 // transport-wide number
	numbered   bool
	size       int
}

// parseHeader reads a header (RFC 3550 section 5.1) and the one-byte extension
// (RFC 8285 section 4.2) with the id of the transport-wide number, if not 0.
func parseHeader(b []byte, congestion uint8) (header, bool) {
	if len(b) < 12 || b[0]>>6 != 2 {
		return header{}, false
	}
	h := header{
		pt: b[1] & 0x7f, marker: b[1]&0x80 != 0, padded: b[0]&0x20 != 0,
		seq: be16(b[2:]), timestamp: be32(b[4:]), ssrc: be32(b[8:]), size: 12 + int(b[0]&15)*4,
	}
	if b[0]&0x10 == 0 {
		return h, len(b) >= h.size
	}
	if len(b) < h.size+4 {
		return header{}, false
	}
	profile, size := be16(b[h.size:]), int(be16(b[h.size+2:]))*4
	h.size += 4 + size
	if len(b) < h.size {
		return header{}, false
	}
	if profile == 0xbede && congestion != 0 {
		h.extension(b[h.size-size:h.size], congestion)
	}
	return h, true
}

func (h *header) extension(b []byte, congestion uint8) {
	for len(b) > 0 {
		if b[0] == 0 { // padding
			b = b[1:]
			continue
		}
		n := int(b[0]&15) + 1
		if b[0]>>4 == 15 || len(b) < 1+n {
			return
		}
		if b[0]>>4 == congestion && n == 2 {
			h.congestion, h.numbered = be16(b[1:]), true
		}
		b = b[1+n:]
	}
}

// media notes an RTP packet. The caller holds c.mu, as for all below.
func (c *Client) media(b []byte, at time.Time) {
	h, ok := parseHeader(b, c.congestion)
	if !ok {
		c.seen.Bad++
		return
	}
	t, known := c.types[h.pt]
	if !known {
		return
	}
	s := c.stream(h.ssrc, t)
	if h.numbered {
		c.recorder.Record(h.ssrc, h.congestion, at.UnixMicro())
		c.recorded = true
	}
	if !s.arrive(h.seq, h.timestamp, at) {
		return
	}
	switch {
	case s.rtx:
		c.seen.Repeats++
		c.repetition(b, &h, at)
		return
	case h.padded:
		c.seen.Padding++
		s.padding++
		return
	}
	c.seen.Packets++
	if c.seen.Packet.IsZero() {
		c.seen.Packet = at
		close(c.packet)
	}
	if h.marker && s.video {
		c.seen.Frames++
	}
	if c.looks(s.video) {
		c.open(b, &h, at)
	}
}

func (c *Client) stream(ssrc uint32, t payloadType) *stream {
	s := c.streams[ssrc]
	if s == nil {
		s = &stream{ssrc: ssrc, rtx: t.rtx, video: t.encoding != "opus/48000/2", clock: 90000}
		s.nack = s.video && !t.rtx
		if !s.video {
			s.clock = 48000
			s.play.on = c.options.Listen
		}
		c.streams[ssrc] = s
	}
	return s
}

// looks says whether to decrypt a packet: a sample, and all video before the
// first keyframe. The steps vary, so that bursts do not beat with them.
func (c *Client) looks(video bool) bool {
	if c.options.Sample == 1 || video && c.seen.Keyframe.IsZero() {
		return true
	}
	if c.skip--; c.skip > 0 {
		return false
	}
	c.skip = c.options.Sample/2 + rand.IntN(c.options.Sample)
	return true
}

// open decrypts a packet and reads its stamp.
func (c *Client) open(b []byte, h *header, at time.Time) {
	plain, err := c.in.DecryptRTP(c.plain[:0], b, nil)
	if err != nil {
		c.seen.Bad++
		return
	}
	c.plain = plain
	s, ok := findStamp(plain[h.size:])
	if !ok {
		c.seen.Bad++
		return
	}
	c.seen.Opened++
	c.seen.Delays = append(c.seen.Delays, at.Sub(s.at))
	c.seen.LastLayer[s.layer%3] = at
	if s.key && c.seen.Keyframe.IsZero() {
		c.seen.Keyframe = at
		close(c.picture)
	}
}

// repetition takes a packet of RFC 4588: the original number leads the payload.
func (c *Client) repetition(b []byte, h *header, at time.Time) {
	plain, err := c.in.DecryptRTP(c.plain[:0], b, nil)
	if err != nil {
		c.seen.Bad++
		return
	}
	c.plain = plain
	if h.padded || len(plain) < h.size+2 {
		return // a probe
	}
	for _, s := range c.streams {
		if s.video && !s.rtx && s.recover(be16(plain[h.size:]), at) {
			c.seen.Packets++
			return
		}
	}
}

// control takes a compound: reports of what we receive, requests for what we send.
func (c *Client) control(b []byte, at time.Time) {
	plain, err := c.in.DecryptRTCP(nil, b, nil)
	if err != nil {
		c.seen.Bad++
		return
	}
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if s := c.streams[p.SSRC]; s != nil {
				s.reported, s.reportedAt = uint32(p.NTPTime>>16), at
			}
		case *rtcp.PictureLossIndication:
			c.keyframe(p.MediaSSRC)
		case *rtcp.FullIntraRequest:
			for _, e := range p.FIR {
				c.keyframe(e.SSRC)
			}
		case *rtcp.TransportLayerNack:
			if e := c.encodings[p.MediaSSRC]; e != nil {
				for i := range p.Nacks {
					p.Nacks[i].Range(func(seq uint16) bool { c.repeat(e, seq); return true })
				}
			}
		}
	}
}
