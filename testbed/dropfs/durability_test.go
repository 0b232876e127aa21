//go:build linux

package dropfs_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/testbed/dropfs"
)

// The test binary starts itself as the control process: its store must not share a process with the file
// system that serves its page faults.
const (
	envMode = "MERIDIAN_DROPFS_MODE" // write or list; outbox-append, -peek or -ack
	envDir  = "MERIDIAN_DROPFS_DIR"
	envTag  = "MERIDIAN_DROPFS_TAG"
	envSnap = "MERIDIAN_DROPFS_SNAPSHOT" // a snapshot every so many writes; 0 = never

	exitFatal = 3
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(envMode); mode != "" {
		run := process
		if edge, ok := strings.CutPrefix(mode, "outbox-"); ok {
			run, mode = edgeProcess, edge
		}
		if err := run(mode); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is the control process: it prints each company's id once its creation was acknowledged, or all ids.
func process(mode string) error {
	s, err := store.Open(store.Config{
		Dir: filepath.Join(os.Getenv(envDir), "raft"), ID: "control-1", ElectionTimeout: 50 * time.Millisecond, TrailingLogs: 8,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}) // OnFatal exits with status 3
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.WaitReady(ctx); err != nil {
		return err
	}
	if mode == "list" {
		for c := range state.All[state.Company](s.View(), "") {
			fmt.Println(c.ID)
		}
		return s.Close()
	}
	every, err := strconv.Atoi(os.Getenv(envSnap))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var out sync.Mutex
	for w := range 4 {
		wg.Go(func() {
			for i := 1; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", os.Getenv(envTag), w, i)
				if _, err := s.Propose(ctx, state.Add(state.KindCompany, id, "", state.CompanySpec{Name: "c"})); err != nil {
					fmt.Fprintln(os.Stderr, "propose:", err)
					return
				}
				out.Lock()
				fmt.Println(id)
				out.Unlock()
				if w == 0 && every > 0 && i%every == 0 {
					if err := s.Snapshot(); err != nil {
						fmt.Fprintln(os.Stderr, err)
					}
				}
			}
		})
	}
	wg.Wait() // until the kill
	return nil
}

// control is a running control process.
type control struct {
	cmd *exec.Cmd
	out *bufio.Scanner
	err *strings.Builder
}

func start(t *testing.T, dir, mode, tag string, snapshot int) *control {
	t.Helper()
	c := &control{cmd: exec.Command(os.Args[0]), err: &strings.Builder{}}
	c.cmd.Env = append(os.Environ(), envMode+"="+mode, envDir+"="+dir, envTag+"="+tag, envSnap+"="+strconv.Itoa(snapshot))
	c.cmd.Stderr = c.err
	p, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewScanner(p)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// take reads n lines, or all with n < 0.
func (c *control) take(n int, into map[string]bool) int {
	taken := 0
	for taken != n && c.out.Scan() {
		into[c.out.Text()] = true
		taken++
	}
	return taken
}

// kill ends the process by SIGKILL. What it had printed by then was acknowledged, too.
func (c *control) kill(t *testing.T, into map[string]bool) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.take(-1, into)
	var exit *exec.ExitError
	if err := c.cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("wait: %v", err)
	}
}

func stored(t *testing.T, dir string) map[string]bool {
	t.Helper()
	c := start(t, dir, "list", "", 0)
	ids := map[string]bool{}
	c.take(-1, ids)
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("list: %v\n%s", err, c.err)
	}
	return ids
}

func missing(want, have map[string]bool) []string {
	var out []string
	for id := range want {
		if !have[id] {
			out = append(out, id)
		}
	}
	return out
}

func mount(t *testing.T, names dropfs.Names) (*dropfs.FS, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := dropfs.Mount(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return f, dir
}

func TestAcknowledgedWritesSurviveThePowerCut(t *testing.T) {
	for _, c := range []struct {
		name     string
		names    dropfs.Names
		snapshot int
	}{
		{"journaled names, snapshots", dropfs.Journaled, 10},
		{"strict names, snapshots", dropfs.Strict, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, dir := mount(t, c.names)
			acknowledged := map[string]bool{}
			for round := range 5 {
				p := start(t, dir, "write", fmt.Sprintf("r%d", round), c.snapshot)
				if n := 40 + 37*round; p.take(n, acknowledged) < n {
					t.Fatalf("round %d: the process ended early: %v\n%s", round, p.cmd.Wait(), p.err)
				}
				p.kill(t, acknowledged)
				if err := f.Drop(); err != nil {
					t.Fatal(err)
				}
				if lost := missing(acknowledged, stored(t, dir)); len(lost) > 0 {
					t.Fatalf("round %d: %d of %d acknowledged writes lost: %v", round, len(lost), len(acknowledged), lost)
				}
			}
			t.Logf("%d acknowledged writes, %d syncs, 5 power cuts, none lost", len(acknowledged), f.Syncs())
		})
	}
}

func TestALyingDiskLosesWritesSoTheTestHasTeeth(t *testing.T) {
	f, dir := mount(t, dropfs.Journaled)
	acknowledged := map[string]bool{}
	p := start(t, dir, "write", "a", 0)
	p.take(20, acknowledged)
	f.Lie(true)
	p.take(50, acknowledged)
	p.kill(t, acknowledged)
	f.Lie(false)
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	if lost := missing(acknowledged, stored(t, dir)); len(lost) < 40 {
		t.Fatalf("only %d of %d writes lost", len(lost), len(acknowledged))
	}
}

func TestFailedSyncEndsTheProcessAndAcknowledgesNothing(t *testing.T) {
	f, dir := mount(t, dropfs.Journaled)
	acknowledged := map[string]bool{}
	p := start(t, dir, "write", "a", 0)
	if p.take(50, acknowledged) < 50 {
		t.Fatalf("the process ended early: %v\n%s", p.cmd.Wait(), p.err)
	}
	f.FailSync(syscall.EIO)
	p.take(-1, acknowledged)
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFatal {
		t.Fatalf("exit: %v\n%s", err, p.err)
	}
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	if lost := missing(acknowledged, stored(t, dir)); len(lost) > 0 {
		t.Fatalf("%d of %d acknowledged writes lost", len(lost), len(acknowledged))
	}
	t.Logf("%d acknowledged writes before the disk failed, none lost", len(acknowledged))
}
