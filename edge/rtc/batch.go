package rtc

import (
	"errors"
	"sync/atomic"
	"syscall"

	"golang.org/x/net/ipv4"

	"github.com/meridian-video/meridian/edge/sfu"
)

const (
	// batchSlots packets go out in one call at most: enough to make the call
	// itself cheap, while others may wait for the processor.
	batchSlots = 64
	// arenaSize is the memory of a wave in bytes: batchSlots packets of usual
	// size.
	arenaSize = batchSlots * 1536
	// maxRun packets of one size to one address share a slot and with it one
	// walk through the kernel's network stack. More at once is a burst that
	// routers' queues do not love.
	maxRun = 8
)

// batch implements sfu.Batch. It holds memory only while it holds packets.
type batch struct {
	mux    *mux
	by     *atomic.Pointer[socket] // sends the next wave
	socket *socket                 // sends this wave
	wave   *wave
}

// NewBatch returns what gathers the packets that one UpTrack sends to the
// Engine's clients (see sfu.UpConfig).
func (e *Engine) NewBatch() sfu.Batch {
	b := &batch{mux: e.mux, by: new(atomic.Pointer[socket])}
	b.by.Store(e.mux.next())
	return b
}

// batch gathers what is sent by the socket that d's client sends to.
func (d *door) batch() *batch { return &batch{mux: d.mux, by: &d.socket} }

// room returns an empty slice in which a packet of up to maxPacket bytes
// fits, before and after sealing.
func (b *batch) room() []byte {
	const need = maxPacket + overhead
	if b.wave != nil && (b.wave.n == batchSlots || b.wave.used+need > arenaSize) {
		b.Flush()
	}
	if b.wave == nil {
		b.wave, b.socket = b.mux.waves.Get().(*wave), b.by.Load()
	}
	u := b.wave.used
	return b.wave.arena[u : u : u+need]
}

// put seals what the caller has written into room, of which the RTP header is
// the first header bytes, and takes it. What goes by a stream is queued there
// at once, and its room is free again.
func (b *batch) put(o *outbound, plain []byte, header int, to *peer) error {
	sealed, err := o.seal(plain, header)
	if err != nil {
		return err
	}
	if to.stream != nil {
		to.stream.send(sealed, queueSize)
		b.mux.metrics.out.packets.Inc()
		b.mux.metrics.out.bytes.Add(float64(len(plain)))
		return nil
	}
	b.wave.add(len(sealed), to, b.socket.segments.Load() && !to.solo)
	b.wave.rtp += len(plain)
	return nil
}

// Flush implements sfu.Batch.
func (b *batch) Flush() {
	if b.wave == nil {
		return
	}
	if b.wave.n > 0 {
		b.wave.send(b.socket)
	}
	b.mux.waves.Put(b.wave)
	b.wave = nil
}

// wave is the packets of one call, one after another in the arena.
type wave struct {
	arena   []byte
	used    int
	packets int
	rtp     int // bytes before sealing
	n       int // of runs and messages
	runs    [batchSlots]run
	ms      [batchSlots]ipv4.Message
	bufs    [batchSlots][1][]byte
	oob     [batchSlots][segmentSpace]byte
}

// run is packets to one client in a row: all of one size, but the last may be
// shorter.
type run struct {
	to            *peer
	size, packets int
	ended         bool
}

func newWave() *wave { return &wave{arena: make([]byte, arenaSize)} }

// add appends a packet that lies at the end of the arena, to the latest run
// if it may join.
func (w *wave) add(size int, to *peer, join bool) {
	packet := w.arena[w.used : w.used+size]
	w.used += size
	w.packets++
	if i := w.n - 1; join && i >= 0 && w.runs[i].takes(size, to) {
		w.runs[i].packets++
		w.runs[i].ended = size < w.runs[i].size
		b := &w.bufs[i][0]
		*b = (*b)[:len(*b)+size]
		return
	}
	w.runs[w.n] = run{to: to, size: size, packets: 1}
	w.bufs[w.n][0] = packet[:size:cap(packet)]
	w.n++
}

func (r *run) takes(size int, to *peer) bool {
	return r.to == to && !r.ended && size <= r.size && r.packets < maxRun
}

// send sends everything and empties the wave. What the socket does not take
// at once is lost, as on a full link: nobody waits.
func (w *wave) send(s *socket) {
	for i := range w.runs[:w.n] {
		w.ms[i] = ipv4.Message{Buffers: w.bufs[i][:], Addr: w.runs[i].to.addr}
		if w.runs[i].packets > 1 {
			w.ms[i].OOB = segmented(w.oob[i][:], w.runs[i].size)
		}
	}
	lost := w.write(s)
	s.metrics.waves.Inc()
	s.metrics.batched.Add(float64(w.packets - lost))
	s.metrics.out.packets.Add(float64(w.packets))
	s.metrics.out.bytes.Add(float64(w.rtp))
	clear(w.runs[:w.n]) // nothing pooled keeps a client's state alive
	clear(w.ms[:w.n])
	w.used, w.packets, w.rtp, w.n = 0, 0, 0, 0
}

// write returns how many packets could not be sent.
func (w *wave) write(s *socket) (lost int) {
	for done := 0; done < w.n; {
		n, err := s.wire.WriteBatch(w.ms[done:w.n], dontWait)
		done += max(n, 0)
		switch {
		case done == w.n, err == nil && n > 0: // the next one's error comes when it is the first
		case err == nil, over(err), full(err):
			rest := count(w.runs[done:w.n])
			s.metrics.socketFull.Add(float64(rest))
			return lost + rest
		default:
			if errors.Is(err, syscall.EIO) {
				s.segments.Store(false) // the interface cannot
			}
			lost += w.singly(s, done)
			done++
		}
	}
	return lost
}

// singly sends the packets of a run that the kernel did not take whole,
// unless it is of one: then its address is at fault.
func (w *wave) singly(s *socket, i int) (lost int) {
	r, b := &w.runs[i], w.bufs[i][0]
	for len(b) > 0 {
		size := min(r.size, len(b))
		if r.packets == 1 {
			lost++
		} else if _, err := s.media.WriteTo(b[:size], r.to.addr); err != nil {
			lost++
		}
		b = b[size:]
	}
	s.metrics.undeliverable.Add(float64(lost))
	return lost
}

func count(runs []run) (packets int) {
	for i := range runs {
		packets += runs[i].packets
	}
	return packets
}
