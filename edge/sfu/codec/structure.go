package codec

// Bounds of a frame dependency structure (AV1 RTP specification, section A.8.2;
// the number of references is what codecs can have at most).
const (
	MaxTargets   = 32
	maxChains    = MaxTargets
	maxTemplates = 64
	maxRefs      = 8
	maxSpatials  = 4
	maxTemporals = 8
)

// AllTargets is a set with every decode target that a structure can have.
const AllTargets = ^uint32(0)

// A Structure says what the short descriptors of a stream mean (AV1 RTP
// specification, sections A.5 and A.8): a decode target is a set of frames that decode
// to one spatial and temporal fidelity, a chain the frames that its targets
// cannot do without, a template what many frames have in common. It comes with
// the first packet of a keyframe.
//
// Its owner keeps one for each stream of packets and gives it all its
// descriptors; the zero value knows nothing yet. It holds no pointers and may
// be copied.
type Structure struct {
	offset    uint8 // of the first template's id
	templates uint8
	targets   uint8
	chains    uint8
	spatials  uint8
	hasSizes  bool
	width     [maxSpatials]uint16 // less 1
	height    [maxSpatials]uint16
	protected [MaxTargets]uint8 // the chain of a target, where there are any
	top       [MaxTargets]layer // the highest of a target
	template  [maxTemplates]template
}

// layer is a spatial and temporal layer; of a target that no frame belongs to,
// the zero value with absent set.
type layer struct {
	spatial, temporal uint8
	absent            bool
}

// template is what frames have in common.
type template struct {
	spatial, temporal uint8
	refs              uint8
	dtis              uint64 // 2 bits for a target, target 0 the lowest
	frameDiffs        [maxRefs]uint8
	chainDiffs        [maxChains]uint8
}

// DecodeTargets returns the number of decode targets, 0 before a structure came.
func (s *Structure) DecodeTargets() int { return int(s.targets) }

// Chains returns the number of chains.
func (s *Structure) Chains() int { return int(s.chains) }

// Spatials returns the number of spatial layers.
func (s *Structure) Spatials() int { return int(s.spatials) }

// Resolution returns the greatest size of a spatial layer's pictures in
// pixels, zeros where the structure does not say.
func (s *Structure) Resolution(spatial int) (width, height int) {
	if !s.hasSizes || spatial < 0 || spatial >= int(s.spatials) {
		return 0, 0
	}
	return int(s.width[spatial]) + 1, int(s.height[spatial]) + 1
}

// Layer returns the highest spatial and the highest temporal layer among the
// frames of a decode target. ok is false if no template belongs to it.
func (s *Structure) Layer(target int) (spatial, temporal int, ok bool) {
	if target < 0 || target >= int(s.targets) || s.top[target].absent {
		return 0, 0, false
	}
	return int(s.top[target].spatial), int(s.top[target].temporal), true
}

// Chain returns the chain that protects a decode target: while none of its
// frames is missing, the target can be decoded. ok is false if there are none.
func (s *Structure) Chain(target int) (chain int, ok bool) {
	if target < 0 || target >= int(s.targets) || s.chains == 0 {
		return 0, false
	}
	return int(s.protected[target]), true
}

// TargetFor returns the best of the active decode targets (bit i for target i)
// within both bounds: of the highest spatial layer, then of the highest
// temporal one. ok is false if there is none.
func (s *Structure) TargetFor(spatial, temporal int, active uint32) (target int, ok bool) {
	best := -1
	for i, t := range s.top[:s.targets] {
		if t.absent || active>>i&1 == 0 || int(t.spatial) > spatial || int(t.temporal) > temporal {
			continue
		}
		if rank := int(t.spatial)*maxTemporals + int(t.temporal); rank > best {
			best, target = rank, i
		}
	}
	return target, best >= 0
}

// read reads a template_dependency_structure into s, which is zero.
func (s *Structure) read(r *bitReader) bool {
	s.offset = uint8(r.read(6))
	s.targets = uint8(r.read(5)) + 1
	if !s.readLayers(r) {
		return false
	}
	for i := range s.template[:s.templates] {
		s.template[i].dtis = readDTIs(r, s.targets)
	}
	if !s.readFrameDiffs(r) {
		return false
	}
	s.readChains(r)
	s.readSizes(r)
	s.findTops()
	return !r.cut
}

// readLayers reads template_layers: each code says how the next template's
// layer differs from the last one's.
func (s *Structure) readLayers(r *bitReader) bool {
	var spatial, temporal uint8
	for i := range s.template {
		if spatial >= maxSpatials || temporal >= maxTemporals {
			return false
		}
		s.template[i].spatial, s.template[i].temporal = spatial, temporal
		s.templates, s.spatials = uint8(i)+1, spatial+1
		switch r.read(2) {
		case 1:
			temporal++
		case 2:
			spatial, temporal = spatial+1, 0
		case 3:
			return true
		}
	}
	return false
}

func (s *Structure) readFrameDiffs(r *bitReader) bool {
	for i := range s.template[:s.templates] {
		t := &s.template[i]
		for r.flag() {
			if t.refs == maxRefs {
				return false
			}
			t.frameDiffs[t.refs] = uint8(r.read(4)) + 1
			t.refs++
		}
	}
	return true
}

func (s *Structure) readChains(r *bitReader) {
	s.chains = uint8(r.ns(uint32(s.targets) + 1))
	if s.chains == 0 {
		return
	}
	for i := range s.protected[:s.targets] {
		s.protected[i] = uint8(r.ns(uint32(s.chains)))
	}
	for i := range s.template[:s.templates] {
		for c := range s.chains {
			s.template[i].chainDiffs[c] = uint8(r.read(4))
		}
	}
}

func (s *Structure) readSizes(r *bitReader) {
	s.hasSizes = r.flag()
	if !s.hasSizes {
		return
	}
	for i := range s.spatials {
		s.width[i], s.height[i] = uint16(r.read(16)), uint16(r.read(16))
	}
}

// findTops derives the layers of decode targets: the structure does not say
// them, but a target reaches as high as the frames that belong to it.
func (s *Structure) findTops() {
	for i := range s.top[:s.targets] {
		top := layer{absent: true}
		for _, t := range s.template[:s.templates] {
			if dtiOf(t.dtis, i) != NotPresent {
				top = layer{spatial: max(top.spatial, t.spatial), temporal: max(top.temporal, t.temporal)}
			}
		}
		s.top[i] = top
	}
}
