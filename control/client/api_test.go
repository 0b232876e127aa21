package client

import (
	"net"
	"slices"
	"testing"
	"time"
)

func TestRotationLeavesWhatFailed(t *testing.T) {
	list := []string{"a", "b", "c"}
	r := &rotation{addrs: func() []string { return list }}
	var got []string
	for range 4 {
		addr, local := r.Pick()
		if local {
			t.Fatal("an edge is no control node")
		}
		got = append(got, addr)
		r.Failed(addr)
		r.Failed(addr) // a second request to the same node failed, too: the next is not to blame
	}
	if !slices.Equal(got, []string{"a", "b", "c", "a"}) {
		t.Fatal(got)
	}
	list = []string{"d"} // gossip knows others now
	r.Failed("b")
	if addr, _ := r.Pick(); addr != "d" {
		t.Fatal(addr)
	}
	if addr, _ := (&rotation{addrs: func() []string { return nil }}).Pick(); addr != "" {
		t.Fatal(addr)
	}
}

func TestControlIsConfiguredFirstAndThenDiscovered(t *testing.T) {
	c, err := Open(Config{
		Dir: t.TempDir(), NodeID: "fra-1", Control: []string{"a:1", "b:1"}, Discover: func() []string { return []string{"b:1", "c:1"} },
		Dial: (&net.Dialer{Timeout: time.Second}).DialContext,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.control(); !slices.Equal(got, []string{"a:1", "b:1", "c:1"}) {
		t.Fatal(got)
	}
}
