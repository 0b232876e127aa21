package client

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/pion/rtp"
)

// Film is a piece of somebody's video as it was sent, from a keyframe on, for
// others to play over and over: pictures that a browser can decode, without an
// encoder for each who shows them. VP8 only.
type Film struct {
	frames [][][]byte // payloads of each picture
	at     uint32     // timestamp of the last
}

// Take adds a packet and reports whether there are as many whole pictures as
// wanted. What comes before the first keyframe is left out. Packets are to come
// in order.
func (f *Film) Take(p *rtp.Packet, wanted int) (full bool) {
	if len(f.frames) == 0 && !isKeyframe(p.Payload) {
		return false
	}
	if len(f.frames) == 0 || p.Timestamp != f.at {
		if len(f.frames) == wanted {
			return true
		}
		f.frames, f.at = append(f.frames, nil), p.Timestamp
	}
	last := len(f.frames) - 1
	f.frames[last] = append(f.frames[last], append([]byte(nil), p.Payload...))
	return false
}

// renumber gives a packet the picture id and TL0PICIDX that follow in this
// playing (RFC 7741 section 4.2). A payload without them stays as it is.
func renumber(b []byte, picture uint16, base uint8) {
	if len(b) < 2 || b[0]&0x80 == 0 {
		return
	}
	x, n := b[1], 2
	if x&0x80 != 0 && n < len(b) {
		if b[n]&0x80 != 0 && n+1 < len(b) {
			binary.BigEndian.PutUint16(b[n:], picture|0x8000)
			n++
		} else {
			b[n] = uint8(picture) & 0x7f
		}
		n++
	}
	if x&0x40 != 0 && n < len(b) {
		b[n] = base
	}
}

// base is a packet's TL0PICIDX, 0 without one.
func base(b []byte) uint8 {
	if len(b) < 2 || b[0]&0x80 == 0 || b[1]&0x40 == 0 {
		return 0
	}
	n := 2
	if b[1]&0x80 != 0 && n < len(b) {
		if b[n]&0x80 != 0 {
			n++
		}
		n++
	}
	if n >= len(b) {
		return 0
	}
	return b[n]
}

// Play sends a film as the camera until the context ends, again from its
// keyframe each time it is over. A keyframe that is asked for comes then.
func (c *Client) Play(ctx context.Context, f *Film, fps int) {
	ticker := time.NewTicker(time.Second / time.Duration(fps))
	defer ticker.Stop()
	var seq, picture uint16
	var timestamp uint32
	var turn uint8 // added to the film's own TL0PICIDX
	span := base(f.frames[len(f.frames)-1][0]) - base(f.frames[0][0]) + 1
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-c.ctx.Done():
			return
		case <-ticker.C:
		}
		if i == len(f.frames) {
			i = 0
			turn += span
		}
		picture = (picture + 1) & 0x7fff
		timestamp += 90000 / uint32(fps)
		for k, payload := range f.frames[i] {
			seq++
			b := append([]byte(nil), payload...)
			renumber(b, picture, base(payload)+turn)
			_ = c.camera.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: timestamp, Marker: k == len(f.frames[i])-1}, Payload: b})
		}
	}
}
