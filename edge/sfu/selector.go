package sfu

// A selector chooses, picture by picture, which layers of the encoding that a
// slot shows are passed on. Lower layers are let go at the next picture;
// higher ones are taken where the stream can be entered: at keyframes, or
// where a picture says that it needs nothing the slot has not passed. A
// spatial layer is entered in temporal layer 0 alone, or the next picture there
// would need one that was left out. It is pure; its owner is whoever owns the
// slot.
type selector struct {
	want   Layer     // at most
	cur    Layer     // passed on at present
	moved  bool      // cur has changed
	rising bool      // the picture in hand is a keyframe: its layers join one by one
	passed [4]uint64 // of the latest 256 frame numbers: was passed on
}

// begin starts with a keyframe: the rest of its layers follow in it.
func (s *selector) begin() {
	s.cur, s.moved = Layer{0, s.want.Temporal}, true
	s.passed = [4]uint64{}
}

// pass reports whether the packet is passed on.
func (s *selector) pass(it *item) bool {
	if it.start && !it.late {
		s.steer(it)
	}
	if it.spatial > s.cur.Spatial || it.temporal > s.cur.Temporal {
		return false
	}
	if it.depends != nil {
		n := it.depends.FrameNumber
		s.passed[n/64%4] |= 1 << (n % 64)
		s.passed[(n/64+2)%4] = 0 // forget what the ring will mean next
	}
	return true
}

// ends reports whether a packet is the last of its picture that is passed on.
func (s *selector) ends(it *item) bool {
	top := s.cur.Spatial
	if s.rising {
		top = s.want.Spatial
	}
	return it.end && it.spatial == top
}

// steer moves towards what is wanted at the start of a layer's frame.
func (s *selector) steer(it *item) {
	before := s.cur
	defer func() { s.moved = s.moved || s.cur != before }()
	if it.spatial == 0 { // a picture begins
		s.rising = it.key
		if it.key {
			s.begin()
		}
		s.cur.Spatial = min(s.cur.Spatial, s.want.Spatial)
		s.cur.Temporal = min(s.cur.Temporal, s.want.Temporal)
	}
	if it.temporal == s.cur.Temporal+1 && it.temporal <= s.want.Temporal && it.spatial == 0 && s.enters(it, it.rises) {
		s.cur.Temporal = it.temporal
	}
	if it.spatial == s.cur.Spatial+1 && it.spatial <= s.want.Spatial && it.temporal == 0 && s.enters(it, it.widens) {
		s.cur.Spatial = it.spatial
	}
}

// enters reports whether a higher layer can be entered with the frame: where
// it lists what it depends on, by that; else by what the codec says.
func (s *selector) enters(it *item, said bool) bool {
	if it.depends == nil {
		return said
	}
	for _, diff := range it.depends.FrameDiffs[:it.depends.Refs] {
		if n := it.depends.FrameNumber - diff; s.passed[n/64%4]&(1<<(n%64)) == 0 {
			return false
		}
	}
	return true
}
