// Package scenario runs a whole network inside a testing/synctest bubble: a
// control node, three POPs and pion clients, with every socket on
// testbed/simnet, so that a minute of partition takes seconds and what arrives
// when depends on no machine.
//
// It is for what needs time, loss or partitions across all parts at once. What
// one part does alone is tested beside it, and what needs separate processes in
// testbed/journey.
package scenario
