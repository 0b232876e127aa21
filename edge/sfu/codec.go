package sfu

// Codec is what a packet is encoded with. Profiles are one each: Opus, VP8,
// VP9 profile 0, H.264 constrained baseline with packetization mode 1, AV1
// main; transports offer and take no others.
type Codec uint8

// The codecs. RED is Opus with redundancy (RFC 2198).
const (
	NoCodec Codec = iota
	Opus
	RED
	VP8
	VP9
	H264
	AV1
	codecs
)

var codecNames = [codecs]string{"none", "opus", "red", "vp8", "vp9", "h264", "av1"}

// String returns the encoding name of SDP in lower case.
func (c Codec) String() string {
	if c < codecs {
		return codecNames[c]
	}
	return codecNames[NoCodec]
}

// ParseCodec returns the codec of a lower-case encoding name, NoCodec for an
// unknown one.
func ParseCodec(name string) Codec {
	for c := NoCodec + 1; c < codecs; c++ {
		if codecNames[c] == name {
			return c
		}
	}
	return NoCodec
}

// Kind returns the kind of media.
func (c Codec) Kind() Kind {
	if c >= VP8 {
		return Video
	}
	return Audio
}

// ClockRate is the RTP clock in Hz.
func (c Codec) ClockRate() uint32 { return clockRate(c.Kind()) }

// The RTP clocks of everything of a kind, in Hz.
const (
	clockRateVideo = 90000
	clockRateAudio = 48000
)

func clockRate(k Kind) uint32 {
	if k == Video {
		return clockRateVideo
	}
	return clockRateAudio
}

// CodecSet is a set of codecs; the zero value stands for all.
type CodecSet uint16

// Codecs makes a set.
func Codecs(list ...Codec) (s CodecSet) {
	for _, c := range list {
		s |= 1 << c
	}
	return s
}

// Has reports whether c is in the set.
func (s CodecSet) Has(c Codec) bool { return s == 0 || s&(1<<c) != 0 }
