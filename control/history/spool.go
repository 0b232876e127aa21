package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

const (
	spoolFile    = "history.spool"    // lines that the store does not have
	drainingFile = "history.draining" // lines on their way to it
	// spoolTimeout is how long a caller waits for the database before its records go to the disk.
	spoolTimeout = 2 * time.Second
	// drainEvery is how often the store is tried again.
	drainEvery = 5 * time.Second
)

// Spool takes control's own records, so that a change made while the database is away still leaves its audit
// event: what the store does not take at once lies in a file until it does.
type Spool struct {
	store *Store
	dir   string
	log   *slog.Logger

	mu   sync.Mutex
	file *os.File // nil while there is nothing to keep
}

// NewSpool makes the spool of a directory; files that are there from before are drained by Run.
func NewSpool(dir string, store *Store, log *slog.Logger) *Spool {
	return &Spool{store: store, dir: dir, log: log}
}

// Keep returns when records are on disk, in the database or here. record.ErrInvalid is the caller's mistake; other
// errors mean that both failed.
func (p *Spool) Keep(ctx context.Context, records ...record.Record) error {
	limited, cancel := context.WithTimeout(ctx, spoolTimeout)
	err := p.store.Ingest(limited, records...)
	cancel()
	if err == nil || errors.Is(err, record.ErrInvalid) {
		return err
	}
	if late := p.write(records); late != nil {
		return errors.Join(err, late)
	}
	p.log.Warn("records are kept on disk until history can be written", "count", len(records), "err", err)
	return nil
}

// write appends lines and syncs.
func (p *Spool) write(records []record.Record) error {
	var lines []byte
	for _, r := range records {
		line, err := record.Encode(r)
		if err != nil {
			return err
		}
		lines = append(lines, line...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		f, err := os.OpenFile(filepath.Join(p.dir, spoolFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		// Ends a line that a crash has cut, and makes the file's name durable.
		if _, err := f.WriteString("\n"); err != nil {
			return errors.Join(fmt.Errorf("spool: %w", err), f.Close())
		}
		if err := syncDir(p.dir); err != nil {
			return errors.Join(err, f.Close())
		}
		p.file = f
	}
	_, err := p.file.Write(lines)
	if err == nil {
		err = p.file.Sync()
	}
	if err != nil { // what follows must not be glued to half a line
		err = errors.Join(fmt.Errorf("spool: %w", err), p.file.Close())
		p.file = nil
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Run drains the spool until ctx ends.
func (p *Spool) Run(ctx context.Context) error {
	again := time.NewTicker(drainEvery)
	defer again.Stop()
	for {
		if err := p.Drain(ctx); err != nil && ctx.Err() == nil {
			p.log.Debug("the spool waits", "err", err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Drain gives the store what lies in the files and removes them. After a crash in between the store gets the
// same again, which changes nothing. It must not run twice at a time.
func (p *Spool) Drain(ctx context.Context) error {
	draining := filepath.Join(p.dir, drainingFile)
	if err := p.drain(ctx, draining); err != nil {
		return err
	}
	if err := p.turn(draining); err != nil {
		return err
	}
	return p.drain(ctx, draining)
}

// turn lets new records go into a new file.
func (p *Spool) turn(draining string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file != nil {
		err := p.file.Close()
		p.file = nil
		if err != nil {
			return fmt.Errorf("spool: %w", err)
		}
	}
	if err := os.Rename(filepath.Join(p.dir, spoolFile), draining); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

func (p *Spool) drain(ctx context.Context, file string) error {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	var records []record.Record
	for _, line := range record.Lines(content) {
		r, err := record.Decode(line)
		if err != nil { // cut by a crash, so never acknowledged
			p.log.Warn("a line of the spool cannot be read", "err", err)
			continue
		}
		records = append(records, r)
	}
	if err := p.store.Ingest(ctx, records...); err != nil {
		return err
	}
	if len(records) > 0 {
		p.log.Info("history has what was kept on disk", "count", len(records))
	}
	return os.Remove(file)
}
