package codec

import (
	"slices"
	"strings"
	"testing"
)

// row is a template as the examples of the specification print it: its layer,
// an indication for each decode target, frame and chain differences.
type row struct {
	spatial, temporal int
	dtis              string
	diffs             []int
	chains            []int
}

// table is a structure.
type table struct {
	offset    int
	rows      []row
	protected []int // the chain of each decode target
	sizes     [][2]int
}

// l1t3 is three temporal layers, the best decode target first, as in the
// examples of the specification.
var l1t3 = table{offset: 62, protected: []int{0, 0, 0}, rows: []row{
	{0, 0, "SSS", nil, []int{0}},
	{0, 0, "SSS", []int{4}, []int{4}},
	{0, 1, "SD-", []int{2}, []int{2}},
	{0, 2, "D--", []int{1}, []int{1}},
	{0, 2, "D--", []int{1}, []int{3}},
}}

// l3t3 is what Chromium sends for three spatial and three temporal layers.
var l3t3 = table{
	protected: []int{0, 0, 0, 1, 1, 1, 2, 2, 2},
	sizes:     [][2]int{{120, 67}, {240, 135}, {480, 270}},
	rows: []row{
		{0, 0, "SSSRRRRRR", []int{12}, []int{12, 11, 10}},
		{0, 0, "SSSSSSSSS", nil, []int{0, 0, 0}},
		{0, 1, "-DS-RR-RR", []int{6}, []int{6, 5, 4}},
		{0, 2, "--D--R--R", []int{3}, []int{3, 2, 1}},
		{0, 2, "--D--R--R", []int{3}, []int{9, 8, 7}},
		{1, 0, "---SSSRRR", []int{12, 1}, []int{1, 1, 1}},
		{1, 0, "---SSSSSS", []int{1}, []int{1, 1, 1}},
		{1, 1, "----DS-RR", []int{6, 1}, []int{7, 6, 5}},
		{1, 2, "-----D--R", []int{3, 1}, []int{4, 3, 2}},
		{1, 2, "-----D--R", []int{3, 1}, []int{10, 9, 8}},
		{2, 0, "------SSS", []int{12, 1}, []int{2, 1, 1}},
		{2, 0, "------SSS", []int{1}, []int{2, 1, 1}},
		{2, 1, "-------DS", []int{6, 1}, []int{8, 7, 6}},
		{2, 2, "--------D", []int{3, 1}, []int{5, 4, 3}},
		{2, 2, "--------D", []int{3, 1}, []int{11, 10, 9}},
	},
}

// chromiumL3T3 is that structure with the first packet of a keyframe, as it
// was seen on the wire.
const chromiumL3T3 = "c1017280081485214eafffaaaa863cf0430c10c302afc0aaa0063c00430010c002a000a8" +
	"0006000040001d954926e082b04a0941b820ac1282503157f974000ca864330e222222eca8655304224230eca877530" +
	"077004200ef008601df010d"

// text is the structure in bits.
func (s table) text() string {
	targets := len(s.rows[0].dtis)
	text := f(6, s.offset) + f(5, targets-1)
	for i, r := range s.rows {
		switch {
		case i == len(s.rows)-1:
			text += "11"
		case s.rows[i+1].spatial > r.spatial:
			text += "10"
		case s.rows[i+1].temporal > r.temporal:
			text += "01"
		default:
			text += "00"
		}
	}
	for _, r := range s.rows {
		text += dtiText(r.dtis)
	}
	for _, r := range s.rows {
		for _, d := range r.diffs {
			text += "1" + f(4, d-1)
		}
		text += "0"
	}
	text += s.chainText(targets)
	if s.sizes == nil {
		return text + "0"
	}
	text += "1"
	for _, size := range s.sizes {
		text += f(16, size[0]-1) + f(16, size[1]-1)
	}
	return text
}

func (s table) chainText(targets int) string {
	chains := len(s.rows[0].chains)
	text := truncated(targets+1, chains)
	if chains == 0 {
		return text
	}
	for _, c := range s.protected {
		text += truncated(chains, c)
	}
	for _, r := range s.rows {
		for _, d := range r.chains {
			text += f(4, d)
		}
	}
	return text
}

func dtiText(dtis string) (text string) {
	for _, d := range dtis {
		text += f(2, strings.IndexRune("-DSR", d))
	}
	return text
}

// keyframe is a descriptor that brings the structure, of its template i.
func (s table) keyframe(i, number int) []byte {
	return packed("11", f(6, (s.offset+i)%64), f(16, number), "10000", s.text())
}

// parsed is the structure as the code under test has it.
func (s table) parsed(t testing.TB) (got Structure) {
	t.Helper()
	if _, ok := got.Parse(s.keyframe(0, 1)); !ok {
		t.Fatal("a sound structure was refused")
	}
	return got
}

func TestTemplatesSayWhatFramesAre(t *testing.T) {
	for name, s := range map[string]table{"L1T3": l1t3, "L3T3": l3t3} {
		st := s.parsed(t)
		for i, want := range s.rows {
			d, ok := st.Parse(packed("01", f(6, (s.offset+i)%64), f(16, 7)))
			if !ok || d.Start || !d.End || d.FrameNumber != 7 || d.Attached || d.HasActive {
				t.Fatalf("%s template %d: %+v, %v", name, i, d, ok)
			}
			if got := asRow(&d, len(want.dtis)); !sameRow(got, want) {
				t.Errorf("%s template %d: %+v, want %+v", name, i, got, want)
			}
		}
		for _, id := range []int{s.offset - 1, s.offset + len(s.rows)} {
			if _, ok := st.Parse(packed("01", f(6, id&63), f(16, 7))); ok {
				t.Errorf("%s: template id %d was taken", name, id&63)
			}
		}
	}
}

func asRow(d *Descriptor, targets int) row {
	r := row{spatial: int(d.Spatial), temporal: int(d.Temporal)}
	for i := range targets {
		r.dtis += string("-DSR"[d.DTI(i)])
	}
	for _, v := range d.FrameDiffs[:d.Refs] {
		r.diffs = append(r.diffs, int(v))
	}
	for _, v := range d.ChainDiffs[:d.Chains] {
		r.chains = append(r.chains, int(v))
	}
	return r
}

func sameRow(a, b row) bool {
	return a.spatial == b.spatial && a.temporal == b.temporal && a.dtis == b.dtis &&
		slices.Equal(a.diffs, b.diffs) && slices.Equal(a.chains, b.chains)
}

func TestStructureOfChromium(t *testing.T) {
	onWire := unhex(t, chromiumL3T3)
	if got := l3t3.keyframe(1, 0x172); !slices.Equal(got, onWire) {
		t.Fatalf("the table is\n% x, on the wire it is\n% x", got, onWire)
	}
	var s Structure
	d, ok := s.Parse(onWire)
	if !ok || !d.Start || !d.End || !d.Attached || d.Template != 1 || d.FrameNumber != 0x172 || !d.HasActive || d.ActiveMask != 0x1ff {
		t.Fatalf("%+v, %v", d, ok)
	}
	if s.DecodeTargets() != 9 || s.Chains() != 3 || s.Spatials() != 3 {
		t.Errorf("%d decode targets, %d chains, %d spatial layers", s.DecodeTargets(), s.Chains(), s.Spatials())
	}
	for target := range 9 {
		spatial, temporal, ok := s.Layer(target)
		chain, protected := s.Chain(target)
		if !ok || spatial != target/3 || temporal != target%3 || !protected || chain != target/3 {
			t.Errorf("target %d: layer %d,%d %v, chain %d %v", target, spatial, temporal, ok, chain, protected)
		}
	}
	for spatial, want := range l3t3.sizes {
		if w, h := s.Resolution(spatial); [2]int{w, h} != want {
			t.Errorf("spatial layer %d: %dx%d, want %v", spatial, w, h, want)
		}
	}
}

func TestTargetFor(t *testing.T) {
	three, one := l3t3.parsed(t), l1t3.parsed(t)
	for _, tc := range []struct {
		name              string
		s                 *Structure
		spatial, temporal int
		active            uint32
		want              int
		ok                bool
	}{
		{"all there is", &three, 3, 3, AllTargets, 8, true},
		{"bounds as they are", &three, 1, 1, AllTargets, 4, true},
		{"picture before rate", &three, 2, 0, AllTargets, 6, true},
		{"lowest", &three, 0, 0, AllTargets, 0, true},
		{"top not sent", &three, 2, 2, 0b000111111, 5, true},
		{"holes", &three, 2, 2, 0b010001001, 7, true},
		{"nothing sent", &three, 2, 2, 0, 0, false},
		{"below all", &three, -1, 2, AllTargets, 0, false},
		{"best target first", &one, 0, 2, AllTargets, 0, true},
		{"worst target last", &one, 0, 0, AllTargets, 2, true},
		{"no structure yet", &Structure{}, 3, 3, AllTargets, 0, false},
	} {
		if got, ok := tc.s.TargetFor(tc.spatial, tc.temporal, tc.active); got != tc.want && ok || ok != tc.ok {
			t.Errorf("%s: %d, %v; want %d, %v", tc.name, got, ok, tc.want, tc.ok)
		}
	}
}

func TestWhatAStructureDoesNotHave(t *testing.T) {
	s := table{rows: []row{{0, 0, "S-", nil, nil}}}.parsed(t)
	if _, ok := s.Chain(0); ok || s.Chains() != 0 {
		t.Error("a chain where there are none")
	}
	if _, _, ok := s.Layer(1); ok {
		t.Error("a layer of a target without frames")
	}
	if w, h := s.Resolution(0); w != 0 || h != 0 {
		t.Errorf("resolution %dx%d where there is none", w, h)
	}
	sized := l3t3.parsed(t)
	for _, beyond := range []int{-1, 32, 99} {
		if _, ok := sized.Chain(beyond); ok {
			t.Errorf("chain of target %d", beyond)
		}
		if _, _, ok := sized.Layer(beyond); ok {
			t.Errorf("layer of target %d", beyond)
		}
		if w, h := sized.Resolution(beyond); w != 0 || h != 0 {
			t.Errorf("resolution of spatial layer %d", beyond)
		}
	}
}

func TestLargestStructure(t *testing.T) {
	s := table{offset: 5, protected: make([]int, 32), sizes: make([][2]int, 4)}
	for i := range s.sizes {
		s.sizes[i] = [2]int{65536, 1 << i}
	}
	for i := range 32 {
		s.protected[i] = 31 - i
		s.rows = append(s.rows, row{i / 8, i % 8, strings.Repeat("-", i) + strings.Repeat("R", 32-i),
			[]int{1, 2, 3, 4, 5, 6, 7, 16}, make([]int, 32)})
	}
	// No header extension holds it, so the reader is asked alone.
	r := bitReader{b: packed(s.text())}
	var got Structure
	if !got.read(&r) {
		t.Fatal("refused")
	}
	if got.DecodeTargets() != 32 || got.Chains() != 32 || got.Spatials() != 4 {
		t.Errorf("%d decode targets, %d chains, %d spatial layers", got.DecodeTargets(), got.Chains(), got.Spatials())
	}
	if chain, ok := got.Chain(31); !ok || chain != 0 {
		t.Errorf("chain %d of target 31", chain)
	}
	if w, h := got.Resolution(3); w != 65536 || h != 8 {
		t.Errorf("resolution %dx%d", w, h)
	}
	if target, ok := got.TargetFor(3, 7, AllTargets); !ok || target != 24 {
		t.Errorf("best target %d, %v; want the first of those that reach the top", target, ok)
	}
}

func TestMalformedStructures(t *testing.T) {
	ninth := table{rows: []row{{0, 0, "S", []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, nil}}}
	for name, text := range map[string]string{
		"nine references":        ninth.text(),
		"five spatial layers":    f(6, 0) + f(5, 0) + "10 10 10 10 11" + strings.Repeat("10", 5) + "00000" + "0" + "0",
		"nine temporal layers":   f(6, 0) + f(5, 0) + strings.Repeat("01", 8) + "11" + strings.Repeat("10", 9) + strings.Repeat("0", 11),
		"more than 64 templates": f(6, 0) + f(5, 0) + strings.Repeat("00", 64) + "11" + strings.Repeat("0", 800),
	} {
		var s Structure
		if _, ok := s.Parse(packed("11", f(6, 0), f(16, 1), "10000", text)); ok || s != (Structure{}) {
			t.Errorf("%s: taken", name)
		}
	}
}
