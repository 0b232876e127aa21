package netns

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
)

// datagram is a UDP packet from 10.78.0.1 to 10.78.1.1 of so many bytes.
func datagram(size int, flags byte) []byte {
	p := make([]byte, size)
	p[0], p[6], p[8], p[9] = 0x45, flags, 64, 17
	binary.BigEndian.PutUint16(p[2:], uint16(size))
	copy(p[12:], []byte{10, 78, 0, 1, 10, 78, 1, 1})
	return p
}

func TestDestination(t *testing.T) {
	if at, ok := destination(datagram(100, 0)); !ok || at != netip.MustParseAddr("10.78.1.1") {
		t.Errorf("got %v %v", at, ok)
	}
	for name, p := range map[string][]byte{"nothing": nil, "a short one": datagram(28, 0)[:19], "IPv6": append([]byte{0x60}, make([]byte, 60)...)} {
		if at, ok := destination(p); ok {
			t.Errorf("%s goes to %v", name, at)
		}
	}
}

func TestTooBigIsSaidToWhoForbadeFragments(t *testing.T) {
	p := datagram(1500, 0x40)
	got := tooBig(p, 1400)
	if len(got) != 20+8+28 {
		t.Fatalf("an answer of %d bytes", len(got))
	}
	if to, _ := destination(got); to != netip.MustParseAddr("10.78.0.1") {
		t.Errorf("it goes to %v", to)
	}
	if got[20] != 3 || got[21] != 4 || binary.BigEndian.Uint16(got[26:]) != 1400 {
		t.Errorf("it says %x", got[20:28])
	}
	if !bytes.Equal(got[28:], p[:28]) {
		t.Error("it does not quote the packet")
	}
	if checksum(got[:20]) != 0 || checksum(got[20:]) != 0 {
		t.Error("its checksums are wrong")
	}
}

func TestTooBigIsNotSaid(t *testing.T) {
	fragment := datagram(1500, 0x40)
	fragment[7] = 8
	answer := datagram(1500, 0x40)
	answer[9], answer[20] = 1, 3
	options := datagram(40, 0x40)
	options[0] = 0x4f
	for name, p := range map[string][]byte{"fragments allowed": datagram(1500, 0), "a later fragment": fragment, "an ICMP error": answer, "a header longer than the packet": options} {
		if tooBig(p, 1400) != nil {
			t.Errorf("%s: an answer", name)
		}
	}
	echo := datagram(1500, 0x40)
	echo[9], echo[20] = 1, 8
	if tooBig(echo, 1400) == nil {
		t.Error("an echo request has none")
	}
}

// FuzzPacket: kernels give what programs make, raw sockets anything.
func FuzzPacket(f *testing.F) {
	f.Add(datagram(1500, 0x40))
	f.Add(datagram(20, 0x40))
	f.Add([]byte{0x40})
	f.Fuzz(func(t *testing.T, p []byte) {
		if _, ok := destination(p); !ok {
			return
		}
		if got := tooBig(p, 1280); got != nil && (checksum(got[:20]) != 0 || checksum(got[20:]) != 0) {
			t.Errorf("%x: wrong checksums in %x", p, got)
		}
	})
}
