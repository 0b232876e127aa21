//go:build linux

package main

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

func TestBenchesOfControlNodesRefuseWhatTheyCannotMeasure(t *testing.T) {
	writes := writesCommand{Voters: 1, Clients: 128, Duration: 10 * time.Second}
	for name, change := range map[string]func(*writesCommand){
		"voters": func(o *writesCommand) { o.Voters = 6 }, "clients": func(o *writesCommand) { o.Clients = 0 },
		"duration": func(o *writesCommand) { o.Duration = time.Millisecond }, "sync": func(o *writesCommand) { o.Sync = -1 },
		"directory": func(o *writesCommand) { o.Dir = "/nowhere/at/all" },
	} {
		o := writes
		change(&o)
		if err := o.Run(t.Context()); !errors.Is(err, errRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	feed := feedCommand{Edges: 1000, Rooms: 100, Revocations: 20}
	for name, change := range map[string]func(*feedCommand){
		"edges": func(o *feedCommand) { o.Edges = 0 }, "rooms": func(o *feedCommand) { o.Rooms = -1 }, "revocations": func(o *feedCommand) { o.Revocations = 0 },
	} {
		o := feed
		change(&o)
		if err := o.Run(t.Context()); !errors.Is(err, errRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARevocationCountsEachEdgeOnce(t *testing.T) {
	r := &revocation{}
	first, second := "", ""
	r.look(nil, &first) // between two
	r.begin("k1")
	r.look(nil, &first) // an empty view has no key
	r.look(nil, &first)
	r.look(nil, &second)
	r.begin("k2")
	r.look(nil, &first)
	if r.gone != 1 || len(r.took) != 3 || first != "k2" || second != "k1" {
		t.Fatalf("%d edges, %d times, %q and %q", r.gone, len(r.took), first, second)
	}
	if err := r.everywhere(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.everywhere(over, 2); err == nil {
		t.Fatal("one edge of two is everywhere")
	}
}

func TestWhatIsReadIsCounted(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	go func() { _, _ = a.Write([]byte("seven b")); _ = a.Close() }()
	var bytes atomic.Int64
	c := &counted{b, &bytes}
	for {
		if _, err := c.Read(make([]byte, 3)); err != nil {
			break
		}
	}
	if bytes.Load() != 7 {
		t.Fatal(bytes.Load())
	}
}
