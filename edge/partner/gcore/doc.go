// Package gcore is what G-Core's partners call of an edge, in their words: the
// calls about live rooms. It reads and writes names; who may call is judged by
// edge/callers, and what happens to a room by edge/room.
package gcore
