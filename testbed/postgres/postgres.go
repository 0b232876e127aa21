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

// Server is a server. Only Database may be called by several at a time.
type Server struct {
	dir      string
	program  string
	settings []string
	who      *syscall.SysProcAttr
	cmd      *exec.Cmd     // nil while it does not run
	ended    chan struct{} // closed when the process is gone
	log      *os.File

	mu    sync.Mutex
	count int // databases made
}

// Start makes an empty server and waits until it answers. Settings are "name=value".
func Start(ctx context.Context, settings ...string) (_ *Server, err error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	s := &Server{settings: settings}
	if s.program, err = program("postgres"); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil { // short: paths of sockets are limited to 107 bytes
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.who, err = unprivileged(s.dir); err != nil {
		return nil, err
	}
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		return nil, err
	}
	initialise := exec.CommandContext(ctx, initdb, "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-sync")
	initialise.SysProcAttr, initialise.Dir = s.who, s.dir
	if out, err := initialise.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return s, s.Restart(ctx)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Restart starts a server that was stopped, with all it held, and waits until it answers.
func (s *Server) Restart(ctx context.Context) error {
	args := []string{"-D", s.data(), "-p", port, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + s.dir, "-c", "fsync=off"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(s.program, args...) // not CommandContext: it must not be killed, but told to end
	cmd.SysProcAttr, cmd.Dir = s.who, s.dir
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	ended := make(chan struct{})
	s.cmd, s.ended = cmd, ended
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	return s.wait(ctx)
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

// Stop ends the server and its connections and keeps what it held. It is idempotent.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	process := s.cmd.Process
	s.cmd = nil
	_ = process.Signal(os.Interrupt) // a fast shutdown
	select {
	case <-s.ended:
		return nil
	case <-time.After(stopTime):
		_ = process.Kill()
		<-s.ended
		return errors.New("postgres did not end by itself")
	}
}

// Close stops the server and removes all it held. It is idempotent.
func (s *Server) Close() error {
	err := s.Stop()
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
		s.log = nil
	}
	return errors.Join(err, os.RemoveAll(s.dir))
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
