package turn

import (
	"net"
	"time"

	"golang.org/x/net/ipv4"
)

// Branch is a further socket of the media port beside a Bridge. Packets
// written to it reach allocations too; those that allocations send are read
// from the Bridge alone, so each allocation's packets have one reader.
//
// It is a net.PacketConn with one reader; writers may be many.
type Branch struct{ shore }

// Beside joins a further socket on the Bridge's port to it.
func (b *Bridge) Beside(media net.PacketConn) *Branch { return &Branch{newShore(b, media)} }

// ReadBatch reads packets of the socket, at least one, into ms as
// ipv4.PacketConn.ReadBatch does.
func (b *Branch) ReadBatch(ms []ipv4.Message, flags int) (int, error) {
	for {
		n, err := b.readMedia(ms, flags)
		if err != nil {
			return 0, err
		}
		if n = b.honest(ms[:n]); n > 0 {
			return n, nil
		}
	}
}

// ReadFrom implements net.PacketConn.
func (b *Branch) ReadFrom(p []byte) (int, net.Addr, error) {
	ms := []ipv4.Message{{Buffers: [][]byte{p}}}
	if _, err := b.ReadBatch(ms, 0); err != nil {
		return 0, nil, err
	}
	return ms[0].N, ms[0].Addr, nil
}

// SetDeadline implements net.PacketConn.
func (b *Branch) SetDeadline(t time.Time) error { return b.media.SetDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (b *Branch) SetReadDeadline(t time.Time) error { return b.media.SetReadDeadline(t) }

// Close closes the socket. It is idempotent where the socket's is.
func (b *Branch) Close() error { return b.media.Close() }
