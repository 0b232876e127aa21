// Package signal is how the outside talks to an edge: the WebSocket protocol of
// the meeting page (PROTOCOL.md) and the standard HTTP ways to publish and to
// play, WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep).
//
// It translates: bytes become requests to a Host, its answers and events become
// messages. It decides nothing about rooms and touches no media.
package signal
