package relay

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/wire"
)

// inBuffer holds the largest bundle and the packet being decoded; a bundle that fills it
// has no end in it and is over the limit.
type inBuffer struct {
	bytes  [wire.MaxBundle + 1]byte
	packet wire.Media
}

var inBuffers = sync.Pool{New: func() any { return new(inBuffer) }}

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
	buf := inBuffers.Get().(*inBuffer)
	defer inBuffers.Put(buf)
	n, err := stream.Read(buf.bytes[:])
	if n > 0 && wire.Class(buf.bytes[0]) == wire.ClassMessages {
		if c.index != 0 {
			stream.CancelRead(streamBad)
			return
		}
		l.readMessages(io.MultiReader(bytes.NewReader(bytes.Clone(buf.bytes[1:n])), stream))
		return
	}
	in := bundleReader{link: l, buf: buf.bytes[:], packet: &buf.packet}
	bad := in.advance(n)
	for bad == nil && err == nil {
		if in.used == len(in.buf) {
			bad = wire.ErrTooLarge
			break
		}
		n, err = stream.Read(in.buf[in.used:])
		bad = in.advance(n)
	}
	if bad != nil || (errors.Is(err, io.EOF) && in.pos != in.used) {
		l.mesh.metrics.malformed.Inc()
		stream.CancelRead(streamBad)
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
	packet  *wire.Media
	packets int // that had not come before
}

// advance decodes what n more bytes complete.
func (r *bundleReader) advance(n int) error {
	r.used += n
	r.link.arrivals.count(n)
	if r.pos == 0 {
		wireClass, clock, err := wire.DecodeBundleHeader(r.buf[:r.used])
		if errors.Is(err, wire.ErrShort) {
			return nil
		}
		if err != nil {
			return err
		}
		r.class = classOf(wireClass)
		r.link.arrivals.sample(r.link.mesh.clock(time.Now()) - clock)
		r.pos = wire.BundleHeader
	}
	for r.pos < r.used {
		alias, size, err := wire.DecodeMedia(r.buf[r.pos:r.used], r.packet)
		if errors.Is(err, wire.ErrShort) {
			return nil
		}
		if err != nil {
			return err
		}
		r.pos += size
		if _, fresh := r.link.tracks.media(alias, r.packet); fresh {
			r.packets++
		}
	}
	return nil
}
