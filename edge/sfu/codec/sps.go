package codec

// maxSPS bounds what is read of a sequence parameter set, in bytes. The size
// stands in the first 20 where there are no scaling lists.
const maxSPS = 256

// maxPicture bounds a width or height in pixels: level 6.2 allows 16,880.
const maxPicture = 16880

// sizeOfSPS reads the size of pictures from a sequence parameter set (H.264
// section 7.3.2.1.1) without its NAL header. It returns zeros if it cannot.
func sizeOfSPS(b []byte) (width, height int) {
	var buf [maxSPS]byte
	r := bitReader{b: unescape(buf[:0], b)}
	profile := r.read(8)
	r.read(16) // constraints, level_idc
	r.ue()     // seq_parameter_set_id
	chroma := uint32(1)
	if hasChroma(profile) {
		chroma = readChroma(&r)
	}
	r.ue() // log2_max_frame_num_minus4
	skipOrderCount(&r)
	r.ue()   // max_num_ref_frames
	r.flag() // gaps_in_frame_num_value_allowed_flag
	return readSize(&r, chroma)
}

// unescape appends the first maxSPS bytes of b without emulation prevention:
// a 3 after two zeros (H.264 section 7.4.1).
func unescape(dst, b []byte) []byte {
	zeros := 0
	for _, v := range b[:min(len(b), maxSPS)] {
		if zeros >= 2 && v == 3 {
			zeros = 0
			continue
		}
		dst = append(dst, v)
		zeros++
		if v != 0 {
			zeros = 0
		}
	}
	return dst
}

// hasChroma reports whether an SPS of the profile says its chroma format; the
// others have 4:2:0.
func hasChroma(profile uint32) bool {
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		return true
	}
	return false
}

// readChroma reads what higher profiles add, and returns chroma_format_idc, 0
// where the colours are coded as planes of their own.
func readChroma(r *bitReader) uint32 {
	chroma := r.ue()
	lists := 8
	planes := false
	if chroma == 3 {
		lists = 12
		planes = r.flag()
	}
	r.ue()        // bit_depth_luma_minus8
	r.ue()        // bit_depth_chroma_minus8
	r.flag()      // qpprime_y_zero_transform_bypass_flag
	if r.flag() { // seq_scaling_matrix_present_flag
		for i := range lists {
			skipScalingList(r, i)
		}
	}
	if planes {
		return 0
	}
	return chroma
}

// skipScalingList skips list i, where present (H.264 section 7.3.2.1.1.1).
func skipScalingList(r *bitReader, i int) {
	if !r.flag() {
		return
	}
	size := 16
	if i >= 6 {
		size = 64
	}
	last, next := int32(8), int32(8)
	for range size {
		if next != 0 {
			next = (last + r.se()) & 0xff
		}
		if next != 0 {
			last = next
		}
	}
}

// skipOrderCount skips what the order of pictures is computed from.
func skipOrderCount(r *bitReader) {
	switch r.ue() { // pic_order_cnt_type
	case 0:
		r.ue() // log2_max_pic_order_cnt_lsb_minus4
	case 1:
		r.flag() // delta_pic_order_always_zero_flag
		r.se()   // offset_for_non_ref_pic
		r.se()   // offset_for_top_to_bottom_field
		for range min(r.ue(), 255) {
			r.se() // offset_for_ref_frame
		}
	}
}

// readSize reads the size in macroblocks and what is cropped from it, whose
// units are in table 6-1 and equations 7-19 to 7-22.
func readSize(r *bitReader, chroma uint32) (width, height int) {
	across, down := int(r.ue())+1, int(r.ue())+1
	fields := 1
	if !r.flag() { // frame_mbs_only_flag
		fields = 2
		r.flag() // mb_adaptive_frame_field_flag
	}
	r.flag() // direct_8x8_inference_flag
	var left, right, top, bottom int
	if r.flag() { // frame_cropping_flag
		left, right, top, bottom = int(r.ue()), int(r.ue()), int(r.ue()), int(r.ue())
	}
	unitX, unitY := 1, fields
	if chroma == 1 || chroma == 2 {
		unitX = 2
	}
	if chroma == 1 {
		unitY *= 2
	}
	width = 16*across - unitX*(left+right)
	height = 16*fields*down - unitY*(top+bottom)
	if r.cut || min(width, height) <= 0 || max(width, height) > maxPicture {
		return 0, 0
	}
	return width, height
}
