// Package fleet is Meridian on a wide-area network within one machine: a
// control node, an edge in each POP, and people near them, every one a process
// or at least a host of its own in testbed/wan/netns, so that a POP can die, fall
// silent, lose links, and come back.
//
// Nodes are the real binary with files as an operator writes them. People are
// testbed/client, in this process, on sockets of their hosts; a person whose node
// is gone comes back elsewhere by the rules of the page. What many nodes do in
// simulated time is testbed/scenario; several control nodes are testbed/voters.
package fleet
