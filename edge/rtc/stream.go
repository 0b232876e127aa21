package rtc

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// proofTime is how long a connection may take to its first check that ICE
	// answers.
	proofTime = 10 * time.Second
	// idleTime is how long it may be silent afterwards. A browser checks even
	// a pair that it does not use twice a minute.
	idleTime = 90 * time.Second
	// stuckTime is how long what is queued may take to leave: a client that
	// takes less than queueSize in it, 100 kbit/s, has no use for a meeting.
	stuckTime = 10 * time.Second
	// lastWords is how long a connection that ends may take for what is queued.
	lastWords = time.Second
	// queueSize bounds what waits for a connection, in bytes: the keyframes of
	// a gallery while TCP still starts slowly, or 0.7 s at firstEstimate.
	queueSize = 128 << 10
	// queueReserve is beyond queueSize for what is not media: a full queue must
	// not cost the client its consent.
	queueReserve = 16 << 10
	// streamBuffer is for reading, in bytes: two of the longest frames.
	streamBuffer = 2 * (lengthSize + maxPacket)
)

// Why a stream ends.
var (
	errStranger = errors.New("began without a check for a transport")
	errUnproven = errors.New("no authentic check in time")
	errStuck    = errors.New("client does not read")
	errIdle     = errors.New("silent")
	errEnded    = errors.New("transport ended")
	errCrowded  = errors.New("too many connections")
)

// stream is a TCP connection of a client (RFC 6544, passive), which carries
// what else datagrams do, one to a frame. It belongs to the first transport
// that a check on it names, and is heard once ICE has answered one. Unlike a
// UDP address nobody can forge it, so no other transport ever takes it over.
//
// One goroutine reads it, another writes what send has queued: whoever sends
// never waits.
type stream struct {
	conn   net.Conn
	from   netip.AddrPort
	mux    *mux
	proved func(*stream) // called once
	door   *door         // nil before the first check; of the reading goroutine
	proven atomic.Bool

	mu    sync.Mutex
	ready sync.Cond // something is queued, or cause is set
	queue []byte    // frames
	spare []byte    // the other half of the queue's memory
	cause error     // why it ends; nothing more is queued then
}

func newStream(conn net.Conn, from netip.AddrPort, m *mux, proved func(*stream)) *stream {
	s := &stream{conn: conn, from: from, mux: m, proved: proved}
	s.ready.L = &s.mu
	return s
}

// serve reads and writes until the end, and returns why it came.
func (s *stream) serve() error {
	var wg sync.WaitGroup
	wg.Go(s.write)
	s.end(s.read())
	wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}

// read takes frames to their ends.
func (s *stream) read() error {
	_ = s.conn.SetReadDeadline(time.Now().Add(proofTime))
	r := bufio.NewReaderSize(s.conn, streamBuffer)
	for {
		b, err := readFrame(r)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && s.proven.Load():
			return errIdle
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errUnproven
		case err != nil:
			return err
		case len(b) == 0:
			continue
		}
		if s.frame(b); s.door == nil {
			return errStranger
		}
		s.stay()
	}
}

// frame does for a stream what mux.datagram does for the socket.
func (s *stream) frame(b []byte) {
	switch {
	case len(b) < 2:
	case b[0] < 4:
		s.check(b)
	case !s.proven.Load():
		s.mux.metrics.stranger.Inc()
	case b[0] >= 20 && b[0] <= 63, b[0] >= 128 && b[0] <= 191:
		s.door.reader.datagram(b, s.from)
	}
}

// check brings a STUN message to the agent of the transport that the stream
// belongs to.
func (s *stream) check(b []byte) {
	if isBinding(b, stunIndication) {
		if s.proven.Load() {
			s.door.alive(s.from)
		}
		return
	}
	ufrag, ok := checkedUfrag(b)
	if !ok {
		return
	}
	c := s.mux.checked(ufrag, s.from)
	if c == nil || s.door != nil && s.door != c.door || s.door == nil && !c.door.join(s) {
		s.mux.metrics.stranger.Inc()
		return
	}
	s.door = c.door
	c.put(check{slices.Clone(b), s.from})
}

// prove lets the client's media in: ICE has answered a check.
func (s *stream) prove() {
	if s.proven.Swap(true) {
		return
	}
	s.stay()
	s.proved(s)
}

// stay puts the end of a stream off that has proved itself.
func (s *stream) stay() {
	if s.proven.Load() {
		_ = s.conn.SetReadDeadline(time.Now().Add(idleTime))
	}
}

// send queues a packet if not more than limit bytes wait already, and says
// whether it did. It is queued whole or not at all.
func (s *stream) send(b []byte, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil || len(s.queue)+lengthSize+len(b) > limit {
		s.mux.metrics.streamFull.Inc()
		return false
	}
	s.queue = appendFrame(s.queue, b)
	s.ready.Signal()
	return true
}

// write sends what is queued, until the stream has ended and nothing is left.
func (s *stream) write() {
	defer s.conn.Close()
	for b := s.take(nil); b != nil; b = s.take(b) {
		_ = s.conn.SetWriteDeadline(time.Now().Add(s.patience()))
		if _, err := s.conn.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
			s.end(errStuck)
			return
		} else if err != nil {
			s.end(err)
			return
		}
	}
}

// take waits for frames, and gives the memory of those before back. It returns
// nil at the end.
func (s *stream) take(sent []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sent != nil {
		s.spare = sent[:0]
	}
	for len(s.queue) == 0 {
		if s.cause != nil {
			return nil
		}
		s.ready.Wait()
	}
	b := s.queue
	s.queue = s.spare
	return b
}

// patience is how long what has been taken may take to leave.
func (s *stream) patience() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return lastWords
	}
	return stuckTime
}

// end closes the stream because of cause, the first of which counts, once what
// is queued has left; a client that does not take it within lastWords has had
// it. It does not wait.
func (s *stream) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return
	}
	s.cause = cause
	s.ready.Signal()
	now := time.Now()
	_ = s.conn.SetReadDeadline(now)
	_ = s.conn.SetWriteDeadline(now.Add(lastWords))
}

// gone says whether the stream has ended.
func (s *stream) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause != nil
}
