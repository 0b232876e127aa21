package client

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// levelURI names the extension for audio levels (RFC 6464).
const levelURI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

// Video is what the synthetic camera sends, and how often the microphone does.
type Video struct {
	FPS             int           // 0: 30
	PacketsPerFrame int           // 0: 3
	PayloadSize     int           // 0: 1100 bytes
	Frame           time.Duration // of audio in a packet; 0: 20 ms
}

// isKeyframe reads the VP8 payload descriptor (RFC 7741 section 4.2) and the
// frame header: start of the first partition and an inverse key frame bit of 0.
func isKeyframe(b []byte) bool {
	if len(b) < 4 || b[0]&0x10 == 0 || b[0]&0x0f != 0 {
		return false
	}
	n := 1
	if b[0]&0x80 != 0 {
		x := b[1]
		n++
		if x&0x80 != 0 {
			if b[n]&0x80 != 0 {
				n++
			}
			n++
		}
		if x&0x40 != 0 {
			n++
		}
		if x&0x30 != 0 {
			n++
		}
	}
	return n < len(b) && b[n]&1 == 0
}

// Send sends camera and microphone until the context ends. A keyframe is sent
// at the start and whenever one is asked for.
func (c *Client) Send(ctx context.Context, v Video) {
	fps, per, size := orElse(v.FPS, 30), orElse(v.PacketsPerFrame, 3), orElse(v.PayloadSize, 1100)
	video := time.NewTicker(time.Second / time.Duration(fps))
	frame := v.Frame
	if frame == 0 {
		frame = 20 * time.Millisecond
	}
	audio := time.NewTicker(frame)
	defer video.Stop()
	defer audio.Stop()
	var vs, as uint16
	var vts, ats, frames uint32
	payload, voice := make([]byte, size), make([]byte, 80)
	voice[1] = c.mark
	last := int32(-1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.ctx.Done():
			return
		case <-audio.C:
			as++
			ats += uint32(frame * 48000 / time.Second)
			_ = c.mic.WriteRTP(&rtp.Packet{Header: c.withLevel(rtp.Header{Version: 2, SequenceNumber: as, Timestamp: ats}), Payload: voice})
		case <-video.C:
			vts += 90000 / uint32(fps)
			asked := c.pli.Load()
			key := frames == 0 || asked != last
			last = asked
			for i := range per {
				vs++
				descriptor(payload, frames, i == 0, key)
				_ = c.camera.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: vs, Timestamp: vts, Marker: i == per-1}, Payload: payload})
			}
			frames++
		}
	}
}

// SetLevel says how loud the microphone is from now on, in -dBov (0 to 127).
func (c *Client) SetLevel(level uint8) { c.level.Store(int32(level) + 1) }

// withLevel adds the level to a header (RFC 6464 section 3).
func (c *Client) withLevel(h rtp.Header) rtp.Header {
	level := c.level.Load() - 1
	if level < 0 {
		return h
	}
	for _, ext := range c.voice.GetParameters().HeaderExtensions {
		if ext.URI == levelURI {
			_ = h.SetExtension(uint8(ext.ID), []byte{byte(level)}) // fits by construction
		}
	}
	return h
}

// descriptor writes a VP8 payload descriptor with a 15-bit picture id and a
// TL0PICIDX, then a frame header.
func descriptor(b []byte, frame uint32, start, key bool) {
	b[0] = 0x80
	if start {
		b[0] |= 0x10
	}
	b[1] = 0xc0
	binary.BigEndian.PutUint16(b[2:], uint16(frame)|0x8000)
	b[4] = byte(frame)
	b[5] = 1
	if start && key {
		b[5] = 0
		copy(b[8:], []byte{0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}) // 640 x 360
	}
}

// readFeedback counts the keyframes that are asked for.
func (c *Client) readFeedback(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				c.pli.Add(1)
			}
		}
	}
}
