package relay

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/meridian-video/meridian/relay/sealed"
)

const (
	// readSlots messages are read in one call.
	readSlots = 8
	// coalesced is the largest message when the kernel joins datagrams of one sender.
	coalesced = 1 << 16
	// maxRun datagrams go out in one call, of maxRunBytes together.
	maxRun, maxRunBytes = 44, 65000
)

// udpSocket reads and writes in batches, also for QUIC, which finds what it needs for its
// own segmentation in the embedded *net.UDPConn, and ReadBatch here. Only QUIC's reader
// calls ReadBatch.
type udpSocket struct {
	*net.UDPConn
	*switchboard
	segments atomic.Bool // the kernel cuts runs into datagrams

	batch *ipv4.PacketConn
	slots []ipv4.Message
	read  []ipv4.Message // of slots, as last read
	at    int            // bytes of read[0] that are handed out
}

func newUDPSocket(udp *net.UDPConn, s *switchboard) *udpSocket {
	u := &udpSocket{UDPConn: udp, switchboard: s, batch: ipv4.NewPacketConn(udp), slots: make([]ipv4.Message, readSlots)}
	u.segments.Store(cutsSegments(udp))
	joinsSegments(udp)
	growBuffers(udp, socketBuffer)
	for i := range u.slots {
		u.slots[i].Buffers = [][]byte{make([]byte, coalesced)}
		u.slots[i].OOB = make([]byte, 128)
	}
	return u
}

// ReadBatch gives QUIC its datagrams. Sealed ones are dealt with on the way: the reader
// runs to completion, no other goroutine is woken for them.
func (u *udpSocket) ReadBatch(ms []ipv4.Message, flags int) (int, error) {
	for {
		if n := u.hand(ms); n > 0 {
			return n, nil
		}
		n, err := u.batch.ReadBatch(u.slots, flags)
		if err != nil {
			return 0, err
		}
		u.read, u.at = u.slots[:n], 0
	}
}

// hand copies what is QUIC's into ms until that is full.
func (u *udpSocket) hand(ms []ipv4.Message) (n int) {
	now := time.Now()
	for ; len(u.read) > 0; u.read, u.at = u.read[1:], 0 {
		from := &u.read[0]
		size := segmentSize(from.OOB[:from.NN])
		if size == 0 {
			size = from.N
		}
		for u.at < from.N || from.N == 0 {
			b := from.Buffers[0][u.at:min(u.at+size, from.N)]
			if len(b) > 0 && !u.take(now, b) {
				if n == len(ms) {
					return n
				}
				m := &ms[n]
				m.N, m.NN = copy(m.Buffers[0], b), copy(m.OOB, from.OOB[:from.NN])
				m.Addr, m.Flags = from.Addr, from.Flags
				n++
			}
			if u.at += size; len(b) == 0 {
				break
			}
		}
	}
	return n
}

func (u *udpSocket) write(w *sealed.Wave, to net.Addr) {
	addr, ok := to.(*net.UDPAddr)
	if !ok {
		return
	}
	ap := addr.AddrPort()
	ap = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	limit := 1
	if u.segments.Load() {
		limit = maxRun
	}
	var room [segmentSpace]byte
	w.Runs(limit, maxRunBytes, func(run []byte, size int) {
		if len(run) <= size {
			u.send(run, ap)
			return
		}
		_, _, err := u.WriteMsgUDPAddrPort(run, segmented(room[:0], size), ap)
		if err == nil {
			return
		}
		if cannotSegment(err) {
			u.segments.Store(false)
		}
		for at := 0; at < len(run); at += size {
			u.send(run[at:min(at+size, len(run))], ap)
		}
	})
}

func (u *udpSocket) send(b []byte, to netip.AddrPort) {
	if _, err := u.WriteToUDPAddrPort(b, to); err != nil {
		u.metrics.unsentDatagrams.Inc()
	}
}
