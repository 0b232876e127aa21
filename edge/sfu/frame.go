package sfu

import "github.com/meridian-video/meridian/edge/sfu/codec"

// maxDescriptor bounds a dependency descriptor in bytes: what a header
// extension holds (RFC 8285 section 4.3).
const maxDescriptor = 255

// An item is one packet of the source on its way to the DownTracks, with what
// its payload says of the picture it belongs to.
type item struct {
	ext   uint64
	pkt   Packet
	late  bool // fills a hole
	again bool // comes from the cache
	held  bool // one of too many at once
	hide  bool // nothing to forward; slots close the gap in the numbers

	key               bool // the first packet of a picture that needs no other
	start, end        bool // of a layer's frame
	spatial, temporal int8 // within the encoding
	rises, widens     bool // its temporal, its spatial layer can be entered here
	layered           bool // spatial layers may share the encoding
	hasPID            bool
	ids               codec.IDs
	pid               uint32            // extended picture id
	depends           *codec.Descriptor // what AV1 says instead; nil where it does not

	ready      bool   // the rest is prepared
	payload    []byte // with ids that can be patched per slot
	patch      codec.IDs
	descriptor []byte
}

// describe reads what the payload says.
func (e *encoding) describe(it *item) {
	if it.hide {
		return
	}
	ok := true
	switch it.pkt.Codec {
	case VP8:
		ok = it.describeVP8()
	case VP9:
		ok = it.describeVP9()
	case H264:
		ok = e.describeH264(it)
	case AV1:
		ok = e.describeAV1(it)
	default: // may be entered anywhere
		it.key, it.start = true, true
	}
	it.hide = !ok
	it.hasPID = ok && it.ids.PictureIDOff != 0
}

func (it *item) describeVP8() bool {
	v, ok := codec.ParseVP8(it.pkt.Payload)
	it.ids, it.key, it.start, it.end = v.IDs, v.Key, v.Start, it.pkt.Marker
	if v.HasTID {
		it.temporal, it.rises = int8(v.TID), v.Sync
	}
	return ok
}

func (it *item) describeVP9() bool {
	v, ok := codec.ParseVP9(it.pkt.Payload)
	if v.SID > MaxSpatial || v.TID > MaxTemporal {
		return false
	}
	it.ids, it.key, it.start, it.end = v.IDs, v.Key, v.Start, v.End
	it.spatial, it.temporal, it.layered = int8(v.SID), int8(v.TID), v.HasLayers
	it.rises, it.widens = v.SwitchUp, !v.InterPredicted
	return ok
}

// describeH264 takes the first of a keyframe's packets for its beginning:
// parameter sets may travel in packets before the picture.
func (e *encoding) describeH264(it *item) bool {
	h, ok := codec.ParseH264(it.pkt.Payload)
	it.start, it.end = h.Start, it.pkt.Marker
	it.key = h.Key && (!e.hasKey || it.ext <= e.key || it.pkt.Timestamp != e.keyStamp)
	return ok
}

// describeAV1 reads the dependency descriptor. Without one there are no layers
// to choose from. A packet whose structure was lost is passed on: the next
// keyframe brings another.
func (e *encoding) describeAV1(it *item) bool {
	a, ok := codec.ParseAV1(it.pkt.Payload)
	it.key, it.start, it.end = a.Key, a.Key || !a.Continuation, it.pkt.Marker
	if !ok || len(it.pkt.Descriptor) == 0 {
		return ok
	}
	if e.structure == nil {
		e.structure = new(codec.Structure)
	}
	structure := e.structure
	if it.again || it.late && e.hasKey && it.ext < e.key {
		old := *structure // an older structure must not take its place
		structure = &old
	}
	d, parsed := structure.Parse(it.pkt.Descriptor)
	if !parsed || d.Spatial > MaxSpatial || d.Temporal > MaxTemporal {
		return true
	}
	e.depends = d
	it.depends = &e.depends
	it.start, it.end, it.layered = d.Start, d.End, true
	it.key = d.Start && d.Attached && d.Spatial == 0
	it.spatial, it.temporal = int8(d.Spatial), int8(d.Temporal)
	return true
}

// prepare copies what slots patch, once a wave.
func (it *item) prepare(w *wave) {
	if it.ready {
		return
	}
	it.ready, it.payload, it.descriptor = true, it.pkt.Payload, it.pkt.Descriptor
	if it.ids.Rewritable() {
		w.scratch, it.patch = it.ids.Widen(w.scratch, it.pkt.Payload)
		it.payload = w.scratch
	}
	if it.depends != nil {
		w.descriptor = append(w.descriptor[:0], it.pkt.Descriptor...)
		it.descriptor = w.descriptor
	}
}

// rewrite patches the prepared payload for a slot, whose numbers m has and
// whose packet lies within r.
func (it *item) rewrite(m *munger, r *snRange) {
	if it.ids.Rewritable() {
		var pid uint16
		var tl0 uint8
		if it.hasPID {
			pid = m.pictureID(it.pid, r)
		}
		if it.ids.TL0Off != 0 {
			tl0 = m.tl0.next(it.ids.TL0)
		}
		it.patch.Patch(it.payload, pid, tl0)
	}
	if it.depends != nil {
		codec.PatchFrameNumber(it.descriptor, m.frame.next(it.depends.FrameNumber))
	}
}

// sizes notes how large the pictures of a keyframe are.
func (u *UpTrack) sizes(e *encoding, it *item) {
	switch p := it.pkt.Payload; it.pkt.Codec {
	case VP8:
		v, _ := codec.ParseVP8(p)
		u.flow.size(int(it.pkt.Layer), v.Width, v.Height)
	case H264:
		h, _ := codec.ParseH264(p)
		u.flow.size(int(it.pkt.Layer), h.Width, h.Height)
	case VP9:
		v, _ := codec.ParseVP9(p)
		for s := range min(v.Spatials, MaxSpatial+1) {
			u.flow.size(s, int(v.Width[s]), int(v.Height[s]))
		}
	case AV1:
		if it.depends != nil {
			for s := range min(e.structure.Spatials(), MaxSpatial+1) {
				w, h := e.structure.Resolution(s)
				u.flow.size(s, w, h)
			}
		}
	}
}

// pictureIDs extends the picture ids of one source, of either width, to a
// counter that does not wrap.
type pictureIDs struct {
	seen bool
	last uint32 // highest so far
}

// extend returns the extended id of ids, which have one.
func (p *pictureIDs) extend(ids codec.IDs) uint32 {
	if !p.seen {
		p.seen, p.last = true, uint32(ids.PictureID)
		return p.last
	}
	var d int32
	if ids.Wide {
		d = int32(int16((ids.PictureID-uint16(p.last))<<1) >> 1)
	} else {
		d = int32(int8((uint8(ids.PictureID)-uint8(p.last))<<1) >> 1)
	}
	ext := p.last + uint32(d)
	if d > 0 {
		p.last = ext
	}
	return ext
}
