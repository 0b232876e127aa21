package rtc

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/meridian-video/meridian/edge/sfu"
)

// local is our half of the transport parameters.
type local struct {
	ufrag, pwd  string
	fingerprint string // "sha-256 AB:CD:…"
	setup       string
	session     uint64
	version     int
	announce    []netip.AddrPort
}

// slotID names what the answer says about one slot.
type slotID struct {
	ssrc  uint32
	cname string
}

// writeAnswer is the complete answer to o. slots holds the sections we send
// in, by mid.
func writeAnswer(o *offer, l local, slots map[string]slotID) string {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", l.session, l.version)
	b.WriteString("a=group:BUNDLE")
	for i := range o.sections {
		if o.sections[i].refused == "" {
			b.WriteString(" " + o.sections[i].mid)
		}
	}
	b.WriteString("\r\na=ice-lite\r\na=msid-semantic: WMS *\r\n")
	if o.mixed {
		b.WriteString("a=extmap-allow-mixed\r\n")
	}
	first := true
	for i := range o.sections {
		s := &o.sections[i]
		if s.refused != "" {
			writeRefusal(&b, s)
			continue
		}
		id, sending := slots[s.mid]
		writeSection(&b, s, l, first, id, sending)
		first = false
	}
	return b.String()
}

// writeRefusal answers a section with port 0 (RFC 3264 section 6).
func writeRefusal(b *strings.Builder, s *section) {
	fmt.Fprintf(b, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n", s.media, s.proto, strings.Join(s.formats, " "))
	if s.mid != "" {
		fmt.Fprintf(b, "a=mid:%s\r\n", s.mid)
	}
}

func writeSection(b *strings.Builder, s *section, l local, first bool, id slotID, sending bool) {
	fmt.Fprintf(b, "m=%s 9 %s %d\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n", s.media, s.proto, s.pt)
	if first { // the others share its transport (RFC 9143 section 7.1.3)
		writeCandidates(b, l)
	}
	fmt.Fprintf(b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:%s\r\na=mid:%s\r\n",
		l.ufrag, l.pwd, l.fingerprint, l.setup, s.mid)
	dir := receives
	if sending {
		dir = sends
	}
	dir &= s.dir.reversed()
	if s.midExt != 0 {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", s.midExt, extMID)
	}
	if s.levelExt != 0 && s.kind == sfu.Audio {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", s.levelExt, extLevel)
	}
	congestion := s.twcc && s.twccExt != 0 && dir == receives
	if congestion {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", s.twccExt, extTWCC)
	}
	fmt.Fprintf(b, "a=%s\r\na=rtcp-mux\r\n", dir)
	if s.rsize {
		b.WriteString("a=rtcp-rsize\r\n")
	}
	if s.kind == sfu.Audio {
		fmt.Fprintf(b, "a=rtpmap:%d opus/48000/2\r\n", s.pt)
	} else {
		fmt.Fprintf(b, "a=rtpmap:%d VP8/90000\r\n", s.pt)
	}
	if s.fmtp != "" {
		fmt.Fprintf(b, "a=fmtp:%d %s\r\n", s.pt, s.fmtp)
	}
	for _, fb := range []struct {
		on   bool
		name string
	}{{s.nack, "nack"}, {s.pli, "nack pli"}, {s.fir, "ccm fir"}, {congestion, "transport-cc"}} {
		if fb.on {
			fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", s.pt, fb.name)
		}
	}
	if dir == sends {
		// A stream of its own per slot, so that a browser makes each a
		// MediaStream that plays by itself.
		fmt.Fprintf(b, "a=msid:slot-%s track-%s\r\na=ssrc:%d cname:%s\r\na=ssrc:%d msid:slot-%s track-%s\r\n",
			s.mid, s.mid, id.ssrc, id.cname, id.ssrc, s.mid, s.mid)
	}
}

func writeCandidates(b *strings.Builder, l local) {
	for i, a := range l.announce {
		// Host candidates, best first (RFC 8445 section 5.1.2.1).
		priority := uint32(126)<<24 | uint32(65535-i)<<8 | 255
		fmt.Fprintf(b, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, priority, a.Addr().WithZone(""), a.Port())
	}
	b.WriteString("a=end-of-candidates\r\n")
}
