// Package rtc is a participant's media transport: it answers an SDP offer,
// then carries RTP and RTCP between that client and the tracks of edge/sfu
// over ICE, DTLS and SRTP on the node's one UDP socket, or on a TCP connection
// where UDP does not reach the client.
//
// A section of the offer in which the client may send becomes an Up with an
// sfu.UpTrack, a section in which it only receives becomes a Down (a slot)
// with an sfu.DownTrack. What is switched to what is decided by others: the
// package knows no rooms, people or signalling, and no type of the libraries
// beneath it appears in its interface. See DESIGN.md.
package rtc

import (
	"errors"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

var (
	// ErrBadOffer is returned when an offer cannot be answered; it wraps the
	// reason, which is safe to show to the client.
	ErrBadOffer = errors.New("bad offer")
	// ErrUnknownUfrag is returned when a trickle fragment belongs to no
	// current ICE generation of the transport (RFC 8840 section 4.4).
	ErrUnknownUfrag = errors.New("unknown ice-ufrag")
	// ErrClosed is returned when an Engine or a Transport is closed; it is
	// also the cause when Close was given none.
	ErrClosed = errors.New("transport closed")
	// ErrConnectTimeout is the cause when ICE and DTLS were not done in time.
	ErrConnectTimeout = errors.New("connect timeout")
	// ErrICEFailed is the cause when the client fell silent: neither checks
	// nor media arrived for Config.ConsentTimeout.
	ErrICEFailed = errors.New("consent lost")
	// ErrDTLS is the cause when the handshake failed, a foreign certificate
	// included.
	ErrDTLS = errors.New("dtls failed")
	// ErrClientClosed is the cause when the client ended DTLS itself, as a
	// browser does when its page goes away.
	ErrClientClosed = errors.New("closed by the client")
	// ErrFlood is the cause when the client asked for more packets, keyframes
	// or RTCP than any honest one can need, for ten seconds in a row, or sent
	// under more SSRCs.
	ErrFlood = errors.New("flood of feedback")
	// ErrSilent is the cause when the client was sent media for 30 s and,
	// against what it offered, reported on none of it.
	ErrSilent = errors.New("no feedback")
)

// Limits of what a client may offer. They bound memory, not usefulness: the
// largest honest offer (49 video slots in Chromium) is 248 KiB.
const (
	maxSDP           = 256 << 10
	maxSections      = 64
	maxCandidates    = 256
	maxSSRCs         = 128 // learned by mid, per transport
	defaultVideo     = 49
	defaultAudio     = 8
	connectTimeout   = 15 * time.Second
	consentTimeout   = 20 * time.Second
	tickEvery        = 20 * time.Millisecond
	reportEvery      = time.Second
	congestionEvery  = 100 * time.Millisecond
	maxPacket        = 2048 // bytes of a datagram from a client; longer ones are cut and fail authentication
	rtpReplayWindow  = 1024 // packets: a retransmission may come that late
	rtcpReplayWindow = 128
)

// Offer is what a client sent to open a transport.
type Offer struct {
	SDP string
	// Name is an opaque id for logs.
	Name string
	// MaxVideoSlots and MaxAudioSlots bound the receive-only sections that
	// are answered; those beyond are refused in the answer. Zero means 49
	// and 8, negative none.
	MaxVideoSlots, MaxAudioSlots int
	// Held keeps the transport from connecting until Begin: it may wait for as
	// long as somebody waits to be admitted.
	Held bool
}

// Up is a section in which the client may send.
type Up struct {
	MID  string
	Kind sfu.Kind
	// Encodings is how many simulcast encodings the client may send, which
	// Packet.Layer tells apart; 1 without simulcast.
	Encodings int
	Track     *sfu.UpTrack
}

// Down is a slot: a section in which the client only receives.
type Down struct {
	MID    string
	Kind   sfu.Kind
	Track  *sfu.DownTrack
	Codecs sfu.CodecSet // that the client can take here
}
