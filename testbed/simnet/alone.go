//go:build !race

package simnet

// Alone does nothing without the race detector.
func Alone() {}
