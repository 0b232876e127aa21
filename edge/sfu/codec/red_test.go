package codec

import (
	"bytes"
	"reflect"
	"testing"
)

// sendRED makes the payload of blocks, the last of which is primary.
func sendRED(blocks ...Block) []byte {
	text := ""
	for _, r := range blocks[:len(blocks)-1] {
		text += "1" + f(7, int(r.PayloadType)) + f(14, int(r.Age)) + f(10, len(r.Payload))
	}
	b := packed(text, "0", f(7, int(blocks[len(blocks)-1].PayloadType)))
	for _, r := range blocks {
		b = append(b, r.Payload...)
	}
	return b
}

func TestBlocksOfRED(t *testing.T) {
	for name, blocks := range map[string][]Block{
		"primary alone":        {{111, 0, []byte("now")}},
		"one behind":           {{111, 960, []byte("before")}, {111, 0, []byte("now")}},
		"two behind":           {{111, 1920, []byte("long ago")}, {111, 960, []byte("before")}, {111, 0, []byte("now")}},
		"an empty one between": {{111, 1920, []byte("long ago")}, {111, 960, []byte{}}, {111, 0, []byte("now")}},
		"extremes":             {{127, 1<<14 - 1, make([]byte, 1<<10-1)}, {0, 0, []byte{}}},
	} {
		b := sendRED(blocks...)
		primary := blocks[len(blocks)-1]
		payload, pt, ok := PrimaryOfRED(b)
		if !ok || pt != primary.PayloadType || !bytes.Equal(payload, primary.Payload) {
			t.Errorf("%s: primary %d %q, %v", name, pt, payload, ok)
		}
		if got, ok := AppendBlocks(nil, b); !ok || !reflect.DeepEqual(got, blocks) {
			t.Errorf("%s: got %v, %v; want %v", name, got, ok, blocks)
		}
	}
}

func TestREDCutShort(t *testing.T) {
	whole := sendRED(Block{111, 960, []byte("before")}, Block{111, 0, nil})
	kept := []Block{{PayloadType: 1}}
	for n := range whole {
		if _, _, ok := PrimaryOfRED(whole[:n]); ok {
			t.Errorf("the first %d bytes were taken", n)
		}
		if got, ok := AppendBlocks(kept, whole[:n]); ok || len(got) != 1 {
			t.Errorf("the first %d bytes gave %v", n, got)
		}
	}
}

func FuzzRED(f *testing.F) {
	f.Add(sendRED(Block{111, 0, []byte("now")}))
	f.Add(sendRED(Block{111, 960, []byte("before")}, Block{111, 0, []byte("now")}))
	f.Add([]byte{0x80, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		payload, pt, ok := PrimaryOfRED(b)
		blocks, also := AppendBlocks(nil, b)
		if ok != also {
			t.Fatalf("% x: primary %v, blocks %v", b, ok, also)
		}
		if !ok {
			return
		}
		last := blocks[len(blocks)-1]
		if last.PayloadType != pt || !bytes.Equal(last.Payload, payload) {
			t.Fatalf("% x: primary %d % x, last block %+v", b, pt, payload, last)
		}
		if got := sendRED(blocks...); !bytes.Equal(got, b) {
			t.Fatalf("% x became % x", b, got)
		}
	})
}
