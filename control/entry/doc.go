// Package entry makes the entry decision: settings, attributes and what was
// signed go in; who is admitted as what, or why not, comes out.
//
// It is pure. It verifies no signature (control/token does), counts nobody
// (capacity is reserved by the room's home), asks no partner's server, and
// imports nothing else of this repository. Every way into a room, page,
// WebSocket or WHIP, goes through Decide.
package entry
