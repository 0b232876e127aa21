package sfu

import (
	"bytes"
	"testing"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

func TestPictureIDsExtend(t *testing.T) {
	for _, tc := range []struct {
		wide bool
		in   []uint16
		want []int
	}{
		{true, []uint16{32766, 32767, 0, 32767, 1, 2}, []int{0, 1, 2, 1, 3, 4}},
		{false, []uint16{126, 127, 0, 126, 1, 60}, []int{0, 1, 2, 0, 3, 62}},
	} {
		var p pictureIDs
		first := p.extend(codec.IDs{PictureID: tc.in[0], Wide: tc.wide})
		p = pictureIDs{}
		for i, pid := range tc.in {
			if got := int(p.extend(codec.IDs{PictureID: pid, Wide: tc.wide}) - first); got != tc.want[i] {
				t.Errorf("wide %v: id %d extends to %d, want %d", tc.wide, pid, got, tc.want[i])
			}
		}
	}
}

// A slot that changes from a sender with short picture ids to one with long
// ones, and back, goes on counting.
func TestWidthsFollowEachOther(t *testing.T) {
	clock := &clockwork{at: 1e9}
	long := newScene(t, 1, clock)
	short := NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Now: clock.now})
	d, rec := newDown(clock)
	d.Switch(long.up)
	long.cam.pid = 32760
	long.frame(true)
	last := descriptor(t, rec.take()[2])
	d.Switch(short)
	for i := range 300 {
		clock.at += ms
		short.Write(&Packet{
			SequenceNumber: uint16(i), Timestamp: uint32(i), Arrival: clock.at,
			Payload: []byte{0x90, 0xc0, byte(100+i) & 0x7f, byte(i), byte(min(i, 1)), 42},
		})
	}
	got := rec.take()
	for i, p := range got {
		v := descriptor(t, p)
		if want := (last.PictureID + 1 + uint16(i)) & 0x7fff; !v.Wide || v.PictureID != want {
			t.Fatalf("picture id %d (wide %v), want %d", v.PictureID, v.Wide, want)
		}
		if v.TL0 != last.TL0+1+uint8(i) || p.payload[len(p.payload)-1] != 42 {
			t.Fatalf("packet %d: TL0PICIDX %d, payload % x", i, v.TL0, p.payload)
		}
	}
	if len(got) != 300 {
		t.Errorf("got %d packets, want 300", len(got))
	}
}

// The parameter sets of an H.264 keyframe may come in a packet of their own:
// that is where a slot begins.
func TestH264BeginsWithParameterSets(t *testing.T) {
	clock := &clockwork{at: 1e9}
	u := NewUpTrack(UpConfig{Kind: Video, Codec: H264, Now: clock.now})
	d, rec := newDown(clock)
	sps := []byte{0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 0xce}
	for i, b := range [][]byte{{0x61, 0x80}, sps, {0x65, 0x80}, {0x61, 0x80}} {
		p := &Packet{SequenceNumber: uint16(i), Timestamp: 3000, Arrival: clock.at, Payload: b}
		if i == 0 {
			p.Timestamp = 0
		}
		u.Write(p)
	}
	d.Switch(u)
	if len(rec.packets) != 3 || !bytes.Equal(rec.packets[0].payload, sps) {
		t.Fatalf("a new slot began with %+v", rec.packets)
	}
}

// The whole path of hostile payloads and descriptors.
func FuzzForward(f *testing.F) {
	f.Add(uint8(VP8), []byte{0x10, 0x00}, []byte{0x90, 0xf0, 0x81, 0x02, 7, 0xe5, 0x01}, []byte{})
	f.Add(uint8(VP8), []byte{0x90, 0x80, 0x7f, 0x00}, []byte{0x90, 0x80}, []byte{})
	f.Add(uint8(H264), []byte{0x78, 0, 1, 0x67}, []byte{}, []byte{})
	for _, c := range []Codec{VP8, VP9, AV1, H264} {
		e := newEncoder(c, 0, 2)
		a, b := e.next(0, true), e.next(0, false)
		f.Add(uint8(c), a[0].Payload, b[0].Payload, a[0].Descriptor)
		f.Add(uint8(c), b[1].Payload, a[2].Payload, b[1].Descriptor)
	}
	f.Fuzz(func(t *testing.T, which uint8, first, second, descriptor []byte) {
		if max(len(first), len(second)) > maxPayload || len(descriptor) > maxDescriptor {
			return
		}
		c := VP8 + Codec(which)%4
		clock := &clockwork{at: 1e9}
		u := NewUpTrack(UpConfig{Kind: Video, Codec: c, Now: clock.now})
		d, rec := newDown(clock)
		d.Switch(u)
		enc := newEncoder(c, 0, 3)
		begin := enc.next(clock.at, true)
		sn := begin[len(begin)-1].SequenceNumber
		in := begin
		for _, b := range [][]byte{first, second, first, second} {
			sn++
			in = append(in, &Packet{SequenceNumber: sn, Timestamp: 1, Arrival: clock.at, Payload: b, Descriptor: descriptor})
		}
		for i, p := range in {
			payload, extension := bytes.Clone(p.Payload), bytes.Clone(p.Descriptor)
			u.Write(p)
			if !bytes.Equal(p.Payload, payload) || !bytes.Equal(p.Descriptor, extension) {
				t.Fatal("the source's packet was written to")
			}
			if i == len(in)-3 {
				d.SetTarget(Layer{0, 0})
				u.Tick(clock.at)
			}
		}
		for i, p := range rec.packets {
			if i > 0 && p.SequenceNumber != rec.packets[i-1].SequenceNumber+1 {
				t.Fatal("numbers are not continuous")
			}
			if c == VP8 {
				if v, ok := codec.ParseVP8(p.payload); !ok || v.PictureIDOff != 0 && !v.Wide {
					t.Fatalf("% x left", p.payload)
				}
			}
		}
		n := min(len(rec.packets), maxBurst)
		for _, p := range rec.packets[:n] {
			d.Retransmit([]uint16{p.SequenceNumber})
		}
		resent := 0
		for _, p := range rec.packets {
			if p.Resent {
				resent++
			}
		}
		if resent != n {
			t.Fatalf("%d of %d NACKs were answered", resent, n)
		}
	})
}
