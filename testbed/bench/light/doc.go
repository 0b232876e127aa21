//go:build linux

// Package light is a WebRTC client that costs far less than a browser or a
// PeerConnection: a controlling ICE agent that knows one pair, DTLS by pion,
// keys for SRTP, and the feedback a browser sends. Hundreds of clients share a
// few sockets, each with an address of its own in 127.0.0.0/8, so that a load
// generator leaves the machine to the server it measures.
//
// It counts every packet by its clear header, decrypts only a sample and
// decodes nothing. It is no client for networks: it has no gathering, no
// relays, no nomination among pairs, and takes no data channels.
package light
