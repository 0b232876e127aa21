package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/postgres"
)

func TestWhereHistoryIsKept(t *testing.T) {
	tests := []struct {
		configured string
		voters     int
		want       string
		err        error
	}{
		{"", 1, "sqlite:/data/history.db", nil},
		{"", 0, "sqlite:/data/history.db", nil},
		{"", 3, "", ErrNeedsPostgreSQL},
		{"sqlite:/other/file.db", 1, "sqlite:/other/file.db", nil},
		{"sqlite:/other/file.db", 3, "", ErrNeedsPostgreSQL},
		{"postgres://u:p@db/history", 3, "postgres://u:p@db/history", nil},
		{"postgresql://db/history", 1, "postgresql://db/history", nil},
		{"mysql://db", 1, "", ErrURL},
		{"sqlite:", 1, "", ErrURL},
		{"postgres://u:hunter2@[db/x", 1, "", ErrURL},
		{"/var/lib/history.db", 1, "", ErrURL},
	}
	for _, test := range tests {
		got, err := URL(test.configured, "/data", test.voters)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q with %d voters: %q, %v", test.configured, test.voters, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password is told: %v", err)
		}
	}
	for _, word := range []string{"control.history", "postgres://", "every node"} {
		if !strings.Contains(ErrNeedsPostgreSQL.Error(), word) {
			t.Errorf("%v does not say %s", ErrNeedsPostgreSQL, word)
		}
	}
}

func TestOpeningRefusesWhatCannotWork(t *testing.T) {
	missing := "sqlite:" + filepath.Join(t.TempDir(), "no", "such", "directory")
	refusing := strings.Replace(postgresURL(t), "/test", "/no_such_database_", 1)
	for _, url := range []string{"", "mysql://db", missing, refusing, "postgres://h:port/db"} {
		if s, err := Open(t.Context(), url); err == nil {
			t.Errorf("%s opened", url)
			_ = s.Close()
		}
	}
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	url := sqliteURL(t)
	s := open(t, url)
	ingest(t, s, daily.opened(0))
	files, err := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
	if err != nil || len(files) < 2 { // the database and its log
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

func TestReopeningKeepsWhatIsThere(t *testing.T) {
	for d, url := range urls(t) {
		t.Run(string(d), func(t *testing.T) {
			s, err := Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			ingest(t, s, daily.opened(0), daily.joined("ann", 1))
			want := dump(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got := dump(t, open(t, url)); got != want || want == "" {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	url := postgresURL(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			s, err := Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Ready(t.Context()), s.Ingest(t.Context(), daily.opened(0)), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Control starts without the database, and history begins when it is there.
func TestAServerThatIsAwayIsAwaited(t *testing.T) {
	server, err := postgres.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	url, err := server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	s := open(t, url)
	if err := s.Ready(t.Context()); !errors.Is(err, ErrAway) {
		t.Errorf("ready: %v", err)
	}
	if err := s.Ingest(t.Context(), daily.opened(0)); !errors.Is(err, ErrAway) {
		t.Errorf("ingest: %v", err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if s.Ready(ctx) == nil {
			break
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal("the store does not find its server")
		}
	}
	ingest(t, s, daily.opened(0))
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ingest(t.Context(), daily.joined("ann", 1)); err == nil {
		t.Error("kept by a server that is not there")
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ingest(t, s, daily.joined("ann", 1))
}
