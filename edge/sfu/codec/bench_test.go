package codec

import (
	"maps"
	"slices"
	"testing"
)

// perPacket is what a forwarder calls for each packet, by name.
func perPacket(tb testing.TB) map[string]func() bool {
	vp8 := packed("1001 0000", "1111 0000", f(16, 0x8001), f(8, 7), "10 1 00000", f(400, 1))
	shortVP8 := packed("1001 0000", "1111 0000", f(8, 1), f(8, 7), "10 1 00000", f(400, 1))
	vp9 := packed("1111 1100", f(16, 0x8001), "001 0 001 0", f(8, 3), f(8, 2), f(400, 1))
	av1 := packed("0 1 01 0 000", f(400, 1))
	h264 := stapA(baseline320x180, pps, idr)
	fragment := append([]byte{0x7c, 0x05}, make([]byte, 400)...)
	red := sendRED(Block{111, 960, make([]byte, 60)}, Block{111, 0, make([]byte, 60)})
	keyframe := unhex(tb, chromiumL3T3)
	delta := unhex(tb, "86017340fc")
	s := l3t3.parsed(tb)
	d, _ := s.Parse(delta)
	allocation := packed("10 10 0001", "00 01 01 00", f(8, 1), f(8, 2), f(8, 3), f(8, 4), f(8, 5))
	dst := make([]byte, 0, 512)
	blocks := make([]Block, 0, 8)
	return map[string]func() bool{
		"ParseVP8":  func() bool { _, ok := ParseVP8(vp8); return ok },
		"ParseVP9":  func() bool { _, ok := ParseVP9(vp9); return ok },
		"ParseAV1":  func() bool { _, ok := ParseAV1(av1); return ok },
		"ParseH264": func() bool { _, ok := ParseH264(fragment); return ok },
		"H264Key":   func() bool { h, ok := ParseH264(h264); return ok && h.Width == 320 },
		"Widen": func() bool {
			v, _ := ParseVP8(shortVP8)
			out, w := v.Widen(dst, shortVP8)
			w.Patch(out, 1, 2)
			return w.Wide
		},
		"Descriptor":   func() bool { _, ok := s.Parse(delta); return ok },
		"Structure":    func() bool { _, ok := s.Parse(keyframe); return ok },
		"Rewrite":      func() bool { _, ok := d.Rewrite(dst, delta, 7, 3); return ok },
		"TargetFor":    func() bool { _, ok := s.TargetFor(1, 1, AllTargets); return ok },
		"RED":          func() bool { _, _, ok := PrimaryOfRED(red); return ok },
		"AppendBlocks": func() bool { out, ok := AppendBlocks(blocks, red); return ok && len(out) == 2 },
		"Allocation":   func() bool { _, ok := ParseAllocation(allocation); return ok },
	}
}

func TestPerPacketFunctionsDoNotAllocate(t *testing.T) {
	for name, call := range perPacket(t) {
		if !call() {
			t.Errorf("%s failed", name)
		}
		if n := testing.AllocsPerRun(100, func() { call() }); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkPerPacket(b *testing.B) {
	calls := perPacket(b)
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		b.Run(name, func(b *testing.B) {
			call := calls[name]
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}
