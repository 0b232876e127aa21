package rtc

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
	"testing"

	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu"
)

func TestUnwrapRTX(t *testing.T) {
	for _, test := range []struct {
		in   []byte
		seq  uint16
		rest []byte
		ok   bool
	}{
		{nil, 0, nil, false},
		{[]byte{1}, 0, nil, false},
		{[]byte{1, 2}, 0, nil, false}, // a probe
		{[]byte{1, 2, 3}, 0x102, []byte{3}, true},
	} {
		seq, rest, ok := unwrapRTX(test.in)
		if seq != test.seq || !bytes.Equal(rest, test.rest) || ok != test.ok {
			t.Errorf("%v: %d %v %v", test.in, seq, rest, ok)
		}
	}
}

func FuzzUnwrapRTX(f *testing.F) {
	f.Add([]byte{0xff, 0xff, 0x10})
	f.Fuzz(func(t *testing.T, b []byte) {
		seq, rest, ok := unwrapRTX(b)
		if ok && !bytes.Equal(append(binary.BigEndian.AppendUint16(nil, seq), rest...), b) || ok != (len(b) > 2) {
			t.Fatalf("%v: %d %v %v", b, seq, rest, ok)
		}
	})
}

// watch counts the packets of a payload type that pass a client's socket, and
// keeps what another function drops.
func watch(l *lossy, outward bool, pt uint8) *atomic.Int32 {
	var seen atomic.Int32
	drop := l.drop.Load()
	f := func(b []byte, out bool) bool {
		if drop != nil && (*drop)(b, out) {
			return true
		}
		if out == outward && isRTP(b) && b[1]&0x7f == pt {
			seen.Add(1)
		}
		return false
	}
	l.drop.Store(&f)
	return &seen
}

func TestRTXRepairsLossTowardsTheNode(t *testing.T) {
	m := newMeet(t, opus, vp8)
	receive(t, m.picture, 20)
	lost := dropOnce(m.pub.socket, true, 10)
	repaired := watch(m.pub.socket, true, 97)
	complete(t, m.picture, lost)
	if repaired.Load() == 0 {
		t.Error("repaired, but not by RTX")
	}
	s := m.pub.transport.Stats().Ups[1]
	if s.Repaired == 0 || s.Lost == 0 {
		t.Errorf("counted %+v", s)
	}
	if got := upOf(t, m.pub.transport, sfu.Video).Stats().Recovered; got == 0 {
		t.Error("the track knows of no repair")
	}
}

func TestRTXRepairsLossTowardsTheClient(t *testing.T) {
	m := newMeet(t, opus, vp8)
	receive(t, m.picture, 20)
	lost := dropOnce(m.sub.socket, false, 10)
	repaired := watch(m.sub.socket, false, 97)
	complete(t, m.picture, lost)
	if repaired.Load() == 0 {
		t.Error("repaired, but not by RTX")
	}
}

// heard returns what a transport's media reader made of a packet, nil for
// nothing.
func heard(r *reader, p *rtp.Packet) *sfu.Packet {
	b, err := p.Marshal()
	if err != nil {
		panic(err)
	}
	r.packet = sfu.Packet{}
	r.media(b)
	if r.packet.Payload == nil {
		return nil
	}
	return &r.packet
}

func TestRTXBecomesTheOriginal(t *testing.T) {
	tr := idle(t, "chromium-simulcast.sdp")
	r := reader{t: tr, learned: make(origins)}
	rtx := &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 46, SSRC: 1742988016, SequenceNumber: 9, Timestamp: 77, Marker: true},
		Payload: []byte{0x12, 0x34, 5, 6},
	}
	got := heard(&r, rtx) // declared by an ssrc-group
	if got == nil || got.SequenceNumber != 0x1234 || got.Timestamp != 77 || !got.Marker || got.Codec != sfu.AV1 || !bytes.Equal(got.Payload, []byte{5, 6}) {
		t.Fatalf("%+v", got)
	}
	rtx.SequenceNumber++
	rtx.Payload = []byte{0x12, 0x35}
	if got := heard(&r, rtx); got != nil {
		t.Errorf("a probe became %+v", got)
	}
	rtx.SequenceNumber++
	rtx.Payload, rtx.PaddingSize = []byte{}, 200
	rtx.Padding = true
	if got := heard(&r, rtx); got != nil {
		t.Errorf("padding became %+v", got)
	}
	rtx.SequenceNumber++
	rtx.SSRC = 4711 // of nobody: mid missing, payload type known in one section
	rtx.Payload, rtx.Padding, rtx.PaddingSize = []byte{0, 1, 2}, false, 0
	if got := heard(&r, rtx); got != nil {
		t.Errorf("another SSRC beside the living one became %+v", got)
	}
	if s := tr.Stats().Ups[2]; s.Repaired != 3 || s.Packets != 0 {
		t.Errorf("counted %+v", s)
	}
	if media := tr.ups[2].encodings[0].media.ssrc.Load(); media != 2653644921 {
		t.Errorf("requests would go to %d", media)
	}
}

func TestPaddingGoesOutOnRTX(t *testing.T) {
	m := newMeet(t, opus, vp8)
	receive(t, m.picture, 20)
	d := m.sub.transport.downs[0]
	d.rtx.mu.Lock()
	first := d.rtx.seq
	d.rtx.mu.Unlock()
	var sizes, numbers atomic.Int32
	f := func(b []byte, out bool) bool {
		if !out && isRTP(b) && b[1]&0x7f == 97 {
			if b[0]&0x20 == 0 || binary.BigEndian.Uint32(b[8:]) != d.rtx.ssrc {
				return false
			}
			sizes.Add(int32(len(b)))
			numbers.Add(int32(binary.BigEndian.Uint16(b[2:]) - first))
		}
		return false
	}
	m.sub.socket.drop.Store(&f)
	var want int32
	for _, n := range []int{-1, 100, 1000} {
		size := d.padding(n)
		if size < min(max(n, 1), 255)+12 || size > 255+64 {
			t.Errorf("padding of %d makes a packet of %d bytes", n, size)
		}
		want += int32(size) + 16 // GCM's tag
	}
	until(t, "three packets of padding", func() bool { return sizes.Load() == want && numbers.Load() == 0+1+2 })
	receive(t, m.picture, 50)
	if n := m.sub.transport.downs[2].padding(100); n != 0 {
		t.Errorf("a slot without RTX sent %d bytes", n)
	}
}

func TestRTXNumbersBeginLow(t *testing.T) {
	for range 100 {
		var x rtx
		x.init(payloads{{codec: sfu.Opus, pt: 111}, {codec: sfu.VP8, pt: 96, rtx: 97}})
		if x.seq >= 1<<15 || x.ssrc == 0 || x.pt != 97 {
			t.Fatalf("%+v", x.seq)
		}
	}
}
