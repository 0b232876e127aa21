package sealed

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"
)

// TestDatagramIsAsWritten is a golden vector: another build must make the same bytes.
func TestDatagramIsAsWritten(t *testing.T) {
	s := newSealer(Secret{1, 2, 3})
	b := s.begin(nil, KindProbe, 1500*time.Millisecond)
	b = s.end(append(b, "hello"...), 0)
	const want = "0bfef4e83b000000000001ad1bb8b009449c1d3a162786b489b9f0882e6e82c9afb65905"
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("datagram %s, want %s", got, want)
	}
	o := newOpener(Secret{1, 2, 3})
	kind, counter, plain, err := o.open(b)
	if kind != KindProbe || counter != 1 || string(plain[clockSize:]) != "hello" || u32(plain) != 1500000 || err != nil {
		t.Errorf("opened %d, %d, %q, %v", kind, counter, plain, err)
	}
}

func sealOne(s *sealer, text string) []byte {
	return s.end(append(s.begin(nil, KindData, 0), text...), 0)
}

func TestForgedAndReplayedAreRefused(t *testing.T) {
	s, o := newSealer(there), newOpener(there)
	good := sealOne(&s, "one")
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x01
		if _, _, _, err := o.open(bad); err == nil && i != 1 {
			// The tag is checked by who finds the path, and authenticated here.
			t.Errorf("opened with byte %d changed", i)
		}
	}
	for n := range good {
		if _, _, _, err := o.open(append([]byte(nil), good[:n]...)); err == nil {
			t.Errorf("opened %d bytes of %d", n, len(good))
		}
	}
	if _, _, _, err := o.open(append([]byte(nil), good...)); err != nil {
		t.Error(err)
	}
	if _, _, _, err := o.open(append([]byte(nil), good...)); !errors.Is(err, ErrReplayed) {
		t.Errorf("again: %v", err)
	}
	other := newOpener(back)
	if _, _, _, err := other.open(sealOne(&s, "two")); !errors.Is(err, ErrForged) {
		t.Errorf("by the other direction's key: %v", err)
	}
}

// TestKeysChangeByEpoch: the change is by the counter alone, and late datagrams of the
// epoch before still open.
func TestKeysChangeByEpoch(t *testing.T) {
	s, o := newSealer(there), newOpener(there)
	const first = uint64(1) << epochBits
	s.counter = first - 3
	o.window.highest = first - 3
	var all [][]byte
	for range 6 {
		all = append(all, sealOne(&s, "x"))
	}
	for _, i := range []int{0, 3, 1, 2, 4, 5} {
		if _, counter, _, err := o.open(all[i]); err != nil || counter != first-2+uint64(i) {
			t.Errorf("datagram %d: counter %d, %v", i, counter, err)
		}
	}
	if o.epoch != 1 || s.epoch != 1 {
		t.Errorf("epochs %d and %d", s.epoch, o.epoch)
	}
	s.counter = 3 * first // two epochs on: nobody lost eight million datagrams
	if _, _, _, err := o.open(sealOne(&s, "x")); !errors.Is(err, ErrForged) {
		t.Errorf("two epochs ahead: %v", err)
	}
	if a, b := there.key(0), there.key(1); a.iv == b.iv {
		t.Error("two epochs share an IV")
	}
}

func TestFirstByteIsNobodyElses(t *testing.T) {
	for b := range 256 {
		datagram := make([]byte, 100)
		datagram[0] = byte(b)
		if got, want := Is(datagram), b >= 8 && b <= 11; got != want {
			t.Errorf("first byte %#x: sealed %v", b, got)
		}
	}
	if Is([]byte{8, 1, 2}) {
		t.Error("three bytes look sealed")
	}
}

func TestSealingAllocatesNothing(t *testing.T) {
	s, o := newSealer(there), newOpener(there)
	buf, body := make([]byte, 0, 2*FullSize), make([]byte, 1200)
	if n := testing.AllocsPerRun(100, func() {
		b := s.end(append(s.begin(buf, KindData, 0), body...), 0)
		if _, _, _, err := o.open(b); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a datagram", n)
	}
}
