//go:build linux

package light

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// What a publisher sends: per frame and encoding so many packets, smallest
// first; 30 frames and 50 audio packets a second.
const (
	FrameRate     = 30
	AudioRate     = 50
	VideoPayload  = 1150 // bytes
	AudioPayload  = 80
	KeyframeEvery = 3 * time.Second
	FramePackets  = 6
)

var layerPackets = [3]int{1, 2, FramePackets}

// VideoRate is packets a second of the largest encoding.
const VideoRate = FrameRate * FramePackets

// encoding is one SSRC that a client sends. The client's lock guards it.
type encoding struct {
	ssrc      uint32
	pt        uint8
	video     bool
	mid, rid  string
	layer     uint8
	perFrame  int
	midExt    uint8
	ridExt    uint8
	levelExt  uint8
	clock     uint32
	seq       uint16
	timestamp uint32
	packets   uint32
	bytes     uint32
	picture   vp8
	key       bool // asked for
	keyAt     time.Time
	pli       uint64
	asked     uint64
	ring      [512][]byte // plaintext, for repetitions
	payload   [VideoPayload]byte
}

// prepare makes the encodings that the answer allows.
func (c *Client) prepare() (video, audio []*encoding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.sections {
		if i >= len(c.remote.Sections) || !s.Send {
			continue
		}
		r := &c.remote.Sections[i]
		if r.Refused || len(r.Types) == 0 {
			continue
		}
		n, layers := 1, []int{2}
		if s.Video && s.Simulcast && r.Simulcast {
			n, layers = 3, []int{0, 1, 2}
		}
		for k := range n {
			e := &encoding{
				ssrc: c.ssrc(i, k), pt: r.Types[0].number, video: s.Video, mid: midOf(i, nil), midExt: r.Extensions[midURI],
				seq: uint16(rand.Uint32()) >> 1, timestamp: rand.Uint32(), clock: 48000, levelExt: r.Extensions[levelURI],
			}
			if s.Video {
				e.clock, e.layer, e.perFrame, e.levelExt = 90000, uint8(layers[k]), layerPackets[layers[k]], 0
				e.picture.id = uint16(rand.Uint32()) & 0x7fff
			}
			if n == 3 {
				e.rid, e.ridExt = rids[k], r.Extensions[ridURI]
			}
			c.encodings[e.ssrc] = e
			if s.Video {
				video = append(video, e)
			} else {
				audio = append(audio, e)
			}
		}
	}
	return video, audio
}

// Publication is what a client sends.
type Publication struct {
	c            *Client
	video, audio []*encoding
	loud         atomic.Bool
	Sent         atomic.Uint64 // packets
}

// Publish makes what the client sends, by what the server has agreed to.
func (c *Client) Publish() *Publication {
	p := &Publication{c: c}
	p.video, p.audio = c.prepare()
	p.loud.Store(true)
	return p
}

// Simulcast says whether the server took several encodings.
func (p *Publication) Simulcast() bool { return len(p.video) > 1 }

// Rate is how many packets a second Run means to send.
func (p *Publication) Rate() float64 {
	rate := float64(len(p.audio) * AudioRate)
	for _, e := range p.video {
		rate += float64(e.perFrame * FrameRate)
	}
	return rate
}

// SetLoud says whether the microphone's levels are those of speech.
func (p *Publication) SetLoud(on bool) { p.loud.Store(on) }

// Run sends until the context ends. The client must be connected.
func (p *Publication) Run(ctx context.Context) {
	frames, voice := time.NewTicker(time.Second/FrameRate), time.NewTicker(time.Second/AudioRate)
	defer frames.Stop()
	defer voice.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-frames.C:
			for _, e := range p.video {
				p.frame(e)
			}
		case <-voice.C:
			for _, e := range p.audio {
				p.sound(e)
			}
		}
	}
}

func (p *Publication) frame(e *encoding) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	now := time.Now()
	key := e.key || now.Sub(e.keyAt) >= KeyframeEvery
	if key {
		e.key, e.keyAt = false, now
	}
	e.timestamp += e.clock / FrameRate
	e.picture.next(key)
	for i := range e.perFrame {
		n := e.picture.put(e.payload[:], i == 0, key, e.layer)
		stamp{layer: e.layer, key: key && i == 0, count: e.packets, at: time.Now()}.put(e.payload[n:])
		p.send(e, e.payload[:], i == e.perFrame-1)
	}
}

func (p *Publication) sound(e *encoding) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	e.timestamp += e.clock / AudioRate
	e.payload[0] = 0xf8 // Opus, 20 ms, one frame: RFC 6716 section 3.1
	stamp{count: e.packets, at: time.Now()}.put(e.payload[1:])
	p.send(e, e.payload[:AudioPayload], false)
}

// send sends one packet. The caller holds the client's lock.
func (p *Publication) send(e *encoding, payload []byte, marker bool) {
	e.seq++
	h := rtp.Header{Version: 2, PayloadType: e.pt, SequenceNumber: e.seq, Timestamp: e.timestamp, SSRC: e.ssrc, Marker: marker}
	if e.midExt != 0 {
		_ = h.SetExtension(e.midExt, []byte(e.mid))
	}
	if e.ridExt != 0 {
		_ = h.SetExtension(e.ridExt, []byte(e.rid))
	}
	if e.levelExt != 0 {
		level := byte(90)
		if p.loud.Load() {
			level = 0x80 | 20 // voice, -20 dBov
		}
		_ = h.SetExtension(e.levelExt, []byte{level})
	}
	raw, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
	if err != nil {
		return
	}
	e.ring[e.seq%uint16(len(e.ring))] = raw
	e.packets++
	e.bytes += uint32(len(payload))
	p.Sent.Add(1)
	p.c.seal(raw)
}

// seal encrypts and sends a packet.
func (c *Client) seal(raw []byte) {
	if c.out == nil {
		return
	}
	var err error
	if c.sealed, err = c.out.EncryptRTP(c.sealed[:0], raw, nil); err == nil {
		c.lane.send(c.sealed, c.source, *c.server.Load())
	}
}

// repeat sends a packet again as it was: its index and its bytes are the same.
func (c *Client) repeat(e *encoding, seq uint16) {
	raw := e.ring[seq%uint16(len(e.ring))]
	if raw == nil || be16(raw[2:]) != seq {
		return
	}
	e.asked++
	c.seal(raw)
}

// keyframe makes the next frame of an encoding a keyframe.
func (c *Client) keyframe(ssrc uint32) {
	if e := c.encodings[ssrc]; e != nil {
		e.key = true
		e.pli++
	}
}

// report is a sender report (RFC 3550 section 6.4.1).
func (e *encoding) report(now time.Time) rtcp.Packet {
	const era = 2208988800 // seconds from 1900 to 1970
	ntp := uint64(now.Unix()+era)<<32 | uint64(now.Nanosecond())<<32/1e9
	return &rtcp.SenderReport{SSRC: e.ssrc, NTPTime: ntp, RTPTime: e.timestamp, PacketCount: e.packets, OctetCount: e.bytes}
}
