package voters_test

import (
	"fmt"
	"testing"

	"github.com/meridian-video/meridian/control/client"
)

// TestEdgesAreDecidedFor: what the leader decides for an edge is asked of any
// node, and stands when the leader dies.
func TestEdgesAreDecidedFor(t *testing.T) {
	c := start(t, nil)
	e := edge(t, c)
	create(t, c, c.Nodes[0], "acme", "Acme")
	follows(t, e, "acme")
	first := client.Placement{Company: "acme", Room: "hall", Session: "s1", Node: "fra-1", Confirmed: 2, Provisional: 1}
	late := client.Placement{Company: "acme", Room: "hall", Session: "s0", Node: "fra-1", Confirmed: 1, Provisional: 1}
	place := func(what string, p client.Placement, stands *client.Placement) {
		t.Helper()
		wait(t, what, func() error {
			got, err := e.Place(t.Context(), []client.Placement{p})
			switch {
			case err != nil:
				return err
			case (got[0] == nil) != (stands == nil) || stands != nil && *got[0] != *stands:
				t.Fatalf("%s: %+v stands, want %+v", what, got[0], stands)
			}
			return nil
		})
	}
	use := client.UseRequest{Company: "acme", Hash: make([]byte, 32), By: "fra-1", LifetimeMS: 60_000}
	used, err := e.Use(t.Context(), use)
	if err != nil {
		t.Fatal(err)
	}
	place("a new session", first, nil)
	if _, err := e.Place(t.Context(), []client.Placement{{Company: "acme", Room: "hall", Session: "s9", Node: "iad-1", Confirmed: 9}}); err == nil {
		t.Error("an edge places rooms at another")
	}
	for round := range 2 {
		old := leader(t, c)
		old.Kill()
		place(fmt.Sprintf("an older session, after %d leaders", round+1), late, &first)
		wait(t, "the first use", func() error {
			again, err := e.Use(t.Context(), use)
			if err == nil && !again.At.Equal(used.At) {
				t.Fatalf("first used at %v, then %v", used.At, again.At)
			}
			return err
		})
		if err := old.Start(); err != nil {
			t.Fatal(err)
		}
		whole(t, c)
	}
}
