package relay

// historySize is how many packets back a second copy of one is known: at 500 packets a
// second of one encoding about four seconds, far above what two paths differ by.
const historySize = 2048

// strayLimit is how many packets from outside the history must come in a row until they
// are taken for a source that began anew.
const strayLimit = 8

// history knows which sequence numbers of one encoding have come, so that a track that
// comes over two links for a moment is handed on once. Pure.
type history struct {
	begun  bool
	newest uint16
	strays int
	bits   [historySize / 64]uint64 // by sequence number modulo historySize
}

// first notes a packet and says whether it is the first with its sequence number. One
// that is older than the history counts as a copy.
func (h *history) first(sequence uint16) bool {
	ahead := int(int16(sequence - h.newest))
	switch {
	case !h.begun, ahead >= historySize:
		h.restart(sequence)
		return true
	case ahead > 0:
		for n := h.newest + 1; n != sequence; n++ {
			h.mark(n, false)
		}
		h.newest = sequence
	case ahead <= -historySize:
		if h.strays++; h.strays < strayLimit {
			return false
		}
		h.restart(sequence)
		return true
	case h.marked(sequence):
		return false
	}
	h.strays = 0
	h.mark(sequence, true)
	return true
}

func (h *history) restart(sequence uint16) {
	*h = history{begun: true, newest: sequence}
	h.mark(sequence, true)
}

func (h *history) marked(sequence uint16) bool {
	at := sequence % historySize
	return h.bits[at/64]&(1<<(at%64)) != 0
}

func (h *history) mark(sequence uint16, came bool) {
	at := sequence % historySize
	if came {
		h.bits[at/64] |= 1 << (at % 64)
	} else {
		h.bits[at/64] &^= 1 << (at % 64)
	}
}
