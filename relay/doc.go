// Package relay links the nodes of the network: one logical link per pair, made of
// mutually authenticated QUIC connections, over which a node subscribes to single tracks
// of another, and the layers above exchange messages and calls.
//
// A Mesh owns the relay socket and all links. A link is dialled when something is first
// asked of a peer, and re-dialled on demand after it was lost. Media travels in short
// unidirectional streams by class, spread over a pool of connections, so that a lost
// datagram delays the packets in it and no others. Where both ends can and they arrive,
// sealed datagrams on the same socket take over (relay/sealed). The frames are in
// relay/wire.
//
// The package does not know rooms, RTP sessions or who may subscribe to what: it asks
// Config.Tracks. A track may also come over a third node, which passes it on without
// knowing it: a course is how it comes, Config.Route says from where, and a link that
// falls silent is bypassed long before it is given up.
//
// The package repairs nothing end to end: what was queued on a link that died is lost,
// the receivers are told why, and the layers above resync.
package relay
