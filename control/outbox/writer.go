package outbox

import (
	"errors"
	"fmt"
	"time"
)

// write is the writer: it takes what is pending, makes it durable with one fsync, and waits a moment so that the
// next fsync has more to do. It ends with the latch and with Close.
func (o *Outbox) write() {
	defer close(o.stopped)
	for open := true; open; {
		select {
		case <-o.wake:
		case <-o.closing:
			open = false
		}
		for o.writeGroup() {
			o.pause()
		}
	}
}

// pause keeps fsyncs apart, unless the outbox closes.
func (o *Outbox) pause() {
	t := time.NewTimer(o.cfg.Group)
	defer t.Stop()
	select {
	case <-t.C:
	case <-o.closing:
	}
}

// writeGroup writes what one fsync is for; false when there is nothing to do.
func (o *Outbox) writeGroup() bool {
	group := o.take()
	if len(group) == 0 {
		return false
	}
	watchdog := time.AfterFunc(o.cfg.Stall, func() { o.latch(ErrStalled) })
	err := o.appendGroup(group)
	watchdog.Stop()
	if err != nil {
		o.metrics.failures.WithLabelValues("append").Inc()
		o.log.Error("entries not kept", "entries", count(group), "err", err)
	}
	o.finish(err)
	return true
}

// take moves what is pending to inflight, up to a group.
func (o *Outbox) take() []*parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, size := 0, 0
	for n < len(o.pending) && (n == 0 || size+o.pending[n].size <= maxGroup) {
		size += o.pending[n].size
		n++
	}
	o.inflight, o.pending = o.pending[:n:n], o.pending[n:]
	o.waiting -= size
	return o.inflight
}

func count(group []*parcel) (n int) {
	for _, p := range group {
		n += len(p.entries)
	}
	return n
}

// appendGroup makes a group durable. What it fails to write it takes back, or else latches.
func (o *Outbox) appendGroup(group []*parcel) error {
	last := o.last()
	if last.size >= o.segmentLimit() {
		if err := o.begin(o.durable); err != nil { // only the writer changes durable
			return fmt.Errorf("new segment: %w", err)
		}
		last = o.last()
	}
	var buf []byte
	for _, p := range group {
		for _, e := range p.entries {
			buf = appendFrame(buf, e)
		}
	}
	if _, err := o.file.Write(buf); err != nil {
		return o.takeBack(last.size, err)
	}
	if err := o.file.Sync(); err != nil {
		o.latch(err)
		return err
	}
	o.syncs.Add(1)
	o.wrote(group, int64(len(buf)))
	o.trim()
	return nil
}

func (o *Outbox) last() segment {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.segments[len(o.segments)-1]
}

// segmentLimit keeps segments small beside the whole, since the oldest is given up at once.
func (o *Outbox) segmentLimit() int64 { return min(maxSegment, o.cfg.Limit/8) }

// takeBack undoes a write of which a part may be in the file, as on a full disk. No fsync has failed, so that
// later entries may be taken.
func (o *Outbox) takeBack(size int64, cause error) error {
	err := o.file.Truncate(size)
	if err == nil {
		_, err = o.file.Seek(size, 0)
	}
	if err != nil {
		o.latch(errors.Join(cause, err))
	}
	return cause
}

// wrote takes over what is on disk.
func (o *Outbox) wrote(group []*parcel, size int64) {
	o.mu.Lock()
	if o.durable == o.acked {
		o.oldest = firstTime(group)
	}
	o.segments[len(o.segments)-1].size += size
	o.durable += uint64(count(group))
	o.mu.Unlock()
	o.metrics.appended.Add(float64(count(group)))
	o.announce()
}

func firstTime(group []*parcel) time.Time {
	for _, p := range group {
		if len(p.entries) > 0 {
			return p.entries[0].At
		}
	}
	return time.Time{}
}

// finish answers those whose entries were inflight, unless the latch has.
func (o *Outbox) finish(err error) {
	o.mu.Lock()
	group := o.inflight
	o.inflight = nil
	o.mu.Unlock()
	if err != nil {
		o.metrics.lost(err, count(group))
	}
	for _, p := range group {
		p.finish(err)
	}
}

// latch ends the taking of entries for good and answers everybody who waits.
func (o *Outbox) latch(cause error) {
	o.mu.Lock()
	if o.cause != nil {
		o.mu.Unlock()
		return
	}
	o.cause = cause
	err := o.latched()
	waiting := append(o.inflight, o.pending...)
	o.inflight, o.pending, o.waiting = nil, nil, 0
	o.mu.Unlock()
	o.metrics.lost(err, count(waiting))
	o.log.Error("the outbox takes nothing more until this process starts anew", "err", cause, "lost", count(waiting))
	for _, p := range waiting {
		p.finish(err)
	}
}

// trim gives up the oldest segments while the whole is too large.
func (o *Outbox) trim() {
	o.mu.Lock()
	before := o.acked
	var gone []segment
	for len(o.segments) > 1 && o.bytes() > o.cfg.Limit {
		o.acked = max(o.acked, o.segments[1].first)
		gone = append(gone, o.behind()...)
	}
	given := o.acked - before
	o.mu.Unlock()
	if len(gone) == 0 {
		return
	}
	if given > 0 {
		o.metrics.lost(errOverflow, int(given))
		o.log.Error("outbox full: the oldest entries are given up", "entries", given, "limit_bytes", o.cfg.Limit)
	}
	o.saveMark()
	o.remove(gone)
}

var errOverflow = errors.New("outbox full")

// closeFiles ends writing. What was acknowledged is synced.
func (o *Outbox) closeFiles() error {
	o.saving.Lock()
	defer o.saving.Unlock()
	err := o.mark.f.Close()
	o.mark.f = nil
	if o.file != nil {
		err = errors.Join(err, o.file.Close())
	}
	return err
}
