package queue

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/testbed/postgres"
)

// server starts the PostgreSQL of all tests; each test takes a database of its own.
var server = sync.OnceValues(func() (*postgres.Server, error) {
	started = true
	return postgres.Start(context.Background())
})

var started bool

func TestMain(m *testing.M) {
	code := m.Run()
	if started {
		if s, err := server(); err == nil {
			if err := s.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// onEach runs a test on both databases.
func onEach(t *testing.T, test func(t *testing.T, q *Queue)) {
	t.Helper()
	s, err := server()
	if err != nil {
		t.Fatal(err)
	}
	pg, err := s.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"sqlite:" + filepath.Join(t.TempDir(), "history.db"), pg} {
		kind, _, _ := strings.Cut(url, ":")
		t.Run(kind, func(t *testing.T) {
			store, err := history.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, New(store))
		})
	}
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func notice(id, series string, endpoints ...string) Notice {
	return Notice{Company: "acme", ID: id, Kind: Webhook, Type: "t", Series: series, Endpoints: endpoints, Created: noon, Payload: []byte(`{"id":"` + id + `"}`)}
}

func put(t *testing.T, q *Queue, notices ...Notice) {
	t.Helper()
	if n, err := q.Add(t.Context(), notices...); err != nil || n != len(notices) {
		t.Fatalf("added %d of %d: %v", n, len(notices), err)
	}
}

func claim(t *testing.T, q *Queue, holder string, at time.Time) string {
	t.Helper()
	lanes, err := q.Claim(t.Context(), holder, at, 30*time.Second, 10)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range lanes {
		names = append(names, l.Endpoint)
	}
	return strings.Join(names, " ")
}

func due(t *testing.T, q *Queue, endpoint string, at time.Time) []Delivery {
	t.Helper()
	d, err := q.Due(t.Context(), lane(endpoint), at, 100)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func lane(endpoint string) Lane { return Lane{"acme", endpoint, Webhook} }

func names(d []Delivery) string {
	var out []string
	for _, d := range d {
		out = append(out, d.Notice)
	}
	return strings.Join(out, " ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
