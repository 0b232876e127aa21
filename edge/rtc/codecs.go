package rtc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// feedbackSet is the kinds of RTCP feedback that a payload type has (RFC 4585
// section 4.2).
type feedbackSet uint8

const (
	fbNACK feedbackSet = 1 << iota
	fbPLI
	fbFIR
	fbCongestion
	fbREMB
)

// feedbackNames are the values of a=rtcp-fb, by bit.
var feedbackNames = [...]string{"nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"}

// parseFeedback is the set of the named feedback, empty for an unknown one.
func parseFeedback(name string) feedbackSet {
	if i := slices.Index(feedbackNames[:], name); i >= 0 {
		return 1 << i
	}
	return 0
}

// write answers the feedback of a payload type.
func (s feedbackSet) write(b *strings.Builder, pt string) {
	for i, name := range feedbackNames {
		if s>>i&1 == 1 {
			fmt.Fprintf(b, "a=rtcp-fb:%s %s\r\n", pt, name)
		}
	}
}

// rtpmaps are the encodings as a=rtpmap has them, by codec.
var rtpmaps = [...]string{
	sfu.Opus: "opus/48000/2", sfu.RED: "red/48000/2",
	sfu.VP8: "VP8/90000", sfu.VP9: "VP9/90000", sfu.H264: "H264/90000", sfu.AV1: "AV1/90000",
}

// codecCount bounds tables by codec.
const codecCount = len(rtpmaps)

// format is a payload type as a section describes it.
type format struct {
	name, fmtp string
	rate       string
	fb         feedbackSet
}

// formats reads what the attributes of m say about its payload types.
func formats(m *sdp.MediaDescription) map[uint8]*format {
	known := make(map[uint8]*format)
	for _, v := range m.MediaName.Formats {
		if pt, ok := payloadType(v); ok {
			known[pt] = &format{}
		}
	}
	for _, a := range m.Attributes {
		number, value, _ := strings.Cut(a.Value, " ")
		pt, _ := payloadType(number)
		f := known[pt]
		switch {
		case a.Key == "rtcp-fb" && number == "*":
			for _, f := range known {
				f.fb |= parseFeedback(value)
			}
		case f == nil:
		case a.Key == "rtcp-fb":
			f.fb |= parseFeedback(value)
		case a.Key == "rtpmap" && f.name == "":
			name, rate, _ := strings.Cut(value, "/")
			f.name = strings.ToLower(name)
			f.rate, _, _ = strings.Cut(rate, "/")
		case a.Key == "fmtp" && len(value) < 512 && token(strings.ReplaceAll(value, " ", "")):
			f.fmtp = value
		}
	}
	return known
}

// payloadType reads a dynamic payload type. Those from 64 to 95 would be
// taken for RTCP (RFC 5761 section 4).
func payloadType(v string) (pt uint8, ok bool) {
	n, err := strconv.ParseUint(v, 10, 7)
	return uint8(n), err == nil && n > 0 && (n < 64 || n > 95)
}

// codec is what a format is, NoCodec if it is not of the kind or of a profile
// that is not taken.
func (f *format) codec(k sfu.Kind) sfu.Codec {
	c := sfu.ParseCodec(f.name)
	if c == sfu.NoCodec || c.Kind() != k || f.rate != strconv.Itoa(int(c.ClockRate())) || !f.profile(c) {
		return sfu.NoCodec
	}
	return c
}

// profile says whether a format is of the one profile that its codec has
// here.
func (f *format) profile(c sfu.Codec) bool {
	switch c {
	case sfu.VP9:
		v := parameter(f.fmtp, "profile-id")
		return v == "" || v == "0"
	case sfu.AV1:
		v := parameter(f.fmtp, "profile")
		return v == "" || v == "0"
	case sfu.H264:
		// Baseline with constraint_set1: decodable by every profile (RFC 6184
		// section 8.1).
		v, err := strconv.ParseUint(parameter(f.fmtp, "profile-level-id"), 16, 24)
		return err == nil && v>>16 == 0x42 && v>>14&1 == 1 && f.mode() <= 1
	}
	return true
}

// mode is H.264's packetization mode; other values than 0 and 1 count as 2,
// which is interleaved.
func (f *format) mode() int {
	switch parameter(f.fmtp, "packetization-mode") {
	case "", "0":
		return 0
	case "1":
		return 1
	}
	return 2
}

// parameter is the value of a key in an a=fmtp.
func parameter(fmtp, key string) string {
	for p := range strings.SplitSeq(fmtp, ";") {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), key) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
