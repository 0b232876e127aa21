package sfu

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// sent is a copy of what a sink was given.
type sent struct {
	Packet
	payload, descriptor []byte
}

// recorder is a Sink that keeps everything.
type recorder struct {
	packets []sent
	reports []Report
}

func (r *recorder) Send(p *Packet, _ Batch) {
	r.packets = append(r.packets, sent{*p, bytes.Clone(p.Payload), bytes.Clone(p.Descriptor)})
}
func (r *recorder) SendReport(rep Report) { r.reports = append(r.reports, rep) }

func (r *recorder) take() []sent {
	p := r.packets
	r.packets = nil
	return p
}

// flushCounter is a Batch that counts.
type flushCounter struct{ n int }

func (f *flushCounter) Flush() { f.n++ }

// asker is an Upstream that keeps what was asked.
type asker struct {
	keyframes int
	seqs      []uint16
}

func (a *asker) RequestKeyframe(uint8) { a.keyframes++ }
func (a *asker) RequestRetransmit(_ uint8, seqs []uint16) {
	a.seqs = append(a.seqs, seqs...)
}

// clockwork is a node's clock under the test's control.
type clockwork struct{ at time.Duration }

func (c *clockwork) now() time.Duration { return c.at }

// vp8Payload makes a VP8 payload: a descriptor with 15-bit picture id and
// TL0PICIDX, the payload header, and a tag that tells where it comes from.
func vp8Payload(start, key bool, pid uint16, tl0 uint8, source byte, ext uint32) []byte {
	b := []byte{0x80, 0xe0, 0x80 | byte(pid>>8), byte(pid), tl0, 0x20}
	if start {
		b[0] |= 0x10
	}
	head := byte(1)
	if key && start {
		head = 0
	}
	b = append(b, head, source)
	return binary.BigEndian.AppendUint32(b, ext)
}

// tag reads back what vp8Payload put at the end.
func tag(p sent) (source byte, ext uint32) {
	n := len(p.payload)
	return p.payload[n-5], binary.BigEndian.Uint32(p.payload[n-4:])
}

// camera makes the packets of one VP8 source, perFrame packets a frame.
type camera struct {
	id       byte
	perFrame int
	n        uint32 // packets made
	sn       uint16
	ts       uint32
	pid      uint16
	tl0      uint8
	in       int // packets of the frame made
	key      bool
}

func (c *camera) next(at time.Duration) *Packet {
	if c.in == 0 {
		c.pid, c.tl0, c.ts = (c.pid+1)&0x7fff, c.tl0+1, c.ts+3000
	}
	p := &Packet{
		SequenceNumber: c.sn, Timestamp: c.ts, AudioLevel: NoAudioLevel, Arrival: at,
		Payload: vp8Payload(c.in == 0, c.key, c.pid, c.tl0, c.id, c.n),
	}
	c.sn++
	c.n++
	c.in++
	if c.in == c.perFrame {
		p.Marker, c.in, c.key = true, 0, false
	}
	return p
}

// scene is an UpTrack on a test's clock.
type scene struct {
	*clockwork
	up  *UpTrack
	ask *asker
	cam *camera
}

func newScene(t testing.TB, id byte, clock *clockwork) *scene {
	t.Helper()
	ask := &asker{}
	return &scene{
		clockwork: clock, ask: ask,
		cam: &camera{id: id, perFrame: 3, sn: uint16(id) * 20000, ts: uint32(id) * 1e9, key: true},
		up: NewUpTrack(UpConfig{
			Kind: Video, Codec: VP8, Upstream: ask, Now: clock.now,
		}),
	}
}

// frame sends one frame whole.
func (s *scene) frame(key bool) {
	s.cam.key = key
	for range s.cam.perFrame {
		s.up.Write(s.cam.next(s.at))
	}
}

func newDown(clock *clockwork) (*DownTrack, *recorder) {
	rec := &recorder{}
	return NewDownTrack(DownConfig{Kind: Video, Sink: rec, Now: clock.now}), rec
}

// descriptor parses what a sink was given.
func descriptor(t testing.TB, p sent) codec.VP8 {
	t.Helper()
	v, ok := codec.ParseVP8(p.payload)
	if !ok {
		t.Fatalf("malformed payload % x reached a sink", p.payload)
	}
	return v
}
