package geo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var testKey = bytes.Repeat([]byte{7}, KeySize)

func testNode(i int) Node {
	return Node{
		ID: NodeID(fmt.Sprintf("n%02d", i)), POP: POP(fmt.Sprintf("p%d", i/2)), Region: "eu", Role: RoleEdge,
		URL: fmt.Sprintf("http://127.0.0.1:%d", 8080+i), Relay: fmt.Sprintf("127.0.0.1:%d", 9000+i), Version: "test",
	}
}

// start runs node i on the fabric, with the first two nodes as seeds.
func (f *fabric) start(t *testing.T, i int) *Members {
	t.Helper()
	return f.startAt(t, i, fabricAddr(i))
}

func (f *fabric) startAt(t *testing.T, i int, addr string) *Members {
	t.Helper()
	// Registered first, so done last: memberlist's timers run out inside the
	// bubble, once, when nobody is left to make new ones.
	f.once.Do(func() { t.Cleanup(func() { time.Sleep(time.Minute) }) })
	m, err := Start(Config{
		Self: testNode(i), Transport: f.listen(addr), Keys: [][]byte{testKey}, Label: "test",
		Seeds: func() []string { return []string{fabricAddr(0), fabricAddr(1)} },
	})
	if err != nil {
		t.Fatal(err)
	}
	closeLater(t, m)
	return m
}

// closeLater closes a member at the end of its test.
func closeLater(t *testing.T, m *Members) {
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if err := m.Close(); err != nil {
			t.Error("a second Close:", err)
		}
	})
}

// within waits in simulated time until ok, and returns how long that took.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			t.Fatalf("%s: not within %v", what, limit)
		}
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(began)
}

func allSee(all []*Members, n int) func() bool {
	return func() bool {
		for _, m := range all {
			if len(m.Nodes()) != n {
				return false
			}
		}
		return true
	}
}

// A node that falls silent, with neither a word nor a refusal from its
// address, is gone everywhere within the promised time, at any size.
func TestSilentDeath(t *testing.T) {
	for _, n := range []int{2, 3, 12} {
		for _, delay := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond} {
			t.Run(fmt.Sprintf("%d nodes %v", n, delay), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFabric(delay)
					var all []*Members
					for i := range n {
						all = append(all, f.start(t, i))
					}
					joined := within(t, 20*time.Second, "join", allSee(all, n))
					time.Sleep(time.Duration(rand.N(int64(5 * time.Second))))

					dead := fabricAddr(n - 1)
					f.sever(func(from, to string) bool { return from == dead || to == dead })
					took := within(t, 10*time.Second, "death", allSee(all[:n-1], n-1))
					t.Logf("joined after %v, death seen by all after %v", joined, took)
				})
			})
		}
	}
}

// So is a POP that takes a third of all nodes with it.
func TestSilentDeathOfAPOP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(40 * time.Millisecond)
		var all []*Members
		gone := make(map[string]bool)
		for i := range 12 {
			all = append(all, f.start(t, i))
			gone[fabricAddr(i)] = i >= 8
		}
		within(t, 20*time.Second, "join", allSee(all, 12))
		f.sever(func(from, to string) bool { return gone[from] || gone[to] })
		took := within(t, 10*time.Second, "death", allSee(all[:8], 8))
		t.Logf("seen by all after %v", took)
	})
}

// Loss and delay alone kill nobody.
func TestLossIsNoDeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(100 * time.Millisecond)
		f.loss = 0.05
		var all []*Members
		for i := range 12 {
			all = append(all, f.start(t, i))
		}
		within(t, 20*time.Second, "join", allSee(all, 12))
		for range 60 {
			time.Sleep(time.Second)
			for _, m := range all {
				if got := len(m.Nodes()); got != 12 {
					t.Fatalf("%s sees %d nodes", m.Self().ID, got)
				}
			}
		}
	})
}

// A cut longer than the dead are remembered by memberlist heals.
func TestPartitionHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(30 * time.Millisecond)
		var all []*Members
		side := make(map[string]bool)
		for i := range 12 {
			all = append(all, f.start(t, i))
			side[fabricAddr(i)] = i < 5
		}
		within(t, 20*time.Second, "join", allSee(all, 12))
		f.sever(func(from, to string) bool { return side[from] != side[to] })
		within(t, 20*time.Second, "cut", func() bool { return allSee(all[:5], 5)() && allSee(all[5:], 7)() })
		time.Sleep(60 * time.Second)
		f.sever(nil)
		took := within(t, 30*time.Second, "heal", allSee(all, 12))
		t.Logf("healed after %v", took)
		for range 20 { // and stays
			time.Sleep(time.Second)
			if !allSee(all, 12)() {
				t.Fatal("a node was lost again after the cut had healed")
			}
		}
	})
}

func TestLeaveIsImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(100 * time.Millisecond)
		var all []*Members
		for i := range 12 {
			all = append(all, f.start(t, i))
		}
		within(t, 20*time.Second, "join", allSee(all, 12))
		left := make(chan error, 1)
		go func() { left <- all[4].Leave(5 * time.Second) }()
		rest := append(append([]*Members(nil), all[:4]...), all[5:]...)
		took := within(t, 2*time.Second, "leave", allSee(rest, 11))
		t.Logf("leave seen by all after %v", took)
		if err := <-left; err != nil {
			t.Error(err)
		}
		if err := all[4].Leave(time.Second); err != nil {
			t.Error("a second Leave:", err)
		}
		if err := all[4].Close(); err != nil {
			t.Error(err)
		}
		if err := all[4].Leave(time.Second); err == nil {
			t.Error("Leave after Close succeeded")
		}
	})
}

// A node killed and started again elsewhere under its id is taken in under the
// new address; at the same address the new metadata counts.
func TestRestart(t *testing.T) {
	for name, addr := range map[string]string{"new address": "10.0.9.9:7946", "same address": fabricAddr(5)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFabric(20 * time.Millisecond)
				var all []*Members
				for i := range 6 {
					all = append(all, f.start(t, i))
				}
				within(t, 20*time.Second, "join", allSee(all, 6))
				all[5].SetDraining(true)
				within(t, 3*time.Second, "draining", func() bool { n, _ := all[0].Lookup("n05"); return n.Draining })
				if err := all[5].Close(); err != nil { // without a word
					t.Fatal(err)
				}
				all[5] = f.startAt(t, 5, addr)
				started := all[5].Self().Started.UnixMilli()
				took := within(t, 20*time.Second, "return", func() bool {
					for _, m := range all {
						n, ok := m.Lookup("n05")
						if !ok || n.Started.UnixMilli() != started || n.Draining || len(m.Nodes()) != 6 {
							return false
						}
					}
					return true
				})
				t.Logf("taken in again after %v", took)
				time.Sleep(30 * time.Second)
				if !allSee(all, 6)() {
					t.Error("the restarted node did not stay")
				}
			})
		})
	}
}

func TestStateTravels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(50 * time.Millisecond)
		var all []*Members
		for i := range 5 {
			all = append(all, f.start(t, i))
		}
		within(t, 20*time.Second, "join", allSee(all, 5))
		calls := 0
		all[0].OnChange(func() { calls++ })
		synctest.Wait()
		all[3].SetLoad(0.5, true)
		took := within(t, 3*time.Second, "load", func() bool {
			n, _ := all[0].Lookup("n03")
			return n.Full && n.Load > 0.49 && n.Load < 0.51
		})
		t.Logf("full seen after %v", took)
		if calls == 0 {
			t.Error("nobody was told of the change")
		}
		all[3].SetLoad(0.9, true)
		within(t, 4*time.Second, "load alone", func() bool { n, _ := all[1].Lookup("n03"); return n.Load > 0.89 })

		// Somebody who joins later learns what was said before.
		late := f.start(t, 5)
		all = append(all, late)
		within(t, 10*time.Second, "late", func() bool {
			n, _ := late.Lookup("n03")
			return n.Full && n.Load > 0.89 && n.POP == "p1" && n.URL != "" && n.Relay != "" && n.Role == RoleEdge
		})
		// After a minute of probes the estimate is near the truth, 100 ms.
		time.Sleep(time.Minute)
		d, ok := all[0].RTT("n01", "n03")
		if !ok || d < 70*time.Millisecond || d > 130*time.Millisecond {
			t.Errorf("estimated round trip %v, %v", d, ok)
		}
		if d, ok := all[0].RTT("n01", "n01"); !ok || d != 0 {
			t.Errorf("round trip to itself %v, %v", d, ok)
		}
		if _, ok := all[0].RTT("n01", "nobody"); ok {
			t.Error("a round trip to nobody")
		}
	})
}

func TestForeignersStayOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(time.Millisecond)
		a, b := f.start(t, 0), f.start(t, 1)
		seeds := func() []string { return []string{fabricAddr(0)} }
		wrongKey, err := Start(Config{Self: testNode(2), Transport: f.listen(fabricAddr(2)),
			Keys: [][]byte{bytes.Repeat([]byte{8}, KeySize)}, Label: "test", Seeds: seeds})
		if err != nil {
			t.Fatal(err)
		}
		wrongLabel, err := Start(Config{Self: testNode(3), Transport: f.listen(fabricAddr(3)),
			Keys: [][]byte{testKey}, Label: "other", Seeds: seeds})
		if err != nil {
			t.Fatal(err)
		}
		within(t, 10*time.Second, "join", allSee([]*Members{a, b}, 2))
		time.Sleep(30 * time.Second)
		for _, m := range []*Members{a, b} {
			if len(m.Nodes()) != 2 {
				t.Errorf("%s sees %v", m.Self().ID, m.Nodes())
			}
		}
		closeLater(t, wrongKey)
		closeLater(t, wrongLabel)
	})
}

func TestTimingAddsUp(t *testing.T) {
	// As described above the constants, for 12 nodes (log10 12 = 1.08).
	ripe := time.Duration(1.08 * suspicionMult * float64(probeInterval))
	usual := probeInterval + probeInterval + ripe + 2*gossipInterval
	unlucky := 2*probeInterval + awarenessMax*probeInterval + suspicionMaxMult*ripe + 3*gossipInterval
	pop := 5*probeInterval + probeInterval + suspicionMaxMult*ripe + 3*gossipInterval
	if usual > 4200*time.Millisecond || unlucky > 8*time.Second || pop > 10*time.Second {
		t.Errorf("usual %v, unlucky %v, a third of all %v", usual, unlucky, pop)
	}
	// Detours take two round trips and have to fit behind the direct probe.
	if rtt := 200 * time.Millisecond; probeTimeout <= rtt || probeInterval-probeTimeout < 2*rtt {
		t.Error("no room for a round trip of 200 ms")
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Self: testNode(0), Bind: "127.0.0.1:0", Keys: [][]byte{testKey}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Config){
		"id":                func(c *Config) { c.Self.ID = "Frankfurt 1" },
		"pop":               func(c *Config) { c.Self.POP = "" },
		"role":              func(c *Config) { c.Self.Role = "boss" },
		"url":               func(c *Config) { c.Self.URL = "javascript:alert(1)" },
		"relay":             func(c *Config) { c.Self.Relay = "host" },
		"cluster":           func(c *Config) { c.Self.Cluster = "host:99999" },
		"gossip key":        func(c *Config) { c.Keys = [][]byte{testKey, testKey[:16]} },
		"no gossip key":     func(c *Config) { c.Keys = nil },
		"label":             func(c *Config) { c.Label = strings.Repeat("x", 300) },
		"bind address":      func(c *Config) { c.Bind = "localhost" },
		"advertised":        func(c *Config) { c.Bind = "[::]:7946" },
		"at most 512":       func(c *Config) { c.Self.Region = strings.Repeat("x", 600) },
		"region or version": func(c *Config) { c.Self.Version = "a\nb" },
		"http or https":     func(c *Config) { c.Self.URL = "https://user:pw@host/" },
		"printable":         func(c *Config) { c.Self.Region = "\xff" },
		"1 to 63":           func(c *Config) { c.Self.ID = "" },
		"must be control ":  func(c *Config) { c.Self.Role = "" },
	} {
		c := good
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := Start(c); err == nil {
			t.Errorf("%s: started", want)
		}
	}
}
