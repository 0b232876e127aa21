// Package entry makes the entry decision: settings, attributes and what was
// signed go in; who is admitted as what and what is still to be done, or why
// not, comes out.
//
// It is pure, and the same for every way into a room (page, WebSocket, WHIP)
// and every source (our own page and the facades), which differ by a table. It
// verifies no signature (control/token does), compares no password, counts
// nobody (the room's home reserves places), asks no partner's server, and
// imports nothing else of this repository.
package entry
