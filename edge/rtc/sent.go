package rtc

import "hash/maphash"

// sentSpan is how many packets back a repetition is still possible: two
// seconds of video of 3 Mbit/s. A number costs 4 bytes in each slot.
const sentSpan = 512

var seed = maphash.MakeSeed()

// sent guards against sealing two plaintexts under one index, which would
// give the key of GCM's authentication away: a repeated packet must be what
// it was at first.
type sent struct {
	begun   bool
	highest uint16
	hashes  [sentSpan]uint32 // 0 is never sent; seeded, so nobody can aim at a collision
}

// same notes a packet, or says whether it repeats the one that first had its
// number.
func (s *sent) same(seq uint16, plain []byte) bool {
	sum := uint32(maphash.Bytes(seed, plain)) | 1
	ahead := seq - s.highest
	switch {
	case !s.begun:
		s.begun, s.highest = true, seq
	case ahead != 0 && ahead < 1<<15:
		for i := uint16(1); i <= min(ahead, sentSpan); i++ {
			s.hashes[(seq-min(ahead, sentSpan)+i)%sentSpan] = 0
		}
		s.highest = seq
	case s.highest-seq >= sentSpan:
		return false
	default:
		if old := s.hashes[seq%sentSpan]; old != 0 {
			return old == sum
		}
	}
	s.hashes[seq%sentSpan] = sum
	return true
}
