package codec

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestDescriptorsOfChromium(t *testing.T) {
	var s Structure
	for _, tc := range []struct {
		b                   string
		start, end          bool
		number              uint16
		spatial, temporal   uint8
		attached, hasActive bool
		active              uint32
		refs                uint8
		ofTop               DTI // what the frame is to the best target
	}{
		{chromiumL3T3, true, true, 0x172, 0, 0, true, true, 0x1ff, 0, Switch},
		{"86017340fc", true, false, 0x173, 1, 0, false, true, 0x3f, 1, Switch},
		{"46017340fc", false, true, 0x173, 1, 0, false, true, 0x3f, 1, Switch},
		{"c3017540fc", true, true, 0x175, 0, 2, false, true, 0x3f, 1, Required},
		{"88017640fc", true, false, 0x176, 1, 2, false, true, 0x3f, 2, Required},
		{"c2017840fc", true, true, 0x178, 0, 1, false, true, 0x3f, 1, Required},
		{"8b0174", true, false, 0x174, 2, 0, false, false, 0, 1, Switch},
		{"0b0174", false, false, 0x174, 2, 0, false, false, 0, 1, Switch},
		{"c3017540", true, true, 0, 0, 0, false, false, 0, 0, NotPresent}, // cut in the mask
	} {
		d, ok := s.Parse(unhex(t, tc.b))
		if ok != (tc.number != 0) {
			t.Errorf("%s: taken %v", tc.b, ok)
		}
		if d.Start != (tc.start && ok) || d.End != (tc.end && ok) || d.FrameNumber != tc.number ||
			d.Spatial != tc.spatial || d.Temporal != tc.temporal || d.Attached != tc.attached ||
			d.HasActive != tc.hasActive || d.ActiveMask != tc.active || d.Refs != tc.refs || d.DTI(8) != tc.ofTop {
			t.Errorf("%s: %+v", tc.b, d)
		}
	}
}

func TestFramesThatDifferFromTheirTemplate(t *testing.T) {
	s := l3t3.parsed(t)
	b := packed("10", f(6, 2), f(16, 500), "01111", "101010101",
		dtiText("R-DSR-DSR"), "01", f(4, 15), "10", f(8, 255), "11", f(12, 4095), "00",
		f(8, 255), f(8, 0), f(8, 128))
	d, ok := s.Parse(b)
	want := row{0, 1, "R-DSR-DSR", []int{16, 256, 4096}, []int{255, 0, 128}}
	if got := asRow(&d, 9); !ok || !sameRow(got, want) || d.ActiveMask != 0b101010101 {
		t.Errorf("%+v, mask %b, %v; want %+v", got, d.ActiveMask, ok, want)
	}
	for n := range b {
		if n != shortDescriptor { // alone these are a descriptor too
			if d, ok := s.Parse(b[:n]); ok {
				t.Errorf("the first %d bytes were taken as %+v", n, d)
			}
		}
	}
	nine := packed("10", f(6, 2), f(16, 500), "00010", "010000 010000 010000 010000 010000 010000 010000 010000 010000 00")
	if _, ok := s.Parse(nine); ok {
		t.Error("nine references were taken")
	}
	none := packed("10", f(6, 2), f(16, 500), "00010", "00")
	if d, ok := s.Parse(none); !ok || d.Refs != 0 || d.FrameDiffs[0] != 0 {
		t.Errorf("a frame without references: %+v, %v", d, ok)
	}
}

func TestAMalformedStructureDoesNotReplace(t *testing.T) {
	whole := unhex(t, chromiumL3T3)
	old := l1t3.parsed(t)
	for n := range whole {
		if n == shortDescriptor {
			continue
		}
		s := old
		if _, ok := s.Parse(whole[:n]); ok || s != old {
			t.Fatalf("the first %d bytes were taken", n)
		}
	}
	s := old
	if _, ok := s.Parse(l3t3.keyframe(40, 1)); ok || s != old {
		t.Error("a structure came with a template that it does not have")
	}
	if _, ok := s.Parse(append(whole, make([]byte, 200)...)); ok || s != old {
		t.Error("more than a header extension was taken")
	}
	if _, ok := s.Parse(whole); !ok || s.DecodeTargets() != 9 {
		t.Error("a sound structure did not replace the old one")
	}
}

func TestNothingIsKnownBeforeAStructure(t *testing.T) {
	var s Structure
	if d, ok := s.Parse([]byte{0xc0, 0, 1}); ok || d != (Descriptor{}) {
		t.Errorf("%+v, %v", d, ok)
	}
	var d Descriptor
	if got := d.DTI(0); got != NotPresent {
		t.Errorf("indication %d", got)
	}
}

func TestRewriteAddsAMask(t *testing.T) {
	s := l3t3.parsed(t)
	for _, tc := range []struct{ name, in, want string }{
		{"short", "86" + "0173", "86" + "1234" + "400c"},
		{"with a mask", "86" + "0173" + "40fc", "86" + "1234" + "400c"},
	} {
		b := unhex(t, tc.in)
		d, _ := s.Parse(b)
		got, ok := d.Rewrite([]byte("of another packet"), b, 0x1234, 0b11)
		if want := unhex(t, tc.want); !ok || !bytes.Equal(got, want) {
			t.Errorf("%s: % x, %v; want % x", tc.name, got, ok, want)
		}
	}
}

// sample is a descriptor in parts, so that it can be written with another
// number and mask.
type sample struct {
	head, tail string // before the number; after the mask
	flags      int
	structure  string
	targets    int
}

// bytes writes the sample; mask is -1 for none.
func (s sample) bytes(number, mask int) []byte {
	if mask < 0 && s.flags == 0 {
		return packed(s.head, f(16, number))
	}
	flags, text := s.flags, ""
	if mask >= 0 {
		flags, text = flags|flagActive, f(s.targets, mask)
	}
	return packed(s.head, f(16, number), f(5, flags), s.structure, text, s.tail)
}

// randomTable returns any structure small enough for an extension.
func randomTable(rnd *rand.Rand) table {
	targets, chains := 1+rnd.IntN(12), 0
	if rnd.IntN(4) > 0 {
		chains = 1 + rnd.IntN(min(targets, 4))
	}
	s := table{offset: rnd.IntN(64)}
	for range targets {
		s.protected = append(s.protected, rnd.IntN(max(chains, 1)))
	}
	spatial, temporal := 0, 0
	for range 1 + rnd.IntN(12) {
		s.rows = append(s.rows, randomRow(rnd, spatial, temporal, targets, chains))
		switch step := rnd.IntN(3); {
		case step == 1 && temporal < 7:
			temporal++
		case step == 2 && spatial < 3:
			spatial, temporal = spatial+1, 0
		}
	}
	if rnd.IntN(2) == 0 {
		for range s.rows[len(s.rows)-1].spatial + 1 {
			s.sizes = append(s.sizes, [2]int{1 + rnd.IntN(65536), 1 + rnd.IntN(65536)})
		}
	}
	return s
}

func randomRow(rnd *rand.Rand, spatial, temporal, targets, chains int) row {
	r := row{spatial: spatial, temporal: temporal}
	for range targets {
		r.dtis += string("-DSR"[rnd.IntN(4)])
	}
	for range rnd.IntN(4) {
		r.diffs = append(r.diffs, 1+rnd.IntN(16))
	}
	for range chains {
		r.chains = append(r.chains, rnd.IntN(16))
	}
	return r
}

// randomSample returns a descriptor by structure s.
func randomSample(rnd *rand.Rand, s table) sample {
	d := sample{targets: len(s.rows[0].dtis)}
	d.head = f(2, rnd.IntN(4)) + f(6, (s.offset+rnd.IntN(len(s.rows)))%64)
	custom := randomRow(rnd, 0, 0, d.targets, len(s.rows[0].chains))
	if rnd.IntN(3) == 0 {
		d.flags |= flagAttached
		d.structure = s.text()
	}
	if rnd.IntN(3) == 0 {
		d.flags |= flagDTIs
		d.tail += dtiText(custom.dtis)
	}
	if rnd.IntN(3) == 0 {
		d.flags |= flagFrameDiffs
		for range custom.diffs {
			size := 1 + rnd.IntN(3) // not always the shortest
			d.tail += f(2, size) + f(4*size, rnd.IntN(16))
		}
		d.tail += "00"
	}
	if rnd.IntN(3) == 0 {
		d.flags |= flagChains
		for range custom.chains {
			d.tail += f(8, rnd.IntN(256))
		}
	}
	return d
}

func TestRewriteChangesNumberAndMaskOnly(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 600 {
		s := randomTable(rnd)
		st := s.parsed(t)
		in := randomSample(rnd, s)
		mask := -1
		if rnd.IntN(2) == 0 {
			mask = rnd.IntN(1 << in.targets)
		}
		number, active := rnd.IntN(65536), rnd.IntN(1<<in.targets)
		b := in.bytes(rnd.IntN(65536), mask)
		d, ok := st.Parse(b)
		if !ok {
			t.Fatalf("%+v of %+v was refused", in, s)
		}
		got, ok := d.Rewrite(nil, b, uint16(number), uint32(active))
		if want := in.bytes(number, active); !ok || !bytes.Equal(got, want) {
			t.Fatalf("% x became\n% x, want\n% x", b, got, want)
		}
		patched := bytes.Clone(b)
		PatchFrameNumber(patched, uint16(number))
		if want := in.bytes(number, mask); !bytes.Equal(patched, want) {
			t.Fatalf("% x patched is\n% x, want\n% x", b, patched, want)
		}
		again, ok := st.Parse(got)
		if !ok || again.FrameNumber != uint16(number) || again.ActiveMask != uint32(active) || !again.HasActive ||
			withoutRewritten(again) != withoutRewritten(d) {
			t.Fatalf("read back %+v, was %+v", again, d)
		}
	}
}

// withoutRewritten returns d without what Rewrite changes.
func withoutRewritten(d Descriptor) Descriptor {
	d.FrameNumber, d.HasActive, d.ActiveMask = 0, false, 0
	d.masked, d.maskAt, d.end = false, 0, 0
	return d
}

func TestRewriteRefusesWhatNoExtensionHolds(t *testing.T) {
	s := l3t3.parsed(t)
	b := packed("10", f(6, 0), f(16, 1), "00000")
	d, _ := s.Parse(b)
	d.end = 8 * 260
	if _, ok := d.Rewrite(nil, append(b, make([]byte, 300)...), 1, 1); ok {
		t.Error("wrote more than 255 bytes")
	}
	if _, ok := d.Rewrite(nil, b[:2], 1, 1); ok {
		t.Error("rewrote a descriptor that is cut short")
	}
}

func FuzzDescriptor(f *testing.F) {
	f.Add(l1t3.keyframe(0, 1), []byte{0xc0, 0, 2}, uint16(3), uint32(1))
	f.Add(unhex(f, chromiumL3T3), unhex(f, "86017340fc"), uint16(0xffff), uint32(7))
	f.Add(l3t3.keyframe(0, 1), packed("10 000010 0000000000000001 01111 101010101",
		dtiText("R-DSR-DSR"), "01 1111 00", "11111111 00000000 10000000"), uint16(0), uint32(0))
	f.Fuzz(func(t *testing.T, first, second []byte, number uint16, active uint32) {
		var s Structure
		for _, b := range [][]byte{first, second} {
			old, keep := s, bytes.Clone(b)
			d, ok := s.Parse(b)
			if !bytes.Equal(b, keep) {
				t.Fatal("the source was written to")
			}
			if (!ok || !d.Attached) && s != old {
				t.Fatalf("% x changed the structure", b)
			}
			if ok {
				checkRewrite(t, s, d, b, number, active)
			}
		}
	})
}

// checkRewrite rewrites b, which was parsed as d by s, and parses it again.
func checkRewrite(t *testing.T, s Structure, d Descriptor, b []byte, number uint16, active uint32) {
	t.Helper()
	active &= AllTargets >> (MaxTargets - s.DecodeTargets())
	out, ok := d.Rewrite(nil, b, number, active)
	if !ok {
		return
	}
	old := s
	got, ok := s.Parse(out)
	if !ok || s != old || got.FrameNumber != number || got.ActiveMask != active {
		t.Fatalf("% x became % x, read as %+v, %v", b, out, got, ok)
	}
	if withoutRewritten(got) != withoutRewritten(d) {
		t.Fatalf("% x became % x: %+v, was %+v", b, out, got, d)
	}
	if again, ok := got.Rewrite(nil, out, number, active); !ok || !bytes.Equal(again, out) {
		t.Fatalf("% x rewritten as it is became % x", out, again)
	}
}
