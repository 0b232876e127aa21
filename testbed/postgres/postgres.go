// Package postgres runs a PostgreSQL server for tests: in a directory of its own, on a unix socket nobody else
// knows, by an unprivileged user, gone when the test is.
//
// It needs Debian's postgresql package or another with initdb and postgres. It is no way to run a database
// that should keep anything: the server does not sync.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "meridian"
	port      = "5432" // names the socket only
	startTime = 60 * time.Second
	stopTime  = 20 * time.Second
)

// ErrMissing is returned when no server is installed.
var ErrMissing = errors.New("postgres and initdb are not on PATH nor below /usr/lib/postgresql: install postgresql")

// Server is a running server.
type Server struct {
	dir   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone
	log   *os.File
	close sync.Once
	err   error
	count int // databases made
	mu    sync.Mutex
}

// Start makes an empty server and waits until it answers. Settings are "name=value".
func Start(ctx context.Context, settings ...string) (_ *Server, err error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := program("postgres")
	if err != nil {
		return nil, err
	}
	s := &Server{ended: make(chan struct{})}
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil { // short: paths of sockets are limited to 107 bytes
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	who, err := unprivileged(s.dir)
	if err != nil {
		return nil, err
	}
	initialise := exec.CommandContext(ctx, initdb, "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-sync")
	initialise.SysProcAttr, initialise.Dir = who, s.dir
	if out, err := initialise.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := s.run(postgres, who, settings); err != nil {
		return nil, err
	}
	return s, s.wait(ctx)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) run(postgres string, who *syscall.SysProcAttr, settings []string) error {
	var err error
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-p", port, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + s.dir, "-c", "fsync=off"}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	// Not by CommandContext: the server must not be killed, but told to end.
	s.cmd = exec.Command(postgres, args...)
	s.cmd.SysProcAttr, s.cmd.Dir = who, s.dir
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return fmt.Errorf("start postgres: %w", err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	return nil
}

// wait returns when the server takes connections.
func (s *Server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-again.C:
		case <-s.ended:
			out, _ := os.ReadFile(s.log.Name())
			return fmt.Errorf("postgres ended: %s", out)
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// Database makes a new, empty database and returns its URL.
func (s *Server) Database(ctx context.Context) (string, error) {
	s.mu.Lock()
	s.count++
	name := "test" + strconv.Itoa(s.count)
	s.mu.Unlock()
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return "", err
	}
	_, err = c.Exec(ctx, "CREATE DATABASE "+name)
	return s.url(name), errors.Join(err, c.Close(ctx))
}

func (s *Server) url(database string) string {
	q := url.Values{"host": {s.dir}, "port": {port}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// Close ends the server, its connections too, and removes all it held. It is idempotent.
func (s *Server) Close() error {
	s.close.Do(func() {
		if s.cmd != nil {
			s.err = s.stop()
		}
		if s.log != nil {
			s.err = errors.Join(s.err, s.log.Close())
		}
		s.err = errors.Join(s.err, os.RemoveAll(s.dir))
	})
	return s.err
}

// stop asks for a fast shutdown, then does not ask.
func (s *Server) stop() error {
	_ = s.cmd.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
		return nil
	case <-time.After(stopTime):
		_ = s.cmd.Process.Kill()
		<-s.ended
		return errors.New("postgres did not end by itself")
	}
}

// program finds a server program; the newest version installed wins.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", ErrMissing
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}
