package main

import (
	"os"
	"testing"
	"time"
)

// TestMain is also the sender that the tests kill.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == senderWord {
		os.Exit(command(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func TestKilledSendersDeliverEverythingInOrder(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			err := onDatabase(t.Context(), kind, func(url string) error {
				r, err := run(t.Context(), options{
					Database: url, Events: 600, Endpoints: 4, Dead: 1, Rooms: 6, Scale: 20_000, MostFailures: 4,
					KillEvery: 1500 * time.Millisecond, Rate: 200, Deadline: 3 * time.Minute,
				})
				t.Log(r)
				if r.Kills == 0 {
					t.Error("no sender was killed")
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOrderIsJudged(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	event := func(seq int64, first, accepted, settled int) *arrival {
		return &arrival{seq: seq, first: at(first), acceptedAt: at(accepted), settledAt: at(settled)}
	}
	tests := []struct {
		name   string
		room   []*arrival
		passed int
		ok     bool
	}{
		{"in order", []*arrival{event(1, 0, 1, 1), event(2, 2, 2, 2)}, 0, true},
		{"behind one that failed long enough", []*arrival{event(1, 0, 500, 500), event(2, 101, 101, 101), event(3, 102, 102, 102)}, 2, true},
		{"too early", []*arrival{event(1, 50, 500, 500), event(2, 101, 101, 101)}, 1, false},
		{"behind one that was accepted, but not written down", []*arrival{event(1, 0, 90, 300), event(2, 80, 400, 400), event(3, 120, 120, 120)}, 1, true},
		{"one is missing", []*arrival{event(1, 1, 1, 1), event(3, 2, 2, 2)}, 0, false},
		{"never accepted", []*arrival{{seq: 1}}, 0, false},
	}
	for _, tt := range tests {
		passed, err := ordered(tt.room, 100*time.Millisecond)
		if passed != tt.passed || (err == nil) != tt.ok {
			t.Errorf("%s: %d passed, %v", tt.name, passed, err)
		}
	}
}
