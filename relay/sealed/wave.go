package sealed

// Wave is what Poll gives to send at one time: datagrams one after the other in Buf, of
// Sizes bytes. Runs of one size may go out in one call of the kernel.
type Wave struct {
	Buf   []byte
	Sizes []int
}

// Reset empties the wave and keeps its memory.
func (w *Wave) Reset() { w.Buf, w.Sizes = w.Buf[:0], w.Sizes[:0] }

// Runs calls send with runs of datagrams of size bytes, at most limit of them and
// maxBytes together; the last of a run may be shorter, as UDP segmentation has it.
func (w *Wave) Runs(limit, maxBytes int, send func(run []byte, size int)) {
	start, at, n := 0, 0, 0
	for i, size := range w.Sizes {
		if n > 0 && (size > w.Sizes[i-1] || w.Sizes[i-1] < w.Sizes[i-n] || n == limit || at-start+size > maxBytes) {
			send(w.Buf[start:at], w.Sizes[i-n])
			start, n = at, 0
		}
		at += size
		n++
	}
	if n > 0 {
		send(w.Buf[start:at], w.Sizes[len(w.Sizes)-n])
	}
}
