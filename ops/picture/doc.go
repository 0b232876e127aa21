// Package picture puts together what the edges say of themselves to one picture of the
// network: its nodes and where they stand, the links between them in both directions,
// its rooms, and the ways of the tracks of one room.
//
// It is pure: it asks nobody and draws nothing. Package edge asks, ops/picture/wall and
// the command meridian net draw.
package picture
