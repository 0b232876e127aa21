//go:build linux

package light

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
)

// lane is a socket of many clients, or of one. That of many is bound to every
// address, and control messages say which a datagram came to or leaves from.
type lane struct {
	conn  *net.UDPConn
	batch *ipv4.PacketConn
	port  uint16
	only  *Client // whose socket it is; nil: of many
	// unread is set when its client stops to read.
	unread atomic.Bool
}

const (
	laneBuffer = 8 << 20 // bytes; about 80 ms of 200 viewers
	laneBatch  = 64      // datagrams a system call
	laneAlone  = 16      // where the socket is of one client
	maxPacket  = 1500
)

// newLane opens a socket on an address; the zero Addr is every address.
func newLane(at netip.Addr) (*lane, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: at.AsSlice()})
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	l := &lane{conn: conn, batch: ipv4.NewPacketConn(conn), port: conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()}
	if err := errors.Join(l.batch.SetControlMessage(ipv4.FlagDst, true), l.options()); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("set up socket: %w", err)
	}
	return l, nil
}

// options asks for the kernel's time of arrival, so that the reader's own
// lateness is not taken for the server's, and for room in the queue.
func (l *lane) options() error {
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return err
	}
	var stamp error
	err = raw.Control(func(fd uintptr) {
		stamp = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
		// Beyond the system's limit only for root.
		if syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, laneBuffer) != nil {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, laneBuffer)
		}
	})
	return errors.Join(err, stamp)
}

// read hands every datagram to its client until the socket is closed.
func (l *lane) read(n *Network) {
	batch := make([]ipv4.Message, laneBatch)
	if l.only != nil {
		batch = batch[:laneAlone]
	}
	for i := range batch {
		batch[i].Buffers = [][]byte{make([]byte, maxPacket)}
		batch[i].OOB = make([]byte, 128)
	}
	for !l.unread.Load() {
		k, err := l.batch.ReadBatch(batch, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		now := time.Now()
		for i := range max(k, 0) {
			m := &batch[i]
			to, at := control(m.OOB[:m.NN], now)
			c := l.only
			if c == nil {
				c = n.clients[indexOf(to)].Load()
			}
			if c != nil {
				c.datagram(m.Buffers[0][:m.N], m.Addr, at)
			}
		}
	}
}

// control reads a datagram's destination and time of arrival off its control
// messages; now stands in for a missing time.
func control(b []byte, now time.Time) (to [4]byte, at time.Time) {
	at = now
	for len(b) >= syscall.SizeofCmsghdr {
		size := binary.NativeEndian.Uint64(b)
		level, kind := binary.NativeEndian.Uint32(b[8:]), binary.NativeEndian.Uint32(b[12:])
		if size < syscall.SizeofCmsghdr || size > uint64(len(b)) {
			return to, at
		}
		body := b[syscall.SizeofCmsghdr:size]
		switch {
		case level == syscall.IPPROTO_IP && kind == syscall.IP_PKTINFO && len(body) >= 12:
			to = [4]byte(body[8:12])
		case level == syscall.SOL_SOCKET && kind == syscall.SO_TIMESTAMPNS && len(body) >= 16:
			at = time.Unix(int64(binary.NativeEndian.Uint64(body)), int64(binary.NativeEndian.Uint64(body[8:])))
		}
		b = b[min(int(size+7)&^7, len(b)):]
	}
	return to, at
}

// from is the control message that makes a datagram leave from an address.
func from(a netip.Addr) []byte {
	ip := a.As4()
	return (&ipv4.ControlMessage{Src: ip[:]}).Marshal()
}

// send sends a datagram of one client. A datagram that cannot be sent is lost.
func (l *lane) send(b, source []byte, to netip.AddrPort) {
	_, _, _ = l.conn.WriteMsgUDPAddrPort(b, source, to)
}
