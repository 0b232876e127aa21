// Package room is the room plane of an edge node: who is in a live room, what
// state they are in, and the chat, agreed between all nodes that hold a
// participant of it.
//
// [Core] is the pure state machine: commands in, events out, time as an
// argument. [Plane] owns the cores of one node, one goroutine per room, and
// keeps them equal between nodes: one home decides, leaves and a standby follow.
//
// A room's home also tells what happened in it, as records of history that the
// caller's [Recorder] keeps, and where it is, to the caller's [Placer].
//
// The package knows nothing of media packets, sockets, tokens or the entry
// decision: who calls [Plane.Join] has already decided that the person may come
// in, and the network between nodes is the caller's [Peers].
package room
