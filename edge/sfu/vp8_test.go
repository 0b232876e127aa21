package sfu

import (
	"bytes"
	"testing"
)

func TestParseVP8(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		want vp8
		ok   bool
	}{
		{"no extension, keyframe", []byte{0x10, 0x00}, vp8{size: 1, key: true}, true},
		{"no extension, interframe", []byte{0x10, 0x01}, vp8{size: 1}, true},
		{"not the start", []byte{0x00, 0x00}, vp8{size: 1}, true},
		{"another partition", []byte{0x11, 0x00}, vp8{size: 1}, true},
		{"7-bit id", []byte{0x90, 0x80, 0x7f, 0x00}, vp8{size: 3, pidOff: 2, pid: 127, key: true}, true},
		{"15-bit id", []byte{0x90, 0x80, 0xff, 0xfe, 0x00}, vp8{size: 4, pidOff: 2, pid: 0x7ffe, wide: true, key: true}, true},
		{"all fields", []byte{0x80, 0xf0, 0x81, 0x02, 7, 0xe5, 0x01},
			vp8{size: 6, pidOff: 2, pid: 0x102, wide: true, tl0Off: 4, tl0: 7}, true},
		{"index without id", []byte{0x90, 0x40, 9, 0x00}, vp8{size: 3, tl0Off: 2, tl0: 9, key: true}, true},
		{"empty", nil, vp8{}, false},
		{"one byte", []byte{0x10}, vp8{}, false},
		{"cut in the id", []byte{0x90, 0x80, 0x81}, vp8{}, false},
		{"cut after the id", []byte{0x90, 0xc0, 0x81, 0x00}, vp8{}, false},
		{"nothing after", []byte{0x90, 0xf0, 0x81, 0x02, 7, 0xe5}, vp8{}, false},
	} {
		if got, ok := parseVP8(tc.b); got != tc.want && ok || ok != tc.ok {
			t.Errorf("%s: got %+v, %v; want %+v, %v", tc.name, got, ok, tc.want, tc.ok)
		}
	}
}

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
		first := p.extend(vp8{pid: tc.in[0], wide: tc.wide})
		p = pictureIDs{}
		for i, pid := range tc.in {
			if got := int(p.extend(vp8{pid: pid, wide: tc.wide}) - first); got != tc.want[i] {
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
		short.Write(&Packet{
			SequenceNumber: uint16(i), Timestamp: uint32(i), Arrival: clock.at,
			Payload: []byte{0x90, 0xc0, byte(100+i) & 0x7f, byte(i), byte(min(i, 1)), 42},
		})
	}
	got := rec.take()
	for i, p := range got {
		v := descriptor(t, p)
		if want := (last.pid + 1 + uint16(i)) & 0x7fff; !v.wide || v.pid != want {
			t.Fatalf("picture id %d (wide %v), want %d", v.pid, v.wide, want)
		}
		if v.tl0 != last.tl0+1+uint8(i) || p.payload[len(p.payload)-1] != 42 {
			t.Fatalf("packet %d: TL0PICIDX %d, payload % x", i, v.tl0, p.payload)
		}
	}
	if len(got) != 300 {
		t.Errorf("got %d packets, want 300", len(got))
	}
}

// The descriptor alone: fast, so that the fuzzer gets far.
func FuzzVP8(f *testing.F) {
	f.Add([]byte{0x10, 0x00}, uint16(1), uint8(2))
	f.Add([]byte{0x90, 0xf0, 0x81, 0x02, 7, 0xe5, 0x01}, uint16(0x7fff), uint8(255))
	f.Add([]byte{0x90, 0xc0, 0x7f, 0x00, 0x00}, uint16(0), uint8(0))
	f.Add([]byte{0x90, 0x80}, uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, pid uint16, tl0 uint8) {
		v, ok := parseVP8(b)
		if !ok || !v.rewritable() {
			return
		}
		pid &= 0x7fff
		out, w := v.widen(nil, b)
		w.patch(out, pid, tl0)
		got, ok := parseVP8(out)
		if !ok || got.key != v.key || !bytes.Equal(out[got.size:], b[v.size:]) ||
			v.pidOff != 0 && (got.pid != pid || !got.wide) || v.tl0Off != 0 && got.tl0 != tl0 {
			t.Fatalf("% x with %d, %d became % x", b, pid, tl0, out)
		}
	})
}

// The whole path of hostile payloads.
func FuzzForward(f *testing.F) {
	f.Add([]byte{0x10, 0x00}, []byte{0x90, 0xf0, 0x81, 0x02, 7, 0xe5, 0x01})
	f.Add([]byte{0x90, 0x80, 0x7f, 0x00}, []byte{0x90, 0x80})
	f.Add([]byte{0x90, 0xc0, 0x7f, 0x00, 0x00}, []byte{})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if max(len(first), len(second)) > maxPayload {
			return
		}
		clock := &clockwork{at: 1e9}
		u := NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Now: clock.now})
		d, rec := newDown(clock)
		verbatim := &recorder{}
		v := NewDownTrack(DownConfig{Kind: Video, Sink: verbatim, Verbatim: true, Now: clock.now})
		d.Switch(u)
		v.Switch(u)
		in := [][]byte{{0x90, 0xc0, 0x05, 0x00, 0x00}, first, second, first}
		for i, b := range in {
			keep := bytes.Clone(b)
			u.Write(&Packet{SequenceNumber: uint16(i), Arrival: clock.at, Payload: b})
			if !bytes.Equal(b, keep) {
				t.Fatal("the source's payload was written to")
			}
		}
		for i, p := range rec.packets {
			if i > 0 && p.SequenceNumber != rec.packets[i-1].SequenceNumber+1 {
				t.Fatal("numbers are not continuous")
			}
			w := descriptor(t, p)
			if w.pidOff != 0 && !w.wide {
				t.Fatal("a short picture id left")
			}
			d.Retransmit([]uint16{p.SequenceNumber})
		}
		if len(verbatim.packets) != len(in) {
			t.Fatalf("%d packets verbatim, want %d", len(verbatim.packets), len(in))
		}
		for _, p := range rec.packets[len(rec.packets)/2:] {
			if !p.Resent {
				t.Fatal("a NACK was not answered")
			}
		}
	})
}
