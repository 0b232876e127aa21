package rtc

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// with makes extensions of ids.
func with(ids map[extension]uint8) (e extensions) {
	for x, id := range ids {
		e[x] = extmap{id: id, dir: sends | receives}
	}
	return e
}

// idle is a transport that nobody connects to.
func idle(t testing.TB, offer string) *Transport {
	t.Helper()
	e, err := New(Config{Media: listenUDP(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	tr, err := e.Accept(t.Context(), Offer{SDP: load(t, offer)})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestHeaders(t *testing.T) {
	tr := idle(t, "whip.sdp")
	all := with(map[extension]uint8{extMID: 14, extLevel: 1, extCongestion: 3, extDescriptor: 12})
	none := sfu.Packet{AudioLevel: sfu.NoAudioLevel}
	long := bytes.Repeat([]byte{7}, 40)
	for _, test := range []struct {
		name string
		down *down
		in   sfu.Packet
		want []byte // of the descriptor
	}{
		{"plain", &down{}, sfu.Packet{Timestamp: 1 << 31, AudioLevel: sfu.NoAudioLevel}, nil},
		{"mid", &down{mid: "16", ext: with(map[extension]uint8{extMID: 4})}, sfu.Packet{Marker: true, AudioLevel: sfu.NoAudioLevel}, nil},
		{"level", &down{ext: with(map[extension]uint8{extLevel: 1})}, sfu.Packet{AudioLevel: 127}, nil},
		{"number", &down{ext: with(map[extension]uint8{extCongestion: 5})}, none, nil},
		{"all", &down{mid: "0123456789abcdef", ext: all}, sfu.Packet{Descriptor: long[:16]}, long[:16]},
		{"long", &down{mid: "0", ext: all, mixed: true}, sfu.Packet{Descriptor: long}, long},
		{"longest", &down{mid: "0", ext: all, mixed: true}, sfu.Packet{Descriptor: make([]byte, 255)}, make([]byte, 255)},
		{"too long for one byte", &down{mid: "0", ext: all}, sfu.Packet{Descriptor: long}, nil},
		{"too long for two", &down{mid: "0", ext: all, mixed: true}, sfu.Packet{Descriptor: make([]byte, 256)}, nil},
		{"descriptor not negotiated", &down{ext: with(map[extension]uint8{extMID: 4}), mid: "x"}, sfu.Packet{Descriptor: long[:3], AudioLevel: sfu.NoAudioLevel}, nil},
		{"empty descriptor", &down{ext: all, mid: "x"}, sfu.Packet{Descriptor: []byte{}}, nil},
	} {
		test.down.t = tr
		var h rtp.Header
		raw := test.down.appendHeader([]byte("before"), heading{ssrc: 1<<32 - 1, seq: 65535, pt: 127}, &test.in)[6:]
		if len(raw) > maxHeader-2 {
			t.Errorf("%s: %d bytes", test.name, len(raw))
		}
		test.down.stamp(raw)
		n, err := h.Unmarshal(raw)
		if err != nil || n != len(raw) {
			t.Errorf("%s: %d of %d bytes: %v", test.name, n, len(raw), err)
			continue
		}
		if h.SSRC != 1<<32-1 || h.PayloadType != 127 || h.Marker != test.in.Marker ||
			h.SequenceNumber != 65535 || h.Timestamp != test.in.Timestamp || h.Padding {
			t.Errorf("%s: %+v", test.name, h)
		}
		if got := string(value(&h, test.down.ext[extMID])); got != test.down.mid {
			t.Errorf("%s: mid %q", test.name, got)
		}
		if got := value(&h, test.down.ext[extLevel]); test.down.ext[extLevel].id != 0 && (len(got) != 1 || got[0] != test.in.AudioLevel) {
			t.Errorf("%s: level %v", test.name, got)
		}
		if got := value(&h, test.down.ext[extDescriptor]); !bytes.Equal(got, test.want) {
			t.Errorf("%s: descriptor %v, want %v", test.name, got, test.want)
		}
		if got := value(&h, test.down.ext[extCongestion]); test.down.ext[extCongestion].id != 0 &&
			(len(got) != 2 || uint16(got[0])<<8|uint16(got[1]) != tr.egress.next-1) {
			t.Errorf("%s: number %v, the latest is %d", test.name, got, tr.egress.next-1)
		}
	}
	if tr.egress.next != 7 {
		t.Errorf("%d numbers given out, want 7", tr.egress.next)
	}
}

func TestHeadersCostNoMemory(t *testing.T) {
	d := &down{
		t: idle(t, "whip.sdp"), mid: "12", mixed: true,
		ext: with(map[extension]uint8{extMID: 4, extLevel: 1, extCongestion: 3, extDescriptor: 12}),
	}
	b, p := make([]byte, 0, maxPacket), sfu.Packet{Descriptor: make([]byte, 20)}
	if n := testing.AllocsPerRun(100, func() { d.stamp(d.appendHeader(b, heading{}, &p)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzHeader writes headers that a receiver must read as they were meant.
func FuzzHeader(f *testing.F) {
	f.Add("0", uint8(20), []byte{1, 2, 3}, true)
	f.Add("0123456789abcdef", uint8(255), make([]byte, 17), false)
	tr := idle(f, "whip.sdp")
	f.Fuzz(func(t *testing.T, mid string, level uint8, descriptor []byte, mixed bool) {
		d := &down{t: tr, mid: mid, mixed: mixed, ext: with(map[extension]uint8{extMID: 4, extLevel: 1, extCongestion: 3, extDescriptor: 12})}
		if mid == "" || len(mid) > 16 {
			return // no section has such a mid
		}
		b := d.appendHeader(nil, heading{ssrc: 1, seq: 2, pt: 96}, &sfu.Packet{AudioLevel: level, Descriptor: descriptor})
		d.stamp(b)
		var h rtp.Header
		if n, err := h.Unmarshal(b); err != nil || n != len(b) || string(value(&h, d.ext[extMID])) != mid {
			t.Fatalf("%d of %d bytes: %v", n, len(b), err)
		}
		got := value(&h, d.ext[extDescriptor])
		if sent := len(descriptor) <= 16 || mixed && len(descriptor) <= 255; sent && !bytes.Equal(got, descriptor) || !sent && got != nil {
			t.Fatalf("descriptor %v became %v", descriptor, got)
		}
	})
}
