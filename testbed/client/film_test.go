package client

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

func key(id byte) []byte   { return []byte{0x90, 0xc0, 0x80, id, 7, 0x10, 0, 0} }
func delta(id byte) []byte { return []byte{0x90, 0xc0, 0x80, id, 8, 0x11, 0, 0} }

func TestFilmBeginsWithItsKeyframe(t *testing.T) {
	var f Film
	packets := []rtp.Packet{
		{Header: rtp.Header{Timestamp: 1}, Payload: delta(1)},
		{Header: rtp.Header{Timestamp: 2}, Payload: key(2)},
		{Header: rtp.Header{Timestamp: 2}, Payload: []byte{0x80, 0xc0, 0x80, 2, 7, 9}},
		{Header: rtp.Header{Timestamp: 3}, Payload: delta(3)},
	}
	for i := range packets {
		if f.Take(&packets[i], 2) {
			t.Fatalf("full after %d packets", i+1)
		}
	}
	if !f.Take(&rtp.Packet{Header: rtp.Header{Timestamp: 4}, Payload: delta(4)}, 2) {
		t.Error("not full with two whole pictures")
	}
	if len(f.frames) != 2 || len(f.frames[0]) != 2 || !bytes.Equal(f.frames[0][0], key(2)) {
		t.Errorf("%v", f.frames)
	}
}

func TestRenumberedPicturesFollow(t *testing.T) {
	for name, c := range map[string]struct{ in, want []byte }{
		"long id":  {[]byte{0x90, 0xc0, 0x80, 1, 7, 0x10}, []byte{0x90, 0xc0, 0x81, 0x2c, 9, 0x10}},
		"short id": {[]byte{0x90, 0xc0, 0x01, 7, 0x10}, []byte{0x90, 0xc0, 0x2c, 9, 0x10}},
		"no id":    {[]byte{0x90, 0x40, 7, 0x10}, []byte{0x90, 0x40, 9, 0x10}},
		"plain":    {[]byte{0x10, 0x10}, []byte{0x10, 0x10}},
		"cut":      {[]byte{0x90, 0xc0}, []byte{0x90, 0xc0}},
	} {
		renumber(c.in, 300, 9)
		if !bytes.Equal(c.in, c.want) {
			t.Errorf("%s: %x, want %x", name, c.in, c.want)
		}
	}
	if got := base(key(1)); got != 7 {
		t.Errorf("base %d", got)
	}
}
