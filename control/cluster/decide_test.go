package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func peer(node string) Peer {
	return Peer{Node: node, Born: node + "-1", Raft: node + ":7901", Flags: "f"}
}

func in(p Peer, r *Record) Peer {
	p.Record = r
	return p
}

func led(p Peer) Peer {
	p.Leader = "a"
	return p
}

func record(id string, nodes ...string) *Record {
	r := &Record{ID: id}
	for _, n := range nodes {
		r.Founders = append(r.Founders, Founder{Node: n, Born: n + "-1", Raft: n + ":7901"})
	}
	return r
}

func answers(peers ...Peer) (out []Answer) {
	for i, p := range peers {
		a := Answer{Addr: fmt.Sprintf("addr-%d", i), Peer: p}
		if p.Node == "" {
			a.Err = errors.New("nobody")
		}
		out = append(out, a)
	}
	return out
}

func TestDecide(t *testing.T) {
	a, b, c, silent := peer("a"), peer("b"), peer("c"), Peer{}
	wiped := b
	wiped.Born = "b-2"
	unborn := b
	unborn.Born = ""
	otherFlags := c
	otherFlags.Flags = "g"
	three := record("r", "a", "b", "c")
	for name, test := range map[string]struct {
		self    Peer
		expect  int
		answers []Answer
		verb    Verb
		says    string // of Why, or Via
	}{
		"all there, smallest id":            {a, 3, answers(a, b, c), Found, ""},
		"in any order of the list":          {a, 3, answers(c, a, b), Found, ""},
		"all there, another is smaller":     {b, 3, answers(a, b, c), Wait, "a is about to found"},
		"one is silent":                     {a, 3, answers(a, silent, c), Wait, "addr-1 does not answer"},
		"one beyond the founders is silent": {a, 2, answers(a, b, silent), Wait, "addr-2 does not answer"},
		"two of a name":                     {a, 3, answers(a, b, wiped), Wait, "two of the addresses lead to nodes called b"},
		"one does not know itself yet":      {a, 3, answers(a, unborn, c), Wait, "addr-1 does not say who it is"},
		"an address twice":                  {a, 3, answers(a, b, b), Wait, "nodes called b"},
		"set differently":                   {a, 3, answers(a, b, otherFlags), Wait, "c at addr-2 has another bootstrap_expect"},
		"too few addresses":                 {a, 3, answers(a, b), Wait, "3 nodes are expected, 2 addresses"},
		"one alone of a list":               {a, 1, answers(a, b, c), Found, ""},
		"the others of such a list":         {b, 1, answers(a, b, c), Wait, "not among those that found"},
		"expects nothing":                   {a, 0, answers(a, b, c), Wait, "no node of the list is in a cluster"},
		"named by a record":                 {b, 3, answers(in(a, three), b, c), Adopt, ""},
		"named, and others are silent":      {b, 3, answers(in(a, three), b, silent), Adopt, ""},
		"named, but wiped since":            {wiped, 3, answers(in(a, three), wiped, in(c, three)), Join, "addr-0"},
		"by the one that has a leader":      {wiped, 3, answers(in(a, three), wiped, led(in(c, three))), Join, "addr-2"},
		"a newcomer":                        {peer("d"), 0, answers(silent, in(b, three), silent), Join, "addr-1"},
		"a fourth with the same flags":      {peer("d"), 3, answers(in(a, three), in(b, three), in(c, three), peer("d")), Join, "addr-0"},
		"no second cluster beside one":      {a, 3, answers(a, b, in(c, record("q", "c"))), Join, "addr-2"},
		"two clusters":                      {a, 3, answers(a, in(b, record("p", "b")), in(c, record("q", "c"))), Wait, "addr-1 and addr-2 are in different clusters"},
		"two clusters, one of which ours":   {a, 3, answers(a, in(b, three), in(c, record("q", "c"))), Wait, "different clusters"},
	} {
		step := Decide(test.self, test.expect, test.answers)
		if step.Verb != test.verb || !strings.Contains(step.Why+step.Via, test.says) {
			t.Errorf("%s: %+v", name, step)
		}
		if step.Verb == Found && step.Founders[0].Node != test.self.Node {
			t.Errorf("%s: founders %v", name, step.Founders)
		}
	}
}

// world is a world of nodes that start, decide, lose their disks and hear each other or not.
type world struct {
	expect int
	nodes  []Peer
	births int
}

func (w *world) ask(t *rapid.T, self int) []Answer {
	var out []Answer
	for i, p := range w.nodes {
		a := Answer{Addr: p.Node, Peer: p}
		if i != self && rapid.IntRange(0, 3).Draw(t, "deaf") == 0 {
			a.Peer, a.Err = Peer{}, errors.New("lost")
		}
		out = append(out, a)
	}
	return out
}

// alive tells whether somebody still has a disk of a cluster.
func (w *world) alive() bool {
	return slices.ContainsFunc(w.nodes, func(p Peer) bool { return p.Record != nil })
}

// Whatever nodes hear of each other and whenever they decide, there is never a second cluster while any disk
// remembers the first.
func TestNeverTwoClusters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{expect: rapid.IntRange(1, 4).Draw(t, "expect")}
		for i := range rapid.IntRange(w.expect, 5).Draw(t, "nodes") {
			w.nodes = append(w.nodes, peer(string(rune('a'+i))))
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, len(w.nodes)-1).Draw(t, "who")
			self := &w.nodes[i]
			if rapid.IntRange(0, 9).Draw(t, "wiped") == 0 {
				w.births++
				self.Born, self.Record = fmt.Sprintf("%s-new-%d", self.Node, w.births), nil
				continue
			}
			if self.Record != nil {
				continue
			}
			switch step := Decide(*self, w.expect, w.ask(t, i)); step.Verb {
			case Found:
				if w.alive() {
					t.Fatalf("%s founds a cluster beside another: %+v", self.Node, w.nodes)
				}
				self.Record = &Record{ID: NewID(), Founders: step.Founders}
			case Adopt:
				if !step.Record.Names(self.Node, self.Born) {
					t.Fatalf("%s takes a part that is not its own", self.Node)
				}
				self.Record = &step.Record
			case Join:
				self.Record = &step.Record
			}
		}
	})
}
