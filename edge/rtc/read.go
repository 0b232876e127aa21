package rtc

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// early is how many SRTP packets wait while DTLS finishes on our side: the
// client may send as soon as it has finished on its own.
const early = 32

// lifeEvery is how often media counts as a sign of life towards ICE.
const lifeEvery = time.Second

const (
	// leastSealed is the shortest datagram that is worth a look, in bytes: RTP's
	// header, or a sealed RTCP header and more.
	leastSealed = 12
	// maxMet bounds the SSRCs of a client in its life: the replay window of
	// each stays for good. Three videos in three encodings with RTX are 18.
	maxMet = 512
)

// reader is the state of what a client sends. Packets run to completion in the
// goroutine that reads the client's socket or stream: the UpTrack forwards before the
// next is read.
//
// mu is held meanwhile. Nearly always one goroutine alone takes it, since the
// kernel brings what comes from one address to one socket. But a client may
// have two addresses, for a moment when it moves, or for good if it means
// harm. Nobody takes mu who holds another lock.
type reader struct {
	mu      sync.Mutex
	t       *Transport
	in      *srtp.Context
	learned origins
	waiting [][]byte
	greeted bool
	proven  bool
	told    time.Duration // when ICE was last told of life
	conduct conduct
	met     int // SSRCs in RTP and RTCP so far
	sealed  rtp.Header
	header  rtp.Header
	packet  sfu.Packet
}

// datagram takes a DTLS record or an SRTP or SRTCP packet from an address at
// which the client has proved itself.
func (r *reader) datagram(b []byte, from netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(b) < 2:
		return
	case b[0] < 128:
		if !r.greeted {
			r.greeted = true
			close(r.t.greeted)
		}
		r.t.record(b)
		return
	}
	if r.in == nil && !r.unlock(b) || !r.open(b) {
		return
	}
	if !r.proven {
		r.proven = true
		close(r.t.proven)
	}
	now := r.t.engine.cfg.Now()
	r.t.door.life.Store(int64(now))
	if now-r.told >= lifeEvery {
		r.told = now
		r.t.door.alive(from)
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

// open decrypts in place and dispatches; it says whether b was authentic.
// RTCP has payload types 64 to 95 in RTP's reading (RFC 5761 section 4).
func (r *reader) open(b []byte) bool {
	if len(b) < leastSealed || r.met > maxMet {
		return false
	}
	if pt := b[1] & 0x7f; pt >= 64 && pt <= 95 {
		return r.control(b)
	}
	_, known := r.in.ROC(binary.BigEndian.Uint32(b[8:]))
	plain, err := r.in.DecryptRTP(b, b, &r.sealed)
	if err != nil {
		r.t.engine.metrics.undecryptable.Inc()
		return false
	}
	r.meet(known)
	r.media(plain)
	return true
}

// control decrypts a compound in place and passes on what the client may ask
// for.
func (r *reader) control(b []byte) bool {
	now := r.t.engine.cfg.Now()
	if r.conduct.deaf(now) {
		r.t.engine.metrics.flooded.Inc()
		return false
	}
	_, known := r.in.Index(binary.BigEndian.Uint32(b[4:]))
	plain, err := r.in.DecryptRTCP(b, b, nil)
	if err != nil {
		r.t.engine.metrics.undecryptable.Inc()
		return false
	}
	r.meet(known)
	switch r.conduct.judge(demandOf(plain), now) {
	case heed:
		r.t.control(plain)
	case ignore:
		r.t.engine.metrics.flooded.Inc()
	case end:
		r.t.engine.metrics.flooded.Inc()
		r.t.Close(ErrFlood)
	}
	return true
}

// meet counts a new SSRC, and ends who has too many.
func (r *reader) meet(known bool) {
	if known {
		return
	}
	if r.met++; r.met > maxMet {
		r.t.Close(ErrFlood)
	}
}
