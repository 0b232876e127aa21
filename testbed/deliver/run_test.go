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
	tests := []struct {
		name   string
		room   []*arrival
		passed int
		ok     bool
	}{
		{"in order", []*arrival{{seq: 1, acceptedAt: at(1)}, {seq: 2, acceptedAt: at(2)}}, 0, true},
		{"behind one that failed long enough", []*arrival{{seq: 1, first: at(0), acceptedAt: at(500)}, {seq: 2, acceptedAt: at(101)}, {seq: 3, acceptedAt: at(102)}}, 2, true},
		{"too early", []*arrival{{seq: 1, first: at(50), acceptedAt: at(500)}, {seq: 2, acceptedAt: at(101)}}, 1, false},
		{"one is missing", []*arrival{{seq: 1, acceptedAt: at(1)}, {seq: 3, acceptedAt: at(2)}}, 0, false},
		{"never accepted", []*arrival{{seq: 1}}, 0, false},
	}
	for _, tt := range tests {
		passed, err := ordered(tt.room, 100*time.Millisecond)
		if passed != tt.passed || (err == nil) != tt.ok {
			t.Errorf("%s: %d passed, %v", tt.name, passed, err)
		}
	}
}
