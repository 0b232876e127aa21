// Package codec reads and rewrites what codecs put at the start of an RTP
// payload, and what describes their frames in header extensions, as far as a
// node that forwards needs it: where frames begin and end, what can be decoded
// from here on, which layer a packet belongs to, and the few numbers that must
// be continuous at the receiver.
//
// It decodes no picture, assembles no frame, and knows neither RTP headers nor
// who sends or receives. The only state is the Structure of a Dependency
// Descriptor, which its caller owns. Functions may be called from anywhere
// and, but for growing a dst that is too short, allocate nothing; only payloads
// of redundant audio alias the packet.
package codec
