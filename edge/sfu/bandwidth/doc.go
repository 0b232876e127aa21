// Package bandwidth estimates how much may be sent to one subscriber.
//
// It takes in what was sent and what came of it (transport-wide feedback, or
// receiver reports where there is none), and gives out a target in bits per
// second, why it is what it is, and wishes for probes. Delay is read as in
// draft-ietf-rmcat-gcc (groups of packets, a trend line, an adaptive
// threshold, additive and multiplicative steps), and probes find again what
// congestion took.
//
// It divides nothing (that is the allocator's), paces nothing and sends
// nothing; it has no goroutine, lock, clock or socket. Times are of one
// monotonic clock of the node. Bitrates and sizes count whole packets as the
// sender sees them, the same way everywhere.
package bandwidth
