// Package edge is one edge node: it wires a participant's transport (edge/rtc),
// the forwarder (edge/sfu), the room plane (edge/room), the tracks of the node
// (edge/tracks), relay links, TURN and signalling (edge/signal) into something
// that people can join.
//
// It is the place where planes meet and holds no logic of any of them: media
// rules live in edge/sfu, who is present in edge/room, who may enter in
// control/entry, what crosses the network in relay.
package edge
