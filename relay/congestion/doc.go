// Package congestion says how much may be sent over a link between two nodes, and which
// layers of its tracks to let through.
//
// A Controller takes in what was sent and what the other end reports every 20 ms, and
// gives out a rate. It keeps the queue of the bottleneck short as long as others let it,
// and holds a share beside flows that fill the queue. A Shed divides the rate: audio
// always, then cameras and screens without their highest layers.
//
// The package sends, paces and forwards nothing, and knows neither frames nor streams. It
// has no goroutine, lock, clock or socket. Times are of one clock of the sender and need
// not be monotonic. Rates are in bit/s and count the same bytes everywhere; which bytes,
// with or without headers, is the caller's choice.
package congestion
