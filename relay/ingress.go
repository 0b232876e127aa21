package relay

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/wire"
)

var inBuffers = sync.Pool{New: func() any { return new([wire.MaxBundle]byte) }}

// acceptBundles takes the unidirectional streams of a lane. Their number is bounded by
// the stream limit of the connection.
func (l *link) acceptBundles(c *lane) {
	for {
		stream, err := c.conn.AcceptUniStream(l.ctx)
		if err != nil {
			if c.index != 0 {
				l.dropLane(c)
			}
			return
		}
		if !l.start(func() { l.readStream(c, stream) }) {
			return
		}
	}
}

// readStream hands up the packets of a bundle as they come.
func (l *link) readStream(c *lane, stream *quic.ReceiveStream) {
	buf := inBuffers.Get().(*[wire.MaxBundle]byte)
	defer inBuffers.Put(buf)
	n, err := stream.Read(buf[:])
	if n > 0 && wire.Class(buf[0]) == wire.ClassMessages {
		if c.index != 0 {
			stream.CancelRead(streamBad)
			return
		}
		l.readMessages(io.MultiReader(bytes.NewReader(bytes.Clone(buf[1:n])), stream))
		return
	}
	in := bundleReader{link: l, buf: buf[:]}
	for {
		if bad := in.advance(n); bad != nil {
			l.mesh.metrics.malformed.Inc()
			stream.CancelRead(streamBad)
			break
		}
		if err != nil {
			break
		}
		if in.used == len(buf) {
			// The bundle is full: only its end may follow.
			var one [1]byte
			if m, end := stream.Read(one[:]); m > 0 || !errors.Is(end, io.EOF) {
				l.mesh.metrics.malformed.Inc()
				stream.CancelRead(streamBad)
			}
			break
		}
		n, err = stream.Read(buf[in.used:])
	}
	l.got.count(in.class, in.packets, in.used)
	c.gotBytes.Add(uint64(in.used))
	c.gotBundles.Add(1)
	l.egress.received()
}

// bundleReader decodes a bundle piece by piece.
type bundleReader struct {
	link    *link
	buf     []byte
	used    int // bytes of buf that have arrived
	pos     int // bytes of them that are decoded
	class   class
	packets int
}

// advance decodes what n more bytes complete.
func (r *bundleReader) advance(n int) error {
	r.used += n
	if r.pos == 0 {
		wireClass, _, err := wire.DecodeBundleHeader(r.buf[:r.used])
		if errors.Is(err, wire.ErrShort) {
			return nil
		}
		if err != nil {
			return err
		}
		r.class = classOf(wireClass)
		r.pos = wire.BundleHeader
	}
	var p wire.Media
	for r.pos < r.used {
		alias, size, err := wire.DecodeMedia(r.buf[r.pos:r.used], &p)
		if errors.Is(err, wire.ErrShort) {
			return nil
		}
		if err != nil {
			return err
		}
		r.pos += size
		r.packets++
		r.link.tracks.media(alias, &p)
	}
	return nil
}
