package geo

import (
	"bytes"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/memberlist"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, KeySize) }

// Any keys may follow any others: the ring holds just those, the first in front.
func TestUseKeysLeavesTheRingWithWhatWasGiven(t *testing.T) {
	m, err := Start(Config{Self: testNode(0), Transport: newFabric(0).listen(fabricAddr(0)), Keys: [][]byte{key(1)}})
	if err != nil {
		t.Fatal(err)
	}
	closeLater(t, m)
	for _, text := range []string{"\x01\x02", "\x02\x01", "\x02", "\x02\x03\x04", "\x04\x02", "\x05\x02", "\x02\x05\x06", "\x02\x06", "\x07", "\x07\x01\x02\x03", "\x03\x07"} {
		var keys [][]byte
		for _, b := range []byte(text) {
			keys = append(keys, key(b))
		}
		before := slices.Clone(m.ring.GetKeys())
		held := m.ring.GetKeys() // as the library's readers hold it
		if err := m.UseKeys(keys); err != nil {
			t.Fatal(err)
		}
		ring := m.ring.GetKeys()
		if !bytes.Equal(ring[0], keys[0]) || len(ring) != len(keys) {
			t.Errorf("%q: %d keys, first %d", text, len(ring), ring[0][0])
		}
		for _, k := range keys {
			if !slices.ContainsFunc(ring, func(r []byte) bool { return bytes.Equal(r, k) }) {
				t.Errorf("%q: %d is missing", text, k[0])
			}
		}
		if !slices.EqualFunc(before, held, bytes.Equal) {
			t.Errorf("%q: the list was changed under a reader", text)
		}
	}
	for _, bad := range [][][]byte{nil, {}, {key(1), key(2)[:16]}} {
		if err := m.UseKeys(bad); err == nil || len(m.ring.GetKeys()) != 2 {
			t.Errorf("%d keys: %v", len(bad), err)
		}
	}
}

// A key is replaced in three rounds, node by node, and no node is lost meanwhile.
func TestKeysAreReplacedWithoutANodeLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(40 * time.Millisecond)
		var all []*Members
		for i := range 6 {
			all = append(all, f.start(t, i))
		}
		within(t, 20*time.Second, "join", allSee(all, 6))
		var lost atomic.Int32 // each member has a goroutine for its watchers
		for _, m := range all {
			m.OnChange(func() {
				if len(m.Nodes()) != 6 {
					lost.Add(1)
				}
			})
		}
		next := key(9)
		for _, ring := range [][][]byte{{testKey, next}, {next, testKey}, {next}} {
			for _, m := range all {
				if err := m.UseKeys(ring); err != nil {
					t.Fatal(err)
				}
				time.Sleep(1500 * time.Millisecond) // an operator walks over the nodes
			}
		}
		time.Sleep(10 * time.Second)
		if !allSee(all, 6)() || lost.Load() > 0 {
			t.Errorf("nodes were lost %d times", lost.Load())
		}
		// Who comes with the old key stays out, who has the new one is taken.
		late, err := Start(Config{Self: testNode(6), Transport: f.listen(fabricAddr(6)), Keys: [][]byte{next}, Label: "test", Seeds: func() []string { return []string{fabricAddr(0)} }})
		if err != nil {
			t.Fatal(err)
		}
		closeLater(t, late)
		old := f.start(t, 7)
		within(t, 20*time.Second, "late", allSee(append(all, late), 7))
		if len(old.Nodes()) != 1 {
			t.Error("the old key still opens")
		}
	})
}

func TestNodesAreTakenFromAllowedNetworksOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(10 * time.Millisecond)
		allow := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/30"), netip.MustParsePrefix("2001:db8::/32")}
		var all []*Members
		for i := range 4 { // 10.0.0.1 to 10.0.0.4, the last outside
			m, err := Start(Config{Self: testNode(i), Transport: f.listen(fabricAddr(i)), Keys: [][]byte{testKey}, Allow: allow[:min(2, 4*(3-i))],
				Seeds: func() []string { return []string{fabricAddr(0)} }})
			if err != nil {
				t.Fatal(err)
			}
			closeLater(t, m)
			all = append(all, m)
		}
		t.Cleanup(func() { time.Sleep(time.Minute) })
		within(t, 20*time.Second, "join", allSee(all[:3], 3))
		time.Sleep(20 * time.Second)
		if !allSee(all[:3], 3)() {
			t.Error("a node of a foreign network was taken")
		}
	})
}

func TestNetworksAreGivenAsTheLibraryWantsThem(t *testing.T) {
	c := memberlist.Config{CIDRsAllowed: networks([]netip.Prefix{netip.MustParsePrefix("10.1.2.3/16"), netip.MustParsePrefix("2001:db8::/32")})}
	for address, want := range map[string]bool{"10.1.255.1": true, "10.2.0.1": false, "2001:db8:1::1": true, "2001:db9::1": false} {
		if got := c.IPAllowed(netip.MustParseAddr(address).AsSlice()) == nil; got != want {
			t.Errorf("%s is allowed: %v", address, got)
		}
	}
	if networks(nil) != nil {
		t.Error("no network is not any")
	}
}
