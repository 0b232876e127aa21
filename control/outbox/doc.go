// Package outbox is a durable queue on an edge's own disk, and the delivery of what is in it to control.
//
// [Outbox] keeps entries in segments, each entry with a CRC-32C. An entry is acknowledged when an fsync covers
// it; many share one, at most every 20 ms. Entries come out in order, and again until they were acked, also
// after a crash. The queue is bounded: when it is full the oldest entries are given up, counted and logged.
// After a failed fsync it takes nothing more until the process starts anew; what is on disk still goes out.
//
// [Delivery] posts the lines of history (control/history/record) to control and acks what control has kept.
//
// The package does not know what happened in a meeting. It is not for state that must be found again: an entry
// is read once, by the one who delivers it.
package outbox
