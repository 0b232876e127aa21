//go:build linux

package light

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

func TestStampIsFoundBehindAnyDescriptor(t *testing.T) {
	want := stamp{layer: 2, key: true, count: 77, at: time.Unix(5, 6)}
	for _, before := range []int{0, 1, 6, 16, 40} {
		b := make([]byte, before+stampSize+10)
		want.put(b[before:])
		got, ok := findStamp(b)
		if !ok || got.layer != 2 || !got.key || got.count != 77 || !got.at.Equal(want.at) {
			t.Errorf("behind %d bytes: %+v %v", before, got, ok)
		}
	}
}

func TestAChangedStampIsNone(t *testing.T) {
	b := make([]byte, stampSize)
	stamp{count: 1, at: noon}.put(b)
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 1
		if _, ok := findStamp(c); ok {
			t.Errorf("byte %d changed, and the stamp is taken", i)
		}
	}
	if _, ok := findStamp(b[:stampSize-1]); ok {
		t.Error("a short stamp is taken")
	}
}

func TestHeaderReadsWhatPionWrites(t *testing.T) {
	h := rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: 500, Timestamp: 9, SSRC: 8, Marker: true, CSRC: []uint32{1, 2}}
	if err := h.SetExtension(4, []byte("mid")); err != nil {
		t.Fatal(err)
	}
	if err := h.SetExtension(3, []byte{1, 2}); err != nil {
		t.Fatal(err)
	}
	raw, err := (&rtp.Packet{Header: h, Payload: []byte("x")}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, ok := parseHeader(raw, 3)
	if !ok || got.pt != 96 || got.seq != 500 || got.timestamp != 9 || got.ssrc != 8 || !got.marker || got.size != len(raw)-1 {
		t.Errorf("%+v %v", got, ok)
	}
	if !got.numbered || got.congestion != 0x102 {
		t.Errorf("transport-wide number %d %v", got.congestion, got.numbered)
	}
	if got, _ := parseHeader(raw, 5); got.numbered {
		t.Error("an extension of another id is taken for the number")
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x31, 1, 2, 0, 9}, uint8(3))
	f.Add([]byte{0x8f, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2}, uint8(1))
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0xff, 0xff}, uint8(15))
	f.Fuzz(func(t *testing.T, b []byte, id uint8) {
		h, ok := parseHeader(b, id)
		if ok && (h.size < 12 || h.size > len(b)) {
			t.Fatalf("header of %d bytes in a packet of %d", h.size, len(b))
		}
		if ok {
			_, _ = findStamp(b[h.size:])
		}
	})
}

func TestVP8IsWhatADepacketizerReads(t *testing.T) {
	var v vp8
	v.id, v.base = 0x7ffe, 254
	var ids []uint16
	for i := range 6 {
		v.next(i == 0)
		b := make([]byte, 64)
		n := v.put(b, true, i == 0, 1)
		var p codecs.VP8Packet
		frame, err := p.Unmarshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if p.S != 1 || p.PID != 0 || p.I != 1 || p.L != 1 || p.T != 1 {
			t.Fatalf("picture %d: %+v", i, p)
		}
		if int(p.TID) != i%2 || (p.N == 1) != (i%2 == 1) {
			t.Errorf("picture %d: temporal layer %d, droppable %d", i, p.TID, p.N)
		}
		if key := frame[0]&1 == 0; key != (i == 0) || key && n != 16 {
			t.Errorf("picture %d: keyframe %v, %d bytes", i, key, n)
		}
		ids = append(ids, p.PictureID)
	}
	if ids[0] != 0x7fff || ids[1] != 0 {
		t.Errorf("picture ids %v do not wrap at 15 bits", ids)
	}
	b := make([]byte, 64)
	v.next(true)
	v.put(b, true, true, 2)
	if w, h := binary.LittleEndian.Uint16(b[12:]), binary.LittleEndian.Uint16(b[14:]); w != 1280 || h != 720 {
		t.Errorf("the largest encoding is %d x %d", w, h)
	}
}

func TestControlReadsAddressAndTime(t *testing.T) {
	message := func(level, kind int32, body []byte) []byte {
		b := make([]byte, syscall.SizeofCmsghdr, 64)
		binary.NativeEndian.PutUint64(b, uint64(syscall.SizeofCmsghdr+len(body)))
		binary.NativeEndian.PutUint32(b[8:], uint32(level))
		binary.NativeEndian.PutUint32(b[12:], uint32(kind))
		b = append(b, body...)
		return append(b, make([]byte, (8-len(b)%8)%8)...)
	}
	stampBody := make([]byte, 16)
	binary.NativeEndian.PutUint64(stampBody, 100)
	binary.NativeEndian.PutUint64(stampBody[8:], 5)
	b := append(message(syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, stampBody),
		message(syscall.IPPROTO_IP, syscall.IP_PKTINFO, []byte{1, 0, 0, 0, 9, 9, 9, 9, 127, 1, 2, 3})...)
	to, at := control(b, noon)
	if to != [4]byte{127, 1, 2, 3} || !at.Equal(time.Unix(100, 5)) {
		t.Errorf("to %v at %v", to, at)
	}
	if _, at := control(nil, noon); !at.Equal(noon) {
		t.Errorf("without messages the time is %v", at)
	}
	if got := indexOf(to); got != 0x203 || addressOf(0x203) != netip.AddrFrom4(to) {
		t.Errorf("address %v is client %d", to, got)
	}
}

func FuzzControl(f *testing.F) {
	f.Add([]byte{28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 9, 127, 1, 2, 3})
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, b []byte) { control(b, noon) })
}
