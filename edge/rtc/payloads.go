package rtc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// payloadFormat is a codec of a section with its payload types.
type payloadFormat struct {
	codec sfu.Codec
	pt    uint8
	rtx   uint8 // of its retransmissions (RFC 4588); 0 where not offered
	fmtp  string
	fb    feedbackSet
}

// payloads are what a section's answer takes, in the client's order.
type payloads []payloadFormat

// find tells what a packet of a payload type is; false for one that was not
// answered.
func (l payloads) find(pt uint8) (p *payloadFormat, ok bool) {
	for i := range l {
		if l[i].pt == pt || l[i].rtx == pt {
			return &l[i], true
		}
	}
	return nil, false
}

// of returns the payload of a codec, nil where there is none.
func (l payloads) of(c sfu.Codec) *payloadFormat {
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
	return slices.ContainsFunc(l, func(p payloadFormat) bool { return p.fb&fb != 0 })
}

// repeat says whether any is repaired without RTX, by sending the same packet
// again. Then packets carry no transport-wide number: it would change.
func (l payloads) repeat() bool {
	return slices.ContainsFunc(l, func(p payloadFormat) bool { return p.fb&fbNACK != 0 && p.rtx == 0 })
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
		p := payloadFormat{codec: c, pt: pt, fmtp: f.fmtp, fb: f.fb}
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
	return slices.DeleteFunc(l, func(p payloadFormat) bool { return p.codec == sfu.RED })
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
func (p *payloadFormat) parameters() string {
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
