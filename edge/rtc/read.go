package rtc

import (
	"slices"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// early is how many SRTP packets wait while DTLS finishes on our side: the
// client may send as soon as it has finished on its own.
const early = 32

// reader is the state of the goroutine that reads a transport, and of nobody
// else.
type reader struct {
	t       *Transport
	in      *srtp.Context
	learned origins
	waiting [][]byte
	sealed  rtp.Header
	header  rtp.Header
	packet  sfu.Packet
}

// read takes what the client sends to the tracks, until ICE closes. Packets
// run to completion here: the UpTrack forwards before the next is read.
func (t *Transport) read(conn *ice.Conn) {
	r := reader{t: t, learned: make(origins)}
	buf := make([]byte, maxPacket)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			t.cancel(ErrClosed)
			return
		}
		r.datagram(buf[:n])
	}
}

// datagram tells apart what shares the port (RFC 7983 section 7).
func (r *reader) datagram(b []byte) {
	if len(b) < 2 {
		return
	}
	switch {
	case b[0] >= 20 && b[0] <= 63:
		_, _ = r.t.dtls.Write(b) // a full or closed buffer loses the record, as networks do
	case b[0] >= 128 && b[0] <= 191:
		if r.in == nil && !r.unlock(b) {
			return
		}
		r.open(b)
	}
}

// unlock makes the context once there are keys; until then b waits.
func (r *reader) unlock(b []byte) bool {
	k := r.t.keys.Load()
	if k == nil {
		if len(r.waiting) < early && r.t.ctx.Err() == nil {
			r.waiting = append(r.waiting, slices.Clone(b))
		} else {
			r.t.engine.metrics.unready.Inc()
		}
		return false
	}
	in, err := k.receiver()
	if err != nil {
		return false
	}
	r.in = in
	for _, w := range r.waiting {
		r.open(w)
	}
	r.waiting = nil
	return true
}

// open decrypts in place and dispatches. RTCP has payload types 64 to 95 in
// RTP's reading (RFC 5761 section 4).
func (r *reader) open(b []byte) {
	if pt := b[1] & 0x7f; pt >= 64 && pt <= 95 {
		plain, err := r.in.DecryptRTCP(b, b, nil)
		if err != nil {
			r.t.engine.metrics.undecryptable.Inc()
			return
		}
		r.t.control(plain)
		return
	}
	plain, err := r.in.DecryptRTP(b, b, &r.sealed)
	if err != nil {
		r.t.engine.metrics.undecryptable.Inc()
		return
	}
	r.media(plain)
}
