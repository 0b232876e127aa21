// Package sfu forwards media: packets arrive at an UpTrack and leave through
// the DownTracks that are switched to it, renumbered so that every DownTrack
// is one continuous RTP stream whatever it is switched to.
//
// It repairs both hops on its own (NACK towards the source, answers from a
// packet cache towards subscribers), merges keyframe requests and rewrites
// sender reports to the node's clock. It knows no rooms, sockets, SSRCs,
// payload types or peer connections, and starts no goroutine: the reader of a
// source calls Write, an owner calls Tick, feedback may come from anywhere.
// DESIGN.md tells who owns which state.
package sfu

import "time"

// Kind is the kind of a track.
type Kind uint8

// The kinds of tracks.
const (
	Audio Kind = iota
	Video
)

// String returns "audio" or "video".
func (k Kind) String() string {
	if k == Video {
		return "video"
	}
	return "audio"
}

// NoAudioLevel says that a packet carried no audio level.
const NoAudioLevel = 255

// MaxLayers bounds Packet.Layer: the encodings one UpTrack may receive.
const MaxLayers = 4

// maxPayload bounds the payload of one packet in bytes: above any path MTU,
// and what the scratch buffers hold.
const maxPayload = 2048

// Packet is one RTP packet without what belongs to a hop (SSRC, payload type,
// extensions, padding).
type Packet struct {
	SequenceNumber uint16
	Timestamp      uint32
	Marker         bool
	// Resent marks the answer to a subscriber's NACK, for sinks that send
	// those in a stream of their own (RFC 4588) or pace them differently.
	Resent bool
	// Layer is the simulcast encoding, low to high; 0 where there is only one.
	Layer uint8
	// Codec is what the payload is encoded with. From a source, NoCodec means
	// the UpTrack's; sinks always get a codec.
	Codec Codec
	// AudioLevel is the RFC 6464 level in -dBov, 0..127, or NoAudioLevel.
	AudioLevel uint8
	// Arrival is the node's monotonic clock, since the node's start.
	Arrival time.Duration
	// Descriptor is the Dependency Descriptor header extension (AV1 RTP
	// specification, appendix A), nil where there is none.
	Descriptor []byte
	// Payload and Descriptor are valid only during the call, and are never
	// written to by the callee.
	Payload []byte
}

// A Batch gathers what sinks have to send during one wave, so that one system
// call can send it. Its owner is the UpTrack that hands it to sinks: it is
// used by one goroutine at a time.
type Batch interface {
	// Flush sends what was gathered. It never blocks.
	Flush()
}

// Upstream is where an UpTrack's requests go: a browser's transport or a
// relay link. It is called without the UpTrack's lock, from any goroutine and
// perhaps from several at once, also from within a Sink's calls, and never
// blocks. seqs is valid only during the call.
type Upstream interface {
	RequestKeyframe(layer uint8)
	RequestRetransmit(layer uint8, seqs []uint16)
}

// Sink is where a DownTrack's packets go: a slot of a browser's transport, a
// relay link, a recorder. Calls for one DownTrack are never concurrent, but
// come from changing goroutines, with the lock of the UpTrack held: a Sink
// never blocks, keeps neither p nor its payload, and never calls Write, Tick,
// SenderReport or Close of that UpTrack (all methods of DownTrack are fine).
type Sink interface {
	// Send takes a packet of a wave. The sink may add what it sends to b,
	// which is flushed at the wave's end, if b is of a kind that it knows; b
	// is nil where the UpTrack has none.
	Send(p *Packet, b Batch)
	SendReport(r Report)
}

// Report is the content of a sender report (RFC 3550 section 6.4.1): the
// same instant on the node's clock (see NTP) and in the stream's timestamps,
// and the counts of what the DownTrack has sent.
type Report struct {
	Layer   uint8 // the encoding, of a DownTrack that forwards verbatim
	NTP     uint64
	RTP     uint32
	Packets uint32
	Octets  uint32
}

// processStart serves configurations without Now.
var processStart = time.Now()

func sinceStart() time.Duration { return time.Since(processStart) }

type noUpstream struct{}

func (noUpstream) RequestKeyframe(uint8)             {}
func (noUpstream) RequestRetransmit(uint8, []uint16) {}
