package postgres_test

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/meridian-video/meridian/testbed/postgres"
)

func TestServerAnswersAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	s, err := postgres.Start(t.Context(), "max_connections=7")
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for range 2 {
		u, err := s.Database(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		urls = append(urls, u)
		c, err := pgx.Connect(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		var got string // left open: ending the server does not wait for it
		if err := c.QueryRow(t.Context(), "SHOW max_connections").Scan(&got); err != nil || got != "7" {
			t.Errorf("max_connections %s, %v", got, err)
		}
		if _, err := c.Exec(t.Context(), "CREATE TABLE only_here (x int)"); err != nil {
			t.Error(err)
		}
	}
	if urls[0] == urls[1] {
		t.Error("two databases are one")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error("a second close fails:", err)
	}
	config, err := pgx.ParseConfig(urls[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(config.Host); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", config.Host, err)
	}
}

func TestStartTellsWhatTheServerSays(t *testing.T) {
	_, err := postgres.Start(t.Context(), "no_such_setting=1")
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("got %v", err)
	}
}
