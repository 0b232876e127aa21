//go:build linux

package dropfs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/meridian-video/meridian/control/outbox"
	"github.com/meridian-video/meridian/testbed/dropfs"
)

// edgeProcess is an edge with nothing but its outbox: it prints each entry once it was acknowledged ("append"),
// or all that wait, which stay ("peek"), or acks entries one by one and prints each when that is done ("ack").
func edgeProcess(mode string) error {
	o, err := outbox.Open(outbox.Config{Dir: filepath.Join(os.Getenv(envDir), "outbox"), Limit: 64 << 10})
	if err != nil {
		return err
	}
	if mode == "append" {
		return appendEntries(o)
	}
	for {
		n := 1 << 20
		if mode == "ack" {
			n = 1
		}
		entries, err := o.Peek(n, 1<<30)
		if err != nil || len(entries) == 0 {
			return errors.Join(err, o.Close())
		}
		if mode == "ack" {
			o.Ack(1)
		}
		for _, e := range entries {
			fmt.Println(string(e.Bytes))
		}
		if mode == "peek" { // the rest is in other segments
			o.Ack(len(entries))
		}
	}
}

func appendEntries(o *outbox.Outbox) error {
	var wg sync.WaitGroup
	var out sync.Mutex
	for w := range 4 {
		wg.Go(func() {
			for i := 1; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", os.Getenv(envTag), w, i)
				if err := o.Append(context.Background(), []byte(id)); err != nil {
					if errors.Is(err, outbox.ErrLatched) {
						os.Exit(exitFatal)
					}
					fmt.Fprintln(os.Stderr, err)
					return
				}
				out.Lock()
				fmt.Println(id)
				out.Unlock()
			}
		})
	}
	wg.Wait() // until the kill
	return nil
}

// delivered is every entry that comes out of the outbox.
func delivered(t *testing.T, dir string) map[string]bool {
	t.Helper()
	c := start(t, dir, "outbox-peek", "", 0)
	ids := map[string]bool{}
	c.take(-1, ids)
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("peek: %v\n%s", err, c.err)
	}
	return ids
}

// fill lets an edge append until it is killed.
func fill(t *testing.T, dir, tag string, n int, acknowledged map[string]bool) {
	t.Helper()
	p := start(t, dir, "outbox-append", tag, 0)
	if p.take(n, acknowledged) < n {
		t.Fatalf("%s: the process ended early: %v\n%s", tag, p.cmd.Wait(), p.err)
	}
	p.kill(t, acknowledged)
}

func TestAcknowledgedEntriesSurviveThePowerCut(t *testing.T) {
	for name, names := range map[string]dropfs.Names{"journaled names": dropfs.Journaled, "strict names": dropfs.Strict} {
		t.Run(name, func(t *testing.T) {
			f, dir := mount(t, names)
			total := 0
			for round := range 5 { // each delivers what it finds, so that segments come and go
				acknowledged := map[string]bool{}
				fill(t, dir, fmt.Sprintf("a%d", round), 150, acknowledged)
				if err := f.Drop(); err != nil {
					t.Fatal(err)
				}
				fill(t, dir, fmt.Sprintf("b%d", round), 150, acknowledged)
				if err := f.Drop(); err != nil {
					t.Fatal(err)
				}
				if lost := missing(acknowledged, delivered(t, dir)); len(lost) > 0 {
					t.Fatalf("round %d: %d of %d acknowledged entries lost: %v", round, len(lost), len(acknowledged), lost)
				}
				total += len(acknowledged)
			}
			t.Logf("%d acknowledged entries, %d syncs, 10 power cuts, none lost", total, f.Syncs())
		})
	}
}

func TestAcknowledgedEntriesSurviveTheKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 5 {
		fill(t, dir, fmt.Sprintf("r%d", round), 50+37*round, acknowledged)
	}
	if lost := missing(acknowledged, delivered(t, dir)); len(lost) > 0 {
		t.Fatalf("%d of %d acknowledged entries lost: %v", len(lost), len(acknowledged), lost)
	}
}

func TestAckedPositionsSurviveTheKillAndThePowerCut(t *testing.T) {
	f, dir := mount(t, dropfs.Strict)
	fill(t, dir, "a", 300, map[string]bool{})
	acked := map[string]bool{}
	p := start(t, dir, "outbox-ack", "", 0)
	if n := p.take(100, acked); n < 100 {
		t.Fatalf("%d acked\n%s", n, p.err)
	}
	p.kill(t, acked)
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	for id := range delivered(t, dir) {
		if acked[id] {
			t.Fatalf("%s came again although its ack was done", id)
		}
	}
}

func TestALyingDiskLosesEntriesSoTheTestHasTeeth(t *testing.T) {
	f, dir := mount(t, dropfs.Journaled)
	acknowledged := map[string]bool{}
	p := start(t, dir, "outbox-append", "a", 0)
	p.take(20, acknowledged)
	f.Lie(true)
	p.take(100, acknowledged)
	p.kill(t, acknowledged)
	f.Lie(false)
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	if lost := missing(acknowledged, delivered(t, dir)); len(lost) < 80 {
		t.Fatalf("only %d of %d entries lost", len(lost), len(acknowledged))
	}
}

func TestFailedSyncLatchesTheOutboxAndAcknowledgesNothing(t *testing.T) {
	f, dir := mount(t, dropfs.Journaled)
	acknowledged := map[string]bool{}
	p := start(t, dir, "outbox-append", "a", 0)
	if p.take(100, acknowledged) < 100 {
		t.Fatalf("the process ended early: %v\n%s", p.cmd.Wait(), p.err)
	}
	f.FailSync(syscall.EIO)
	p.take(-1, acknowledged)
	if err := p.cmd.Wait(); p.cmd.ProcessState.ExitCode() != exitFatal {
		t.Fatalf("exit: %v\n%s", err, p.err)
	}
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	if lost := missing(acknowledged, delivered(t, dir)); len(lost) > 0 {
		t.Fatalf("%d of %d acknowledged entries lost", len(lost), len(acknowledged))
	}
}
