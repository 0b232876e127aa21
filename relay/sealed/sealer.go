package sealed

import (
	"encoding/binary"
	"slices"
	"time"
)

// sealer seals the datagrams of one direction. No two get the same counter, so none the
// same nonce, also over a change of key.
type sealer struct {
	secret  Secret
	tag     Tag
	key     key
	epoch   uint64
	counter uint64 // of the last datagram; the first is 1
}

func newSealer(secret Secret) sealer {
	return sealer{secret: secret, tag: secret.Tag(), key: secret.key(0)}
}

// begin appends the header and the clock of a datagram; the caller appends the rest of
// what is to be sealed and calls end with where the datagram began.
func (s *sealer) begin(dst []byte, kind Kind, now time.Duration) []byte {
	s.counter++
	if e := epochOf(s.counter); e != s.epoch {
		s.key, s.epoch = s.secret.key(e), e
	}
	dst = append(dst, firstByte|byte(kind))
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.tag))
	dst = appendU48(dst, s.counter)
	return binary.BigEndian.AppendUint32(dst, clock(now))
}

// end seals in place.
func (s *sealer) end(dst []byte, start int) []byte {
	dst = slices.Grow(dst, s.key.aead.Overhead())
	head, plain := dst[start:start+header], dst[start+header:]
	sealed := s.key.aead.Seal(plain[:0], s.key.nonceOf(s.counter), plain, head)
	return dst[:start+header+len(sealed)]
}
