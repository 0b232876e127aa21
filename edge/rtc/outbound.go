package rtc

import (
	"encoding/binary"
	"errors"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

var (
	errRepeated  = errors.New("number used for another packet")
	errOldNumber = errors.New("number too old")
)

// outbound is one SSRC that we send. Its owner calls it from one goroutine at
// a time.
type outbound struct {
	gcm    *gcm          // either this
	cm     *srtp.Context // or this
	guard  *sent         // of a stream that repeats packets under their first numbers
	once   window        // of one that does not
	begun  bool
	last   uint64 // the highest index so far (RFC 3711 section 3.3.1)
	iv     [gcmSalt]byte
	header rtp.Header
}

// newOutbound prepares an SSRC. Where repeats is false every number goes out
// once or not at all, perhaps late.
func newOutbound(k *keys, repeats bool) (*outbound, error) {
	o := &outbound{gcm: k.gcm}
	if repeats {
		o.guard = &sent{}
	}
	if o.gcm != nil {
		return o, nil
	}
	var err error
	o.cm, err = k.newContext()
	return o, err
}

// index extends a number that lies within half the number space of the
// highest.
func (o *outbound) index(seq uint16) uint64 {
	if !o.begun {
		return uint64(seq)
	}
	return uint64(int64(o.last) + int64(int16(seq-uint16(o.last))))
}

// claim decides whether a packet may be sealed under the index of its number:
// GCM gives its key away if two plaintexts share one.
func (o *outbound) claim(seq uint16, plain []byte) (uint64, error) {
	i := o.index(seq)
	switch {
	case o.begun && int64(i) < 0: // before the stream's first cycle
		return 0, errOldNumber
	case o.guard != nil && !o.guard.same(seq, plain):
		return 0, errRepeated
	case o.guard == nil && !o.once.claim(i):
		return 0, errRepeated
	}
	if !o.begun || i > o.last {
		o.begun, o.last = true, i
	}
	return i, nil
}

// seal turns an RTP packet with a header of the given length into an SRTP
// packet in place. b has room for overhead bytes more.
func (o *outbound) seal(b []byte, header int) ([]byte, error) {
	seq, ssrc := binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[8:])
	i, err := o.claim(seq, b)
	if err != nil {
		return nil, err
	}
	if o.gcm == nil {
		return o.cm.EncryptRTP(b[:0], b, &o.header)
	}
	o.gcm.nonce(&o.iv, ssrc, uint32(i>>16), seq)
	return o.gcm.seal(&o.iv, b, header), nil
}
