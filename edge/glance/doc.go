// Package glance is what an edge tells of itself to another that draws a picture of the
// network for an operator: its links, its rooms in numbers, and how the tracks of one
// room come to it.
//
// It names nobody: people are counts, and of tracks only the kind is told. It gathers
// nothing and draws nothing; see package ops/picture for the whole of the network.
package glance
