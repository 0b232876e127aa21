package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// Peer is what a control node says of itself to another.
type Peer struct {
	Node   string  `json:"node"`
	Born   string  `json:"born"`
	Raft   string  `json:"raft"`            // address for Raft streams
	Flags  string  `json:"flags,omitempty"` // digest of what must be set alike everywhere
	Record *Record `json:"record,omitempty"`

	// Of a node that runs: the leader it knows, and the newest command it has applied.
	Leader string `json:"leader,omitempty"`
	Index  uint64 `json:"index,omitempty"`
}

// Answer is what one address of the list gave.
type Answer struct {
	Addr string
	Peer Peer
	Err  error // nobody answered there
}

// Verb is what a node without a cluster does next.
type Verb int

const (
	// Wait and ask again.
	Wait Verb = iota
	// Found a cluster with the founders of the step.
	Found
	// Adopt a record that names this node as a founder.
	Adopt
	// Join a cluster by asking at an address.
	Join
)

// Step is a decision.
type Step struct {
	Verb     Verb
	Why      string    // of Wait, for people
	Founders []Founder // of Found
	Record   Record    // of Adopt and Join
	Via      string    // of Join
}

// Decide tells a node without a cluster what to do, from what all addresses of its list answered, in the
// list's order. The first expect addresses found; expect = 0 never founds. It never gives Found to two nodes
// whose lists are alike, nor to any while an address is silent, which may be the last that remembers a cluster.
func Decide(self Peer, expect int, answers []Answer) Step {
	if step, ok := existing(self, answers); ok {
		return step
	}
	if expect == 0 {
		return Step{Why: "no node of the list is in a cluster"}
	}
	if len(answers) < expect {
		return Step{Why: fmt.Sprintf("%d nodes are expected, %d addresses are listed", expect, len(answers))}
	}
	for _, a := range answers {
		if a.Err != nil {
			return Step{Why: fmt.Sprintf("%s does not answer: %v", a.Addr, a.Err)}
		}
		if a.Peer.Node == "" || a.Peer.Born == "" { // a record that names nobody would shut it out
			return Step{Why: fmt.Sprintf("%s does not say who it is", a.Addr)}
		}
	}
	founders, why := founding(self, answers[:expect])
	switch {
	case why != "":
		return Step{Why: why}
	case founders[0].Node != self.Node:
		return Step{Why: founders[0].Node + " is about to found the cluster"}
	}
	return Step{Verb: Found, Founders: founders}
}

// existing looks for a cluster that somebody is in.
func existing(self Peer, answers []Answer) (Step, bool) {
	var step Step
	for _, a := range answers {
		r := a.Peer.Record
		switch {
		case a.Err != nil || r == nil:
			continue
		case step.Record.ID != "" && step.Record.ID != r.ID:
			return Step{Why: fmt.Sprintf("%s and %s are in different clusters", step.Via, a.Addr)}, true
		case step.Record.ID == "" || a.Peer.Leader != "": // one that has a leader can pass the word on
			step = Step{Verb: Join, Record: *r, Via: a.Addr}
		}
	}
	if step.Record.Names(self.Node, self.Born) {
		step.Verb, step.Via = Adopt, ""
	}
	return step, step.Verb != Wait
}

// founding is who founds, in the order of ids, or why nobody does yet.
func founding(self Peer, answers []Answer) (founders []Founder, why string) {
	for _, a := range answers {
		if a.Peer.Flags != self.Flags {
			return nil, fmt.Sprintf("%s at %s has another bootstrap_expect, or another list or order in join", a.Peer.Node, a.Addr)
		}
		founders = append(founders, Founder{a.Peer.Node, a.Peer.Born, a.Peer.Raft})
	}
	slices.SortFunc(founders, func(a, b Founder) int { return strings.Compare(a.Node, b.Node) })
	for i := 1; i < len(founders); i++ {
		if founders[i].Node == founders[i-1].Node {
			return nil, fmt.Sprintf("two of the addresses lead to nodes called %s", founders[i].Node)
		}
	}
	if !(Record{Founders: founders}).Names(self.Node, self.Born) {
		return nil, "this node is not among those that found; it joins them"
	}
	return founders, ""
}
