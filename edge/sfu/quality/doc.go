// Package quality judges how well media travels between one client and its
// node: a score like a mean opinion score for each direction, its class, and
// the cause that keeps it from being better.
//
// Once a second a Judge takes a Sample of one direction, which says of every
// sound and video what arrived and what was wanted. Each loses points of the
// E-model's transmission rating (ITU-T G.107); the worst of them is the
// direction's. A median and a margin keep verdicts from flapping.
//
// It is arithmetic with a little memory: no goroutine, lock or clock. It
// measures nothing itself, and knows no packets, slots or people. DESIGN.md
// tells why the points are what they are.
package quality
