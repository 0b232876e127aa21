// Package wire is the codec of the frames that two nodes exchange over a relay link.
//
// It is a leaf: it turns values into bytes and bytes into values, with explicit limits on
// every field, and knows neither sockets, QUIC, clocks nor who may speak to whom. What
// the frames mean, and in which order they travel on which stream, is in ../DESIGN.md.
//
// Numbers are big-endian. A control frame is a type byte, a length of four bytes and a
// body; a body may be longer than this version knows, the rest is ignored, so that a
// later minor change can append fields. Media travels in bundles (see AppendBundleHeader
// and AppendMedia) and is encoded and decoded without allocation.
package wire
