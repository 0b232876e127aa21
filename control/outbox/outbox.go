package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	// ErrLatched is returned for every entry after one fsync has failed or hung: what the disk holds is unknown
	// then, so nothing more may be acknowledged by this process.
	ErrLatched = errors.New("outbox takes nothing more after a failed write")
	// ErrStalled is the cause of the latch when the disk took longer than Config.Stall.
	ErrStalled = errors.New("outbox write stalled")
	// ErrBusy is returned while more waits for the disk than memory is given for.
	ErrBusy = errors.New("outbox is behind")
	// ErrEntry is returned for an entry that is empty or longer than MaxEntry.
	ErrEntry = errors.New("entry is empty or too long")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("outbox closed")
)

// Config of an outbox. Zero values take the defaults named.
type Config struct {
	Dir   string        // made when absent; one process at a time
	Limit int64         // bytes on disk above which the oldest entries are given up, 1 GiB
	Group time.Duration // between two fsyncs at least, 20 ms
	Stall time.Duration // longer than this no write may take, 10 s

	Now        func() time.Time      // time.Now
	Log        *slog.Logger          // discarded
	Registerer prometheus.Registerer // nil: metrics are not registered
}

func (c Config) withDefaults() Config {
	c.Limit = cmp.Or(c.Limit, 1<<30)
	c.Group = cmp.Or(c.Group, 20*time.Millisecond)
	c.Stall = cmp.Or(c.Stall, 10*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

const (
	maxSegment = 8 << 20  // bytes of a segment, about
	maxGroup   = 1 << 20  // bytes written before one fsync, about
	maxPending = 16 << 20 // bytes in memory that wait for the disk
)

// Outbox is the queue. Append and Put may be called from any goroutine; Peek and Ack belong to the one who
// delivers.
type Outbox struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	file     *os.File      // of the last segment; the writer's alone
	wake     chan struct{} // to the writer: something is pending
	arrived  chan struct{} // to the reader: something is durable
	syncs    atomic.Int64  // fsyncs of entries so far
	closing  chan struct{}
	stopped  chan struct{}
	once     sync.Once
	closeErr error

	cursor cursor // the reader's alone

	saving sync.Mutex // orders writes of the mark
	mark   mark
	marked uint64

	mu       sync.Mutex // guards everything below; no I/O under it
	segments []segment  // oldest first; the last is written to
	durable  uint64     // entries below this position are on disk
	acked    uint64     // entries below this one are delivered or given up
	oldest   time.Time  // of the first entry that is not acked; zero without one
	pending  []*parcel
	waiting  int       // bytes of pending
	inflight []*parcel // taken by the writer
	cause    error     // of the latch
	closed   bool
}

// parcel is entries that are acknowledged together.
type parcel struct {
	entries []Entry
	size    int
	done    func(error)
}

// Open opens or makes the queue. A torn tail is cut off.
func Open(cfg Config) (*Outbox, error) {
	cfg = cfg.withDefaults()
	o := &Outbox{
		cfg: cfg, log: cfg.Log,
		wake: make(chan struct{}, 1), arrived: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := o.load(); err != nil {
		return nil, fmt.Errorf("open outbox %s: %w", cfg.Dir, err)
	}
	o.metrics = newMetrics(o, cfg.Registerer)
	if _, err := o.Peek(1, MaxEntry); err != nil { // how old the oldest is
		return nil, errors.Join(err, o.closeFiles())
	}
	o.announce()
	go o.write() // Close waits for it
	return o, nil
}

// load finds what an earlier process has left.
func (o *Outbox) load() (err error) {
	if err := makeDir(o.cfg.Dir); err != nil {
		return err
	}
	if o.mark, o.acked, err = openMark(o.cfg.Dir); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.closeFiles())
		}
	}()
	if o.segments, err = listSegments(o.cfg.Dir); err != nil {
		return err
	}
	if len(o.segments) > 0 {
		if err := o.loadLast(); err != nil {
			return err
		}
	}
	if len(o.segments) == 0 || o.acked > o.durable { // the disk lost what was delivered: never give a position twice
		if err := o.begin(o.acked); err != nil {
			return err
		}
	}
	o.acked = max(o.acked, o.segments[0].first)
	o.marked = o.acked
	o.remove(o.behind())
	return nil
}

func (o *Outbox) loadLast() error {
	last := &o.segments[len(o.segments)-1]
	f, entries, cut, err := last.mend(o.cfg.Dir)
	if err != nil {
		return err
	}
	if cut > 0 {
		o.log.Warn("torn tail of the outbox cut off", "bytes", cut)
	}
	o.file, o.durable = f, last.first+entries
	return nil
}

// begin starts a segment at a position.
func (o *Outbox) begin(first uint64) error {
	s, f, err := createSegment(o.cfg.Dir, first)
	if err != nil {
		return err
	}
	if o.file != nil {
		_ = o.file.Close() // all of it is synced
	}
	o.mu.Lock()
	o.file, o.segments, o.durable = f, append(o.segments, s), first
	o.mu.Unlock()
	return nil
}

// makeDir makes a directory whose name survives a power cut.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(filepath.Clean(dir)))
}

// Append keeps entries and returns nil once they are on disk. With an error they may be there all the same.
func (o *Outbox) Append(ctx context.Context, entries ...[]byte) error {
	done := make(chan error, 1)
	o.Put(func(err error) { done <- err }, entries...)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Put is Append without the wait: done, which may be nil, is called once with its outcome, from any goroutine
// and perhaps before Put returns; it must not block. The entries belong to the outbox from now on.
func (o *Outbox) Put(done func(error), entries ...[]byte) {
	now := o.cfg.Now()
	p := &parcel{done: done, entries: make([]Entry, len(entries))}
	for i, b := range entries {
		p.entries[i] = Entry{At: now, Bytes: b}
	}
	o.put(p)
}

func (o *Outbox) put(p *parcel) {
	err := p.measure()
	if err == nil {
		err = o.enqueue(p)
	}
	if err != nil {
		o.metrics.lost(err, len(p.entries))
		p.finish(err)
		return
	}
	signal(o.wake)
}

func (p *parcel) measure() error {
	for _, e := range p.entries {
		if len(e.Bytes) == 0 || len(e.Bytes) > MaxEntry {
			return ErrEntry
		}
		p.size += int(e.size())
	}
	return nil
}

func (p *parcel) finish(err error) {
	if p.done != nil {
		p.done(err)
	}
}

func (o *Outbox) enqueue(p *parcel) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.cause != nil:
		return o.latched()
	case o.closed:
		return ErrClosed
	case o.waiting+p.size > maxPending && o.waiting > 0:
		return ErrBusy
	}
	o.pending = append(o.pending, p)
	o.waiting += p.size
	return nil
}

func (o *Outbox) latched() error { return fmt.Errorf("%w: %w", ErrLatched, o.cause) }

// Arrived is signalled when there may be entries to Peek at.
func (o *Outbox) Arrived() <-chan struct{} { return o.arrived }

// announce tells the reader.
func (o *Outbox) announce() { signal(o.arrived) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Status is how an outbox does.
type Status struct {
	Entries uint64    // on disk and not acked
	Bytes   int64     // on disk, with what is acked and not yet deleted
	Oldest  time.Time // when the first of Entries was appended; zero without any
	Err     error     // ErrLatched with its cause, or nil
}

// Status may be asked from any goroutine.
func (o *Outbox) Status() Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := Status{Entries: o.durable - o.acked, Bytes: o.bytes(), Oldest: o.oldest}
	if o.cause != nil {
		s.Err = o.latched()
	}
	return s
}

// bytes is what all segments have. The caller holds o.mu.
func (o *Outbox) bytes() (n int64) {
	for _, s := range o.segments {
		n += s.size
	}
	return n
}

// Close writes what is pending and ends the outbox. It is idempotent.
func (o *Outbox) Close() error {
	o.once.Do(func() {
		o.mu.Lock()
		o.closed = true
		o.mu.Unlock()
		close(o.closing)
		<-o.stopped
		o.closeErr = o.closeFiles()
	})
	return o.closeErr
}
