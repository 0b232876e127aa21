// Package allocation divides what one subscriber can receive over the videos
// that its layout shows: for every slot the layer to forward, or that it is
// paused, and why.
//
// It is arithmetic with a little memory. It neither estimates bandwidth nor
// forwards, knows no audio (the caller subtracts it before, so that it never
// starves) and has no goroutine, lock or clock. DESIGN.md tells the phases.
package allocation
