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

// rtpmaps are the encodings as a=rtpmap has them, by codec.
var rtpmaps = [...]string{
	sfu.Opus: "opus/48000/2", sfu.RED: "red/48000/2",
	sfu.VP8: "VP8/90000", sfu.VP9: "VP9/90000", sfu.H264: "H264/90000", sfu.AV1: "AV1/90000",
}

// codecCount bounds tables by codec.
const codecCount = len(rtpmaps)

// payload is a codec of a section with its payload types.
type payload struct {
	codec sfu.Codec
	pt    uint8
	rtx   uint8 // of its retransmissions (RFC 4588); 0 where not offered
	fmtp  string
	fb    feedbackSet
}

// payloads are what a section's answer takes, in the client's order.
type payloads []payload

// find tells what a packet of a payload type is; false for one that was not
// answered.
func (l payloads) find(pt uint8) (p *payload, ok bool) {
	for i := range l {
		if l[i].pt == pt || l[i].rtx == pt {
			return &l[i], true
		}
	}
	return nil, false
}

// of returns the payload of a codec, nil where there is none.
func (l payloads) of(c sfu.Codec) *payload {
	for i := range l {
		if l[i].codec == c {
			return &l[i]
		}
	}
	return nil
}

// codecs is the set of them.
func (l payloads) codecs() sfu.CodecSet {
	var list []sfu.Codec
	for _, p := range l {
		list = append(list, p.codec)
	}
	return sfu.Codecs(list...)
}

// offer says whether any has the feedback.
func (l payloads) offer(fb feedbackSet) bool {
	return slices.ContainsFunc(l, func(p payload) bool { return p.fb&fb != 0 })
}

// repeat says whether any is repaired without RTX, by sending the same packet
// again. Then packets carry no transport-wide number: it would change.
func (l payloads) repeat() bool {
	return slices.ContainsFunc(l, func(p payload) bool { return p.fb&fbNACK != 0 && p.rtx == 0 })
}

// without takes kinds of feedback away from all.
func (l payloads) without(fb feedbackSet) {
	for i := range l {
		l[i].fb &^= fb
	}
}

// after reduces l to what was agreed on before; false when a payload type has
// moved.
func (l payloads) after(before payloads) (payloads, bool) {
	var kept payloads
	for _, old := range before {
		p := l.of(old.codec)
		switch {
		case p == nil:
			continue
		case p.pt != old.pt || p.rtx != 0 && old.rtx != 0 && p.rtx != old.rtx:
			return nil, false
		}
		q := *p
		q.fb &= old.fb
		if old.rtx == 0 {
			q.rtx = 0
		}
		kept = append(kept, q)
	}
	return kept, true
}

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

// parsePayloads lists the known codecs that m offers, each once and in the
// client's order.
func parsePayloads(m *sdp.MediaDescription, k sfu.Kind) payloads {
	known := formats(m)
	var l payloads
	modes := make(map[sfu.Codec]int)
	for _, v := range m.MediaName.Formats {
		pt, _ := payloadType(v)
		f := known[pt]
		if f == nil {
			continue
		}
		c := f.codec(k)
		if c == sfu.NoCodec {
			continue
		}
		p := payload{codec: c, pt: pt, fmtp: f.fmtp, fb: f.fb}
		switch old := l.of(c); {
		case old == nil:
			l = append(l, p)
		case c == sfu.H264 && f.mode() > modes[c]:
			*old = p
		default:
			continue
		}
		modes[c] = f.mode()
	}
	for pt, f := range known {
		apt, ok := payloadType(parameter(f.fmtp, "apt"))
		if p, found := l.find(apt); ok && found && f.name == "rtx" && f.rate == strconv.Itoa(int(p.codec.ClockRate())) {
			p.rtx = max(p.rtx, pt)
		}
	}
	return l.redundant()
}

// redundant drops RED unless it repeats the section's Opus (RFC 2198 section
// 5), and Opus must be there for it.
func (l payloads) redundant() payloads {
	red, opus := l.of(sfu.RED), l.of(sfu.Opus)
	if red == nil {
		return l
	}
	repeated := opus != nil && red.fmtp != ""
	for v := range strings.SplitSeq(red.fmtp, "/") {
		pt, ok := payloadType(v)
		repeated = repeated && ok && pt == opus.pt
	}
	if repeated {
		return l
	}
	return slices.DeleteFunc(l, func(p payload) bool { return p.codec == sfu.RED })
}

// one reduces what the client may send to its first codec, with Opus beside
// RED, which a client falls back to.
func (l payloads) one() payloads {
	if len(l) > 0 && l[0].codec == sfu.RED {
		return payloads{l[0], *l.of(sfu.Opus)}
	}
	return l[:min(1, len(l))]
}

// list is the payload types as m= has them.
func (l payloads) list() string {
	var b strings.Builder
	for _, p := range l {
		fmt.Fprintf(&b, " %d", p.pt)
		if p.rtx != 0 {
			fmt.Fprintf(&b, " %d", p.rtx)
		}
	}
	return b.String()
}

// parameters are those of an answer: the offer's, but for VP8's and VP9's
// bounds of the picture, which would bind the client.
func (p *payload) parameters() string {
	switch {
	case p.codec == sfu.VP8:
		return ""
	case p.codec == sfu.VP9 && parameter(p.fmtp, "profile-id") == "":
		return ""
	case p.codec == sfu.VP9:
		return "profile-id=0"
	}
	return p.fmtp
}

// write answers the payload types.
func (l payloads) write(b *strings.Builder) {
	shared := len(l) > 1
	for _, p := range l {
		fmt.Fprintf(b, "a=rtpmap:%d %s\r\n", p.pt, rtpmaps[p.codec])
		if v := p.parameters(); v != "" {
			fmt.Fprintf(b, "a=fmtp:%d %s\r\n", p.pt, v)
		}
		if p.rtx != 0 {
			fmt.Fprintf(b, "a=rtpmap:%d rtx/%d\r\na=fmtp:%d apt=%d\r\n", p.rtx, p.codec.ClockRate(), p.rtx, p.pt)
		}
		shared = shared && p.fb == l[0].fb
	}
	if shared { // one line stands for all (RFC 4585 section 4.2)
		l[0].fb.write(b, "*")
		return
	}
	for _, p := range l {
		p.fb.write(b, strconv.Itoa(int(p.pt)))
	}
}

func (s feedbackSet) write(b *strings.Builder, pt string) {
	for i, name := range feedbackNames {
		if s>>i&1 == 1 {
			fmt.Fprintf(b, "a=rtcp-fb:%s %s\r\n", pt, name)
		}
	}
}
