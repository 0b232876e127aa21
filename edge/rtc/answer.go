package rtc

import (
	"fmt"
	"net/netip"
	"strings"
)

// local is our half of the transport parameters.
type local struct {
	ufrag, pwd  string
	fingerprint string // "sha-256 AB:CD:…"
	setup       string
	session     uint64
	version     int
	announce    []netip.AddrPort
	streams     []netip.AddrPort // where TCP connections are taken
}

// slotID names what the answer says about one slot.
type slotID struct {
	ssrc, rtx uint32 // rtx is 0 without retransmissions
	cname     string
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
	fmt.Fprintf(&b, "\r\na=ice-lite\r\na=fingerprint:%s\r\na=msid-semantic: WMS *\r\n", l.fingerprint)
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

// writeSection answers a section that is used. ICE and setup are repeated in
// each, although the first would do (RFC 9143 section 7.1.3): some clients look
// for them there, and Firefox 153 crashes without.
func writeSection(b *strings.Builder, s *section, l local, first bool, id slotID, sending bool) {
	fmt.Fprintf(b, "m=%s 9 %s%s\r\nc=IN IP4 0.0.0.0\r\n", s.media, s.proto, s.payloads.list())
	if first { // the others share its transport
		writeCandidates(b, l)
	}
	fmt.Fprintf(b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=setup:%s\r\na=mid:%s\r\n", l.ufrag, l.pwd, l.setup, s.mid)
	dir := receives
	if sending {
		dir = sends
	}
	dir &= s.dir.reversed()
	if s.mixed {
		b.WriteString("a=extmap-allow-mixed\r\n")
	}
	s.ext.write(b)
	fmt.Fprintf(b, "a=%s\r\na=rtcp-mux\r\n", dir)
	if s.rsize {
		b.WriteString("a=rtcp-rsize\r\n")
	}
	s.payloads.write(b)
	switch dir {
	case receives:
		writeSimulcast(b, s.rids)
	case sends:
		writeSlot(b, s.mid, id)
	}
}

// writeSlot names what a slot sends: a stream of its own, so that a browser
// makes each a MediaStream that plays by itself.
func writeSlot(b *strings.Builder, mid string, id slotID) {
	fmt.Fprintf(b, "a=msid:slot-%s track-%s\r\na=ssrc:%d cname:%s\r\n", mid, mid, id.ssrc, id.cname)
	if id.rtx != 0 {
		fmt.Fprintf(b, "a=ssrc:%d cname:%s\r\na=ssrc-group:FID %d %d\r\n", id.rtx, id.cname, id.ssrc, id.rtx)
	}
}

func writeCandidates(b *strings.Builder, l local) {
	for i, a := range l.announce {
		// Host candidates, best first (RFC 8445 section 5.1.2.1).
		priority := uint32(126)<<24 | uint32(65535-i)<<8 | 255
		fmt.Fprintf(b, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, priority, a.Addr().WithZone(""), a.Port())
	}
	for i, a := range l.streams {
		// Below all of UDP, with the direction's share of a passive one (RFC 6544
		// section 4.2).
		priority := uint32(90)<<24 | uint32(4<<13|8191-i)<<8 | 255
		fmt.Fprintf(b, "a=candidate:%d 1 tcp %d %s %d typ host tcptype passive\r\n",
			len(l.announce)+i+1, priority, a.Addr().WithZone(""), a.Port())
	}
	b.WriteString("a=end-of-candidates\r\n")
}
