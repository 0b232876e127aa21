// Package tree plans over which nodes the tracks of an origin reach the nodes of a room:
// directly, through a node of the same site or region that has them anyway, or over a
// detour that is clearly better.
//
// It is arithmetic over what a node knows: no clock, no goroutine, no socket. Every node
// computes the plan for itself and takes from it only its own parents, so there is
// nothing to agree on; what different views of the network do to each other is caught by
// the path that each subscription carries. The package subscribes to nothing, and does
// not know which tracks there are or who wants which layer: the tracks of one origin in
// one room share a plan, and a branch that nobody asks for carries nothing.
package tree
