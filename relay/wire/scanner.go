package wire

import "encoding/binary"

// scanner reads the fields of a record that may not be all there yet; after the first
// failure every read gives zero. Unlike a cursor it keeps its place.
type scanner struct {
	b   []byte
	at  int
	err error
}

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *scanner) take(n int) []byte {
	if s.err == nil && len(s.b)-s.at < n {
		s.err = ErrShort
	}
	if s.err != nil {
		return nil
	}
	s.at += n
	return s.b[s.at-n : s.at : s.at]
}

func (s *scanner) u8() uint8 {
	if f := s.take(1); f != nil {
		return f[0]
	}
	return 0
}

func (s *scanner) u16() uint16 {
	if f := s.take(2); f != nil {
		return binary.BigEndian.Uint16(f)
	}
	return 0
}

func (s *scanner) u32() uint32 {
	if f := s.take(4); f != nil {
		return binary.BigEndian.Uint32(f)
	}
	return 0
}

// alias reads a QUIC varint of one, two or four bytes (RFC 9000 section 16).
func (s *scanner) alias() uint32 {
	if s.at == len(s.b) {
		s.fail(ErrShort)
		return 0
	}
	switch s.b[s.at] >> 6 {
	case 0:
		return uint32(s.u8())
	case 1:
		return uint32(s.u16()) &^ (1 << 14)
	case 2:
		return s.u32() &^ (1 << 31)
	default:
		s.fail(ErrMalformed)
		return 0
	}
}
