//go:build race

package simnet

import "runtime"

// Alone has the goroutines of this process take turns on one processor, where
// the race detector watches; call it before tests that run in bubbles. A bubble
// has one context of the detector for all its timers, and a goroutine that reads
// a channel timer late fires it itself: two at a time, and the detector ends the
// process with "CHECK failed: tsan_rtl.cpp" (golang/go#78156). Turns hide no data
// race, since the detector asks what happens before what, not what happens at once.
func Alone() { runtime.GOMAXPROCS(1) }
