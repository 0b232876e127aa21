package codec

import "encoding/binary"

const (
	// shortDescriptor is the size of a descriptor without extended fields.
	shortDescriptor = 3
	// maxExtension is the most a header extension holds (RFC 8285 section 4.3).
	maxExtension = 255
)

// Flags of the extended fields, in their order.
const (
	flagAttached = 1 << (4 - iota)
	flagActive
	flagDTIs
	flagFrameDiffs
	flagChains
	flagBits = 5
)

// DTI is a decode target indication: what a frame is to a decode target.
type DTI uint8

// The indications (AV1 RTP specification, table A.1). From a frame with Switch
// on, all frames of the target can be decoded if that frame can.
const (
	NotPresent DTI = iota
	Discardable
	Switch
	Required
)

// A Descriptor is a Dependency Descriptor header extension (AV1 RTP
// specification, appendix A), with what its structure adds to it.
type Descriptor struct {
	Start, End  bool  // the packet begins, ends its frame
	Template    uint8 // id of the frame's template
	FrameNumber uint16
	// Spatial and Temporal are the frame's layer.
	Spatial, Temporal uint8
	// Attached says that the packet brings a structure: it begins a keyframe.
	Attached bool
	// HasActive says that ActiveMask tells which decode targets are produced
	// from here on (bit i for target i). Attaching a structure activates all
	// where there is no mask.
	HasActive  bool
	ActiveMask uint32
	// FrameDiffs holds how many frames before this one those are that it
	// needs; Refs is their number.
	Refs       uint8
	FrameDiffs [maxRefs]uint16
	// ChainDiffs holds for each of Chains chains how many frames before this
	// one its last frame was, 0 where the chain begins anew here.
	Chains     uint8
	ChainDiffs [maxChains]uint8

	dtis    uint64
	targets uint8
	masked  bool // the mask is in the descriptor
	maskAt  int  // where it is or would be, in bits
	end     int  // of what was read, in bits
}

// DTI returns what the frame is to a decode target, NotPresent for a target
// that the structure does not have.
func (d *Descriptor) DTI(target int) DTI {
	if target < 0 || target >= int(d.targets) {
		return NotPresent
	}
	return dtiOf(d.dtis, target)
}

// Parse parses b by the structure, or by the one that b brings, which then
// takes the place of s. It reports false, and leaves s as it was, if b is
// malformed, or if s does not have its template: then its structure was lost,
// or has been replaced since. A sender that changes its structure uses other
// template ids, so that late packets are refused rather than misread.
func (s *Structure) Parse(b []byte) (d Descriptor, ok bool) {
	if len(b) < shortDescriptor || len(b) > maxExtension {
		return Descriptor{}, false
	}
	d.Start, d.End, d.Template = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x3f
	d.FrameNumber = binary.BigEndian.Uint16(b[1:])
	r := bitReader{b: b, at: 8 * shortDescriptor}
	flags := uint32(0)
	if len(b) > shortDescriptor {
		flags = r.read(flagBits)
	}
	if flags&flagAttached != 0 {
		ok = s.attach(&d, &r, flags)
	} else {
		ok = s.describe(&d, &r, flags)
	}
	if !ok {
		return Descriptor{}, false
	}
	return d, true
}

// attach reads a structure and the rest of the descriptor by it. It is apart
// from Parse because the structure is large and this is rare.
func (s *Structure) attach(d *Descriptor, r *bitReader, flags uint32) bool {
	var next Structure
	if !next.read(r) {
		return false
	}
	d.Attached, d.HasActive = true, true
	d.ActiveMask = AllTargets >> (MaxTargets - next.targets)
	if !next.describe(d, r, flags) {
		return false
	}
	*s = next
	return true
}

// describe reads the mask and the frame_dependency_definition.
func (s *Structure) describe(d *Descriptor, r *bitReader, flags uint32) bool {
	index := (d.Template - s.offset) & (maxTemplates - 1)
	if index >= s.templates {
		return false
	}
	d.targets, d.maskAt = s.targets, r.at
	if flags&flagActive != 0 {
		d.masked, d.HasActive = true, true
		d.ActiveMask = r.read(int(s.targets))
	}
	d.take(&s.template[index])
	d.Chains = s.chains
	ok := d.custom(r, flags)
	d.end = r.at
	return ok && !r.cut
}

// take copies what the template says.
func (d *Descriptor) take(t *template) {
	d.Spatial, d.Temporal = t.spatial, t.temporal
	d.dtis = t.dtis
	d.ChainDiffs = t.chainDiffs
	d.Refs = t.refs
	for i, v := range t.frameDiffs {
		d.FrameDiffs[i] = uint16(v)
	}
}

// custom reads what the frame says differently from its template.
func (d *Descriptor) custom(r *bitReader, flags uint32) bool {
	if flags&flagDTIs != 0 {
		d.dtis = readDTIs(r, d.targets)
	}
	if flags&flagFrameDiffs != 0 && !d.readFrameDiffs(r) {
		return false
	}
	if flags&flagChains != 0 {
		for i := range d.Chains {
			d.ChainDiffs[i] = uint8(r.read(8))
		}
	}
	return true
}

// readFrameDiffs reads differences, each after its size in units of 4 bits.
func (d *Descriptor) readFrameDiffs(r *bitReader) bool {
	d.Refs, d.FrameDiffs = 0, [maxRefs]uint16{}
	for size := r.read(2); size != 0; size = r.read(2) {
		if d.Refs == maxRefs {
			return false
		}
		d.FrameDiffs[d.Refs] = uint16(r.read(4*int(size))) + 1
		d.Refs++
	}
	return true
}

// Rewrite appends to dst[:0] the descriptor b, from which d was parsed, with
// another frame number and with a mask of the decode targets that the receiver
// gets; all else stays bit by bit. ok is false if no header extension can hold
// it. Where the receiver knows the mask already, PatchFrameNumber will do.
func (d *Descriptor) Rewrite(dst, b []byte, n uint16, active uint32) (out []byte, ok bool) {
	if len(b) < shortDescriptor {
		return dst[:0], false
	}
	flags := uint32(0)
	if len(b) > shortDescriptor {
		flags = uint32(b[shortDescriptor]) >> (8 - flagBits)
	}
	w := bitWriter{b: append(dst[:0], b[0], byte(n>>8), byte(n))}
	w.write(flags|flagActive, flagBits)
	w.copy(b, 8*shortDescriptor+flagBits, d.maskAt) // the structure
	w.write(active, int(d.targets))
	rest := d.maskAt
	if d.masked {
		rest += int(d.targets)
	}
	w.copy(b, rest, d.end)
	return w.b, len(w.b) <= maxExtension
}

// PatchFrameNumber writes a frame number into b, a descriptor that was parsed.
func PatchFrameNumber(b []byte, n uint16) { binary.BigEndian.PutUint16(b[1:], n) }

// readDTIs reads indications, the first of target 0.
func readDTIs(r *bitReader, targets uint8) (dtis uint64) {
	for i := range targets {
		dtis |= uint64(r.read(2)) << (2 * i)
	}
	return dtis
}

func dtiOf(dtis uint64, target int) DTI { return DTI(dtis >> (2 * target) & 3) }
