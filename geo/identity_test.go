package geo

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestIdentity(t *testing.T) {
	for s, ok := range map[string]bool{
		"a": true, "fra-1": true, "0-": true, strings.Repeat("a", 63): true,
		"": false, strings.Repeat("a", 64): false, "Fra": false, "a.b": false, "a_b": false, "a b": false, "ä": false, "a/b": false, "a\n": false,
	} {
		if err := ValidNodeID(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
	cert := func(uris ...string) *x509.Certificate {
		c := &x509.Certificate{}
		for _, s := range uris {
			u, err := url.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			c.URIs = append(c.URIs, u)
		}
		return c
	}
	if id, err := NodeIDOf(&x509.Certificate{URIs: []*url.URL{NodeURI("fra-1")}}); err != nil || id != "fra-1" {
		t.Error(id, err)
	}
	if id, err := NodeIDOf(cert("meridian://node/fra-1")); err != nil || id != "fra-1" {
		t.Error(id, err)
	}
	for _, c := range []*x509.Certificate{
		nil, cert(), cert("meridian://node/a", "meridian://node/b"), cert("meridian://node/a", "https://x/"),
		cert("meridian://node/"), cert("meridian://node"), cert("meridian://node/a/b"), cert("meridian://node/A"),
		cert("meridian://nodes/a"), cert("https://node/a"), cert("meridian://node:1/a"), cert("meridian://u@node/a"),
		cert("meridian://node/a?x"), cert("meridian://node/a#x"), cert("meridian://node/%61"), cert("meridian:node/a"),
		cert("meridian://node//a"), cert("MERIDIAN://NODE/a?"),
	} {
		if id, err := NodeIDOf(c); !errors.Is(err, ErrNoIdentity) {
			t.Errorf("%v: %q, %v", c, id, err)
		}
	}
}

func TestRendezvous(t *testing.T) {
	nodes := []NodeID{"fra-1", "iad-1", "syd-1", "fra-2"}
	// Computed by another program; the order is part of the protocol, and a
	// change of it moves live rooms.
	want := []NodeID{"fra-2", "fra-1", "syd-1", "iad-1"}
	got := Rendezvous("demo", nodes)
	if len(got) != 4 {
		t.Fatal(got)
	}
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	turned := slices.Clone(nodes)
	slices.Reverse(turned)
	if !slices.Equal(Rendezvous("demo", append(turned, nodes...)), got) {
		t.Error("input order or duplicates matter")
	}
	if len(Rendezvous("x", nil)) != 0 {
		t.Error("nodes from nowhere")
	}
	// Losing a node moves only the keys it had, and every node gets its share.
	first := make(map[NodeID]int)
	for i := range 4000 {
		key := fmt.Sprint("room ", i)
		before := Rendezvous(key, nodes)
		first[before[0]]++
		after := Rendezvous(key, slices.DeleteFunc(slices.Clone(nodes), func(n NodeID) bool { return n == "iad-1" }))
		if !slices.Equal(after, slices.DeleteFunc(before, func(n NodeID) bool { return n == "iad-1" })) {
			t.Fatal("the rest was reordered")
		}
	}
	for id, n := range first {
		if n < 850 || n > 1150 {
			t.Errorf("%s is first for %d of 4000 rooms", id, n)
		}
	}
}
