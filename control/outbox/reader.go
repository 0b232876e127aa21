package outbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// cursor is where reading goes on, at or before the first entry that is not acked. It is the reader's alone.
type cursor struct {
	segment  uint64 // its first position
	position uint64 // of the entry at offset
	offset   int64

	peeked []Entry // what the last Peek returned
	from   uint64  // position of the first of these
	ends   []int64 // offset behind each
}

// window is the entries of one segment that are on disk and not acked.
type window struct {
	segment   segment
	from, end uint64
}

// window is what to read next.
func (o *Outbox) window() window {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := window{from: o.acked, end: o.durable}
	for _, s := range o.segments {
		if s.first > o.acked {
			w.end = s.first
			break
		}
		w.segment = s
	}
	return w
}

// Peek returns the next entries that are on disk, at most so many and so many bytes, but one at least; none when
// there are none. They stay until they are acked. What is damaged is given up, counted and logged.
func (o *Outbox) Peek(entries, bytes int) ([]Entry, error) {
	for {
		w := o.window()
		o.cursor.peeked, o.cursor.ends, o.cursor.from = nil, nil, w.from
		if w.from == w.end {
			return nil, nil
		}
		err := o.read(w, entries, bytes)
		switch {
		case len(o.cursor.peeked) > 0: // what is damaged behind them shows when it comes first
			o.mu.Lock()
			o.oldest = o.cursor.peeked[0].At
			o.mu.Unlock()
			return o.cursor.peeked, nil
		case o.window().from != w.from: // given up by the writer meanwhile
		case errors.Is(err, errFrame) || errors.Is(err, os.ErrNotExist):
			o.skip(w, err)
		default:
			return nil, fmt.Errorf("read outbox: %w", err)
		}
	}
}

// read fills cursor.peeked from one segment.
func (o *Outbox) read(w window, entries, bytes int) error {
	c := &o.cursor
	if c.segment != w.segment.first || c.offset == 0 {
		c.segment, c.position, c.offset = w.segment.first, w.segment.first, int64(len(magic))
	}
	f, err := os.Open(w.segment.path(o.cfg.Dir))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(c.offset, io.SeekStart); err != nil {
		return err
	}
	return c.fill(bufio.NewReaderSize(f, 64<<10), w, entries, bytes)
}

func (c *cursor) fill(r io.Reader, w window, entries, bytes int) error {
	offset := c.offset
	for at := c.position; at < w.end && len(c.peeked) < entries; at++ {
		e, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			return errFrame
		}
		if err != nil {
			return err
		}
		offset += e.size()
		if at < w.from {
			c.position, c.offset = at+1, offset
			continue
		}
		if bytes -= len(e.Bytes); bytes < 0 && len(c.peeked) > 0 {
			return nil
		}
		c.peeked, c.ends = append(c.peeked, e), append(c.ends, offset)
	}
	return nil
}

// skip gives up what cannot be read.
func (o *Outbox) skip(w window, cause error) {
	o.metrics.lost(errFrame, int(w.end-w.from))
	o.log.Error("damaged entries of the outbox are given up", "entries", w.end-w.from, "segment", w.segment.path(o.cfg.Dir), "err", cause)
	o.cursor.position, o.cursor.offset = w.end, w.segment.size
	o.advance(w.end)
}

// Ack says that the first n entries of the last Peek are delivered. They do not come again, unless the disk fails
// to note it.
func (o *Outbox) Ack(n int) {
	c := &o.cursor
	if n <= 0 || n > len(c.ends) {
		return
	}
	c.position, c.offset = c.from+uint64(n), c.ends[n-1]
	last := c.peeked[n-1].At // the next one is not older
	c.peeked, c.ends, c.from = c.peeked[n:], c.ends[n:], c.position
	o.mu.Lock()
	o.oldest = last
	o.mu.Unlock()
	o.metrics.acked.Add(float64(n))
	o.advance(c.position)
}

// advance moves the acked position, never back, and deletes the segments before it.
func (o *Outbox) advance(to uint64) {
	o.mu.Lock()
	o.acked = max(o.acked, to)
	if o.acked == o.durable {
		o.oldest = time.Time{}
	}
	gone := o.behind()
	o.mu.Unlock()
	o.saveMark() // first: a segment that is gone must not be missed
	o.remove(gone)
}

// behind takes the segments out of the list that hold nothing more. The caller holds o.mu.
func (o *Outbox) behind() (gone []segment) {
	for len(o.segments) > 1 && o.segments[1].first <= o.acked {
		gone = append(gone, o.segments[0])
		o.segments = o.segments[1:]
	}
	return gone
}

// remove deletes segments. One that stays is deleted at the next start.
func (o *Outbox) remove(gone []segment) {
	for _, s := range gone {
		if err := os.Remove(s.path(o.cfg.Dir)); err != nil {
			o.log.Warn("segment of the outbox not deleted", "err", err)
		}
	}
}

// saveMark notes on disk what is acked.
func (o *Outbox) saveMark() {
	o.saving.Lock()
	defer o.saving.Unlock()
	o.mu.Lock()
	position := o.acked
	o.mu.Unlock()
	if o.mark.f == nil || position <= o.marked {
		return
	}
	if err := o.mark.save(position); err != nil {
		o.metrics.failures.WithLabelValues("ack").Inc()
		o.log.Error("acked position of the outbox not kept: entries may be delivered again", "err", err)
		return
	}
	o.marked = position
}
