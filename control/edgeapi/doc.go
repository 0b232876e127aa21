// Package edgeapi is what edges have decided by the leader: where rooms have their home, who used a token first, and
// what a token that serves once is exchanged for. It holds both ends' words and the leader's handler.
//
// Edges reach it over the cluster listener with their node's certificate. It is on the path of no join that an edge
// can decide, serves no tenant, and keeps nothing but what it proposes to the state.
package edgeapi
