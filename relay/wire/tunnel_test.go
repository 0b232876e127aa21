package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTunnel(t *testing.T) {
	for _, want := range []Tunnel{
		{Node: "fra-1", Packet: []byte{0x40, 1, 2}},
		{Arriving: true, Node: "iad-1", Packet: bytes.Repeat([]byte{7}, MaxPacket)},
	} {
		if got, err := DecodeTunnel(AppendTunnel(nil, want)); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
	}
	for name, bad := range map[string][]byte{
		"nothing":      nil,
		"a third leg":  AppendTunnel(nil, Tunnel{Packet: []byte{1}})[:3],
		"no packet":    AppendTunnel(nil, Tunnel{Node: "fra-1"}),
		"too large":    AppendTunnel(nil, Tunnel{Node: "fra-1", Packet: make([]byte, MaxPacket+1)}),
		"another leg":  {2, 0, 1, 'a', 1},
		"half a name":  {0, 0, 9, 'a', 1},
		"a long name":  append([]byte{0, 2, 0}, make([]byte, 600)...),
		"length alone": {1, 0},
	} {
		if _, err := DecodeTunnel(bad); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzTunnel(f *testing.F) {
	f.Add(AppendTunnel(nil, Tunnel{Node: "fra-1", Packet: []byte{0x40, 1, 2}}))
	f.Add(AppendTunnel(nil, Tunnel{Arriving: true, Node: "iad-1", Packet: []byte{0xc0}}))
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := DecodeTunnel(b)
		if err != nil {
			return
		}
		if again := AppendTunnel(nil, got); !bytes.Equal(again, b) {
			t.Fatalf("% x became % x", b, again)
		}
	})
}
