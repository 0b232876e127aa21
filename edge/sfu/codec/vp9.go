package codec

// maxVP9Refs is how many pictures one may refer to (RFC 9628 section 4.2).
const maxVP9Refs = 3

// VP9 is a VP9 payload descriptor (RFC 9628 section 4.2). What belongs to
// layers is zero where HasLayers is false.
//
// In flexible mode frames name the pictures they need by differences of
// PictureID: those may be shifted, but never closed up over dropped ones.
type VP9 struct {
	IDs
	Start          bool  // B: the packet begins a frame of one spatial layer
	End            bool  // E: the packet ends it
	Key            bool  // the packet begins a keyframe of the lowest spatial layer
	InterPredicted bool  // P: the frame needs earlier pictures
	NotRef         bool  // Z: no higher spatial layer of the picture needs the frame
	Flexible       bool  // F: references are listed, there is no TL0PICIDX
	HasLayers      bool  // L
	SID, TID       uint8 // spatial and temporal layer
	SwitchUp       bool  // U: higher temporal layers need nothing of theirs from before
	InterLayer     bool  // D: the frame needs the spatial layer below
	// Spatials is the number of spatial layers by the scalability structure,
	// 0 where the packet has none. Width and Height are their sizes in
	// pixels, low to high, zeros where it does not say.
	Spatials      int
	Width, Height [8]uint16
}

// ParseVP9 parses the descriptor at the start of b. It reports false if b is
// cut short, holds nothing after the descriptor, or lists more references than
// the RFC allows.
func ParseVP9(b []byte) (v VP9, ok bool) {
	c := cursor{b: b}
	first := c.u8()
	v.InterPredicted = first&0x40 != 0
	v.HasLayers = first&0x20 != 0
	v.Flexible = first&0x10 != 0
	v.Start = first&0x08 != 0
	v.End = first&0x04 != 0
	v.NotRef = first&0x01 != 0
	if first&0x80 != 0 { // I
		v.readPictureID(&c)
	}
	if v.HasLayers {
		v.layers(&c)
	}
	if v.Flexible && v.InterPredicted && !skipVP9Refs(&c) {
		return VP9{}, false
	}
	if first&0x02 != 0 { // V
		v.structure(&c)
	}
	if c.cut || c.at >= len(b) {
		return VP9{}, false
	}
	v.Size = c.at
	v.Key = v.Start && !v.InterPredicted && v.SID == 0
	return v, true
}

func (v *VP9) layers(c *cursor) {
	b := c.u8()
	v.TID, v.SwitchUp, v.SID, v.InterLayer = b>>5, b&0x10 != 0, b>>1&0x07, b&0x01 != 0
	if !v.Flexible {
		v.readTL0(c)
	}
}

// skipVP9Refs skips the P_DIFFs of a frame; each but the last has the N bit.
func skipVP9Refs(c *cursor) bool {
	for range maxVP9Refs {
		if c.u8()&0x01 == 0 {
			return true
		}
	}
	return false
}

// structure reads the scalability structure (RFC 9628 section 4.2.1) and skips
// its description of a group of pictures, at most 255 of 4 bytes.
func (v *VP9) structure(c *cursor) {
	b := c.u8()
	v.Spatials = int(b>>5) + 1
	if b&0x10 != 0 { // Y
		for i := range v.Spatials {
			v.Width[i], v.Height[i] = c.u16(), c.u16()
		}
	}
	if b&0x08 == 0 { // G
		return
	}
	for range c.u8() { // N_G
		c.skip(int(c.u8() >> 2 & 0x03)) // R
	}
}
