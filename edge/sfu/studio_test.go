package sfu

import (
	"cmp"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// temporals is the pattern of three temporal layers: pictures of layer 2 need
// the one of layer 0 or 1 before them, those of layer 1 the one of layer 0.
var temporals = [4]int8{0, 2, 1, 2}

// label ends every payload of an encoder and tells what it is.
type label struct {
	Encoding, Spatial, Temporal uint8
	Key                         bool
	Picture                     uint32 // since the encoder began
	SinceKey                    uint32
	Part, Parts                 uint8
}

const labelSize = 14

// An encoder makes the packets of one encoding as Chromium would.
type encoder struct {
	codec    Codec
	layer    uint8
	spatials int // in the encoding
	parts    int // packets of a frame
	flat     bool
	narrow   bool  // picture ids have 7 bits (VP8)
	fixed    bool  // there is TL0PICIDX, and no list of references (VP9)
	bare     bool  // upper layers of the next picture need no earlier one (VP9)
	template uint8 // id of the first (AV1)
	sn       uint16
	ts       uint32 // of picture 0
	pid      uint16
	tl0      uint8
	frame    uint16 // number of the next frame (AV1)
	picture  uint32
	keyed    uint32           // the latest key picture
	last     map[[2]int]int32 // by spatial layer and place in the pattern: frame number
}

func newEncoder(c Codec, layer uint8, spatials int) *encoder {
	return &encoder{
		codec: c, layer: layer, spatials: spatials, parts: 2,
		sn: 65500 + 1000*uint16(layer), ts: 0 - 9000*uint32(layer+1), pid: 32760, tl0: 250, frame: 65530,
		last: map[[2]int]int32{},
	}
}

// temporal is the temporal layer of the next picture.
func (c *encoder) temporal(key bool) int8 {
	if c.flat || key {
		return 0
	}
	return temporals[(c.picture-c.keyed)%4]
}

// next makes the packets of the next picture, 1/30 s after the one before.
func (c *encoder) next(at time.Duration, key bool) (out []*Packet) {
	if key {
		c.keyed = c.picture
	}
	t := c.temporal(key)
	if t == 0 {
		c.tl0++
	}
	for s := range int8(c.spatials) {
		depends := c.dependency(s, t, key)
		for part := range c.parts {
			l := label{c.layer, uint8(s), uint8(t), key, c.picture, c.picture - c.keyed, uint8(part), uint8(c.parts)}
			p := &Packet{
				SequenceNumber: c.sn, Timestamp: c.ts + 3000*c.picture, Layer: c.layer, Codec: c.codec,
				Marker: int(s) == c.spatials-1 && part == c.parts-1, AudioLevel: NoAudioLevel, Arrival: at,
				Payload: append(c.header(l), l.bytes()...),
			}
			if c.codec == AV1 {
				p.Descriptor = c.descriptor(l, depends)
			}
			c.sn++
			out = append(out, p)
		}
		c.frame++
	}
	c.picture++
	c.pid = (c.pid + 1) & 0x7fff
	return out
}

func (l label) bytes() []byte {
	b := []byte{l.Encoding, l.Spatial, l.Temporal, 0, l.Part, l.Parts}
	if l.Key {
		b[3] = 1
	}
	b = binary.BigEndian.AppendUint32(b, l.Picture)
	return binary.BigEndian.AppendUint32(b, l.SinceKey)
}

func labelOf(b []byte) label {
	b = b[len(b)-labelSize:]
	return label{b[0], b[1], b[2], b[3] == 1, binary.BigEndian.Uint32(b[6:]), binary.BigEndian.Uint32(b[10:]), b[4], b[5]}
}

// header is what the codec puts before the frame.
func (c *encoder) header(l label) []byte {
	first, end := l.Part == 0, l.Part+1 == l.Parts
	switch c.codec {
	case VP8:
		b := append([]byte{0x80, 0xe0}, c.pictureID()...)
		if first {
			b[0] |= 0x10
		}
		layer := l.Temporal << 6
		if l.SinceKey%4 == 1 || l.SinceKey%4 == 2 {
			layer |= 0x20 // Y: needs nothing but layer 0
		}
		b = append(b, c.tl0, layer)
		if l.Key && first {
			return append(b, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01) // 640x360
		}
		return append(b, 1)
	case VP9:
		b := []byte{0xb0, 0x80 | byte(c.pid>>8), byte(c.pid), l.Temporal<<5 | l.Spatial<<1}
		if (l.Key || c.bare) && l.Spatial > 0 {
			b[3] |= 0x01 // D
		}
		if l.SinceKey%4 != 3 {
			b[3] |= 0x10 // U
		}
		if first {
			b[0] |= 0x08
		}
		if end {
			b[0] |= 0x04
		}
		if c.fixed {
			b[0] &^= 0x10 // F
			b = append(b, c.tl0)
		}
		if !l.Key && !(c.bare && l.Spatial > 0) {
			b[0] |= 0x40
		}
		if b[0]&0x50 == 0x50 {
			b = append(b, 1<<1) // P_DIFF
		}
		return append(b, 0)
	case AV1:
		b := []byte{0x10, 0}
		if l.Key && first && l.Spatial == 0 {
			b[0] |= 0x08
		}
		return b
	case H264:
		kind := byte(1)
		if l.Key {
			kind = 5
		}
		if first {
			return []byte{0x7c, 0x80 | kind, 0x80}
		}
		return []byte{0x7c, kind, 0}
	}
	return []byte{0}
}

// pictureID is the field of the picture in hand.
func (c *encoder) pictureID() []byte {
	if c.narrow {
		return []byte{byte(c.pid & 0x7f)}
	}
	return []byte{0x80 | byte(c.pid>>8), byte(c.pid)}
}

// dependency lists how many frames back those lie that the frame needs: in a
// key picture the spatial layer below, else earlier ones of its own.
func (c *encoder) dependency(s, t int8, key bool) (diffs []uint16) {
	place := int((c.picture - c.keyed) % 4)
	need := 0
	switch {
	case key && s == 0:
		need = -1
	case key:
		diffs, need = []uint16{1}, -1
	case t == 2 && place == 3:
		need = 2
	}
	if need >= 0 {
		diffs = append(diffs, c.frame-uint16(c.last[[2]int{int(s), need}]))
	}
	c.last[[2]int{int(s), place}] = int32(c.frame)
	return diffs
}

// bitString writes bit by bit.
type bitString struct {
	b []byte
	n int
}

func (w *bitString) put(v uint32, width int) {
	for i := width - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

// descriptor writes a dependency descriptor: a template for each layer, and
// the differences with each frame.
func (c *encoder) descriptor(l label, diffs []uint16) []byte {
	w := &bitString{}
	put := func(on bool) { w.put(uint32(b2u(on)), 1) }
	put(l.Part == 0)
	put(l.Part+1 == l.Parts)
	w.put(uint32((c.template+l.Spatial*3+l.Temporal)%64), 6)
	w.put(uint32(c.frame), 16)
	attached := l.Key && l.Spatial == 0 && l.Part == 0
	put(attached)
	w.put(0b0010>>1<<1, 4) // custom_fdiffs alone
	if attached {
		c.structure(w)
	}
	for _, d := range diffs {
		w.put(2, 2)
		w.put(uint32(d-1), 8)
	}
	w.put(0, 2)
	return w.b
}

func (c *encoder) structure(w *bitString) {
	targets := 3 * c.spatials
	w.put(uint32(c.template), 6)
	w.put(uint32(targets-1), 5)
	for i := 1; i < targets; i++ {
		w.put(uint32(1+b2u(i%3 == 0)), 2)
	}
	w.put(3, 2)
	for f := range targets {
		for dt := range targets {
			w.put(2*uint32(b2u(dt/3 >= f/3 && dt%3 >= f%3)), 2) // Switch, or not present
		}
	}
	w.put(0, targets) // no differences in templates
	width := 0
	for n := targets + 1; n>>width > 0; width++ {
	}
	w.put(0, width-1) // no chains, as a ns(targets+1)
	w.put(1, 1)
	for s := range c.spatials {
		w.put(uint32(320<<s-1), 16)
		w.put(uint32(180<<s-1), 16)
	}
}

func b2u(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A studio is an UpTrack with one encoder, or three for simulcast.
type studio struct {
	*clockwork
	up  *UpTrack
	ask *layerAsker
	enc []*encoder
}

// layerAsker is an Upstream that remembers which layers need a keyframe.
type layerAsker struct{ keys [MaxLayers]int }

func (a *layerAsker) RequestKeyframe(layer uint8)       { a.keys[layer]++ }
func (a *layerAsker) RequestRetransmit(uint8, []uint16) {}

func newStudio(c Codec, encodings, spatials int) *studio {
	s := &studio{clockwork: &clockwork{at: time.Second}, ask: &layerAsker{}}
	s.up = NewUpTrack(UpConfig{Kind: Video, Codec: c, Upstream: s.ask, Now: s.now})
	for i := range encodings {
		s.enc = append(s.enc, newEncoder(c, uint8(i), spatials))
	}
	return s
}

// run lets the encoders work for n pictures; a keyframe is made when asked for.
func (s *studio) run(n int) {
	for range n {
		s.at += 33333 * time.Microsecond
		for i, e := range s.enc {
			key := e.picture == 0 || s.ask.keys[i] > 0
			s.ask.keys[i] = 0
			for _, p := range e.next(s.at, key) {
				s.up.Write(p)
			}
		}
		s.up.Tick(s.at)
	}
}

// watch returns a slot that shows the studio.
func (s *studio) watch(set CodecSet) (*DownTrack, *recorder) {
	rec := &recorder{}
	d := NewDownTrack(DownConfig{Kind: Video, Sink: rec, Codecs: set, Now: s.now})
	d.Switch(s.up)
	return d, rec
}

// pictures checks that packets, none of which was lost, are one stream that
// can be decoded throughout, and returns its frames.
func pictures(t *testing.T, packets []sent) (frames []label) {
	t.Helper()
	numbers := unwrapped(packets)
	order := make([]int, len(packets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(numbers[a], numbers[b]) })
	have := map[label]bool{}
	var before *sent
	for at, i := range order {
		p, l := &packets[i], labelOf(packets[i].payload)
		if at > 0 && numbers[i] != numbers[order[at-1]]+1 {
			t.Fatalf("number %d follows %d", numbers[i], numbers[order[at-1]])
		}
		if before != nil {
			was := labelOf(before.payload)
			same := l.Picture == was.Picture && l.Encoding == was.Encoding
			if same != (p.Timestamp == before.Timestamp) || int32(p.Timestamp-before.Timestamp) < 0 {
				t.Fatalf("%+v at %d follows %+v at %d", l, p.Timestamp, was, before.Timestamp)
			}
			if was.Encoding != l.Encoding && !l.Key {
				t.Fatalf("encoding %d is entered without a keyframe: %+v", l.Encoding, l)
			}
			if !same && !before.Marker || same && before.Marker {
				t.Fatalf("marker %v between %+v and %+v", before.Marker, was, l)
			}
			checkPictureIDs(t, before, p, same)
		}
		before = p
		if l.Part+1 < l.Parts {
			continue
		}
		for _, need := range needsOf(l) {
			if !have[need] {
				t.Fatalf("%+v came without %+v", l, need)
			}
		}
		have[label{Encoding: l.Encoding, Spatial: l.Spatial, Picture: l.Picture}] = true
		frames = append(frames, l)
	}
	return frames
}

func checkPictureIDs(t *testing.T, a, b *sent, same bool) {
	t.Helper()
	if a.Codec == VP8 && b.Codec == VP8 {
		v, _ := codec.ParseVP8(a.payload)
		w, _ := codec.ParseVP8(b.payload)
		if step := (w.PictureID - v.PictureID) & 0x7fff; step != uint16(b2u(!same)) {
			t.Fatalf("picture id %d follows %d", w.PictureID, v.PictureID)
		}
	}
	if len(a.Descriptor) > 0 && len(b.Descriptor) > 0 {
		n, m := binary.BigEndian.Uint16(a.descriptor[1:]), binary.BigEndian.Uint16(b.descriptor[1:])
		if int16(m-n) < 0 {
			t.Fatalf("frame number %d follows %d", m, n)
		}
	}
}

// needsOf lists the frames that one needs, by the pattern.
func needsOf(l label) []label {
	need := label{Encoding: l.Encoding, Spatial: l.Spatial, Picture: l.Picture}
	switch {
	case l.Key && l.Spatial == 0:
		return nil
	case l.Key:
		need.Spatial--
	case l.SinceKey%4 == 3:
		need.Picture--
	case l.SinceKey%4 == 0:
		need.Picture -= 4
	default:
		need.Picture -= l.SinceKey % 4
	}
	return []label{need}
}
