// Package path is what a wide-area network does to packets, on paper: links
// with delay, jitter, loss, a rate and a queue, paths that are cut one way or
// both, hosts that fall silent.
//
// A packet goes in with the time, and comes out when it is due, or is dropped
// for a stated reason. There is no clock, goroutine, lock or socket in it, and a
// seed repeats every draw; testbed/wan/netns moves the packets. What TCP does
// with a path is TCP's business: segments are packets here, unlike in
// testbed/simnet, whose streams are modelled by their effect.
package path
