package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"
)

var (
	// ErrURL is returned when the URL of a store is of no kind that is known.
	ErrURL = errors.New("the history's URL is neither postgres://… nor sqlite:…")
	// ErrNeedsPostgreSQL is returned when several control nodes would each keep a history of their own.
	ErrNeedsPostgreSQL = errors.New("control.history is not set to a PostgreSQL database: a cluster of several control nodes keeps one history " +
		"for all of them, so set control.history (or control.history_file) to postgres://user:password@host/database, the same on every node")
	// ErrClosed is returned by a store that was closed.
	ErrClosed = errors.New("history is closed")
	// ErrAway is returned while a store waits for a database that could not be reached when it was opened.
	ErrAway = errors.New("the history's database cannot be reached")
)

// Store is an open history. Its methods may be called at the same time.
type Store struct {
	dialect dialect
	write   *sql.DB // SQLite has one writer
	read    *sql.DB

	ready atomic.Bool // the tables are up to date
	queue chan *pending
	stop  context.CancelCauseFunc
	ctx   context.Context
	wg    sync.WaitGroup
	close sync.Once
	err   error
}

// dialect is what the databases differ in: how they are opened and how a migration is kept alone.
type dialect string

const (
	postgreSQL dialect = "postgres"
	sqlite     dialect = "sqlite"
)

// sqliteReaders is how many queries run beside each other on SQLite.
const sqliteReaders = 4

// postgresConns bounds the connections of one control node.
const postgresConns = 8

// URL chooses where a control node keeps its history: the configured database or, for a node that is alone, a
// file in its data directory. ErrNeedsPostgreSQL where voters could not share it.
func URL(configured, dir string, voters int) (string, error) {
	if configured == "" {
		configured = "sqlite:" + filepath.Join(dir, "history.db")
	}
	d, _, err := parse(configured)
	if err != nil {
		return "", err
	}
	if d == sqlite && voters > 1 {
		return "", ErrNeedsPostgreSQL
	}
	return configured, nil
}

// parse takes a URL apart. Errors do not repeat it, since it may hold a password.
func parse(raw string) (d dialect, name string, err error) {
	switch {
	case strings.HasPrefix(raw, "postgres://"), strings.HasPrefix(raw, "postgresql://"):
		if _, err := url.Parse(raw); err != nil {
			return "", "", fmt.Errorf("%w: it does not parse", ErrURL)
		}
		return postgreSQL, raw, nil
	case strings.HasPrefix(raw, "sqlite:"):
		path := strings.TrimPrefix(strings.TrimPrefix(raw, "sqlite:"), "//")
		if path == "" {
			return "", "", fmt.Errorf("%w: it names no file", ErrURL)
		}
		return sqlite, path, nil
	}
	return "", "", ErrURL
}

// Open opens the history at a URL, "sqlite:<file>" or "postgres://…", and brings its tables up to date. A
// PostgreSQL server that cannot be reached is no error, since control must start without it: it is tried again
// until Close, and until then nothing is kept and nothing answered.
func Open(ctx context.Context, rawURL string) (*Store, error) {
	d, name, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: d, queue: make(chan *pending)}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	if d == sqlite {
		err = s.openSQLite(name)
	} else {
		err = s.openPostgreSQL(name)
	}
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil && !away(err) {
		return nil, errors.Join(fmt.Errorf("open history: %w", err), s.Close())
	}
	s.wg.Go(func() {
		if s.await() {
			s.run()
		}
	})
	return s, nil
}

// prepare brings the tables up to date and then takes records.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.dialect == sqlite {
		if err := s.tellSizes(ctx); err != nil {
			return err
		}
	}
	s.ready.Store(true)
	return nil
}

// retry is how long a server that is away is left alone.
const retry = 2 * time.Second

// await returns when the store is ready; false when it was closed before.
func (s *Store) await() bool {
	again := time.NewTicker(retry)
	defer again.Stop()
	for !s.ready.Load() {
		select {
		case <-again.C:
			_ = s.prepare(s.ctx) // Ready tells why
		case <-s.ctx.Done():
			return false
		}
	}
	return true
}

// away says whether a server could not be reached, as against one that refuses.
func away(err error) bool {
	_, unreachable := errors.AsType[*pgconn.ConnectError](err)
	refusal, refused := errors.AsType[*pgconn.PgError](err)
	return unreachable && (!refused || strings.HasPrefix(refusal.Code, "57P")) // 57P03: it starts or stops
}

// openSQLite opens a file twice: for the one writer, and for readers whom it does not hold up (WAL). FULL syncs
// the log at every commit.
func (s *Store) openSQLite(path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would let others read it
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	dsn := func(more ...string) string {
		q := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)"}, more...)}
		q.Set("_txlock", "immediate")
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	if s.write, err = sql.Open("sqlite", dsn()); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn("query_only(1)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(sqliteReaders)
	s.read.SetMaxIdleConns(sqliteReaders)
	return nil
}

func (s *Store) openPostgreSQL(url string) (err error) {
	if s.write, err = sql.Open("pgx", url); err != nil {
		return fmt.Errorf("%w: PostgreSQL cannot read it", ErrURL)
	}
	s.write.SetMaxOpenConns(postgresConns)
	s.write.SetMaxIdleConns(postgresConns)
	s.write.SetConnMaxIdleTime(5 * time.Minute)
	s.read = s.write
	return nil
}

// Ready reports why the history cannot be read; nil when it can.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	if !s.ready.Load() {
		return ErrAway
	}
	return nil
}

// Close waits for what is being written and closes the database. It is idempotent.
func (s *Store) Close() error {
	s.close.Do(func() {
		s.stop(ErrClosed)
		s.wg.Wait()
		if s.read != nil && s.read != s.write {
			s.err = s.read.Close()
		}
		if s.write != nil {
			s.err = errors.Join(s.err, s.write.Close())
		}
	})
	return s.err
}
