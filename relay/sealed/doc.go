// Package sealed carries media between two nodes in datagrams of its own, beside the
// QUIC connection that made the keys: sealed with AES-128-GCM, filled as a byte stream,
// with parity by measured bursts of loss, repair on request, and audio sent twice.
//
// It is a pure core: a Sender turns records into datagrams, a Receiver datagrams into
// records and receipts. It knows neither sockets, clocks, goroutines nor locks; time is
// an argument, counted from any origin that stays the same. Who owns a Sender or a
// Receiver serialises the calls.
//
// The package does not decide how fast to send (the owner's pacer does, from Feedback),
// puts nothing into order (a record carries what it needs), and does not replace QUIC:
// Reach says whether datagrams arrive, and while they do not, media goes there. The wire
// format is in ../DESIGN.md.
package sealed
