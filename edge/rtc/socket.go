package rtc

import (
	"net"
	"sync/atomic"

	"golang.org/x/net/ipv4"
)

// readBatch datagrams are taken from a socket in one call: a frame of a few
// publishers. More would only make the call itself dearer.
const readBatch = 16

// socket is one of those that share the media port. It has a reader of its
// own, and what its reader forwards leaves by it: of two goroutines that send
// by one socket one waits for the other.
type socket struct {
	media   net.PacketConn
	wire    wire
	metrics *metrics
	// segments says that runs of packets may share a message.
	segments atomic.Bool
}

func newSocket(media net.PacketConn, metrics *metrics) *socket {
	s := &socket{media: media, wire: batched(media), metrics: metrics}
	s.segments.Store(segments(media))
	return s
}

// read takes datagrams to their ends until the socket closes.
func (s *socket) read(m *mux) {
	ms := make([]ipv4.Message, readBatch)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, maxPacket)}
	}
	for {
		n, err := s.wire.ReadBatch(ms, 0)
		if err != nil && (m.closed.Load() || over(err)) {
			return
		}
		for i := range ms[:max(n, 0)] {
			if from := addrPort(ms[i].Addr); from.IsValid() {
				m.datagram(ms[i].Buffers[0][:ms[i].N], from, s)
			}
		}
	}
}
