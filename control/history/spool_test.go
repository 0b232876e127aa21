package history

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/history/record"
)

func spool(dir string, s *Store) *Spool { return NewSpool(dir, s, slog.New(slog.DiscardHandler)) }

// broken is a store whose database is gone.
func broken(t *testing.T) *Store {
	t.Helper()
	s := open(t, sqliteURL(t))
	if err := s.write.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

func spooled(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{spoolFile, drainingFile} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

func TestAuditOutlivesADatabaseThatIsAway(t *testing.T) {
	dir := t.TempDir()
	away := spool(dir, broken(t))
	for _, id := range []string{"e1", "e2"} {
		if err := away.Keep(t.Context(), event(id, "acme", "user:u1", 0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := away.Drain(t.Context()); err == nil {
		t.Error("drained into nothing")
	}
	if err := away.Keep(t.Context(), event("e3", "acme", "user:u1", 0)); err != nil { // into a new file
		t.Fatal(err)
	}
	if n := strings.Count(spooled(t, dir), `"t":"audit"`); n != 3 {
		t.Fatalf("%d of 3 events on disk", n)
	}
	if info, err := os.Stat(filepath.Join(dir, spoolFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	s := open(t, sqliteURL(t)) // the node starts again
	back := spool(dir, s)
	if err := back.Keep(t.Context(), event("e4", "acme", "user:u1", 0), event("e1", "acme", "user:u1", 0)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := back.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, s, "audit", "acme"); n != 4 || spooled(t, dir) != "" {
		t.Errorf("%d of 4 events kept, on disk: %q", n, spooled(t, dir))
	}
}

func TestALineThatACrashHasCutCostsNoOther(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, spoolFile), []byte(`{"t":"audit","event":"cut`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := spool(dir, broken(t)).Keep(t.Context(), event("e1", "acme", "user:u1", 0)); err != nil {
		t.Fatal(err)
	}
	s := open(t, sqliteURL(t))
	if err := spool(dir, s).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "audit", "acme"); n != 1 || spooled(t, dir) != "" {
		t.Errorf("%d events, on disk: %q", n, spooled(t, dir))
	}
}

func TestWhatIsInvalidIsNotSpooled(t *testing.T) {
	dir := t.TempDir()
	if err := spool(dir, broken(t)).Keep(t.Context(), &record.Audit{}); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	nowhere := spool(filepath.Join(dir, "absent"), broken(t))
	if err := nowhere.Keep(t.Context(), event("e1", "acme", "user:u1", 0)); err == nil {
		t.Error("kept nowhere")
	}
	if spooled(t, dir) != "" {
		t.Error("something was spooled")
	}
}
