//go:build linux

package light

import (
	"fmt"
	"strconv"
	"strings"
)

// Section is one m= section that a client offers.
type Section struct {
	Video     bool
	Send      bool // sendonly, else recvonly
	Simulcast bool // offer three encodings; sending sections only
}

// Payload types and header extensions of our offers.
const (
	opusType, vp8Type, rtxType       = 111, 96, 97
	levelExt, timeExt, congestionExt = 1, 2, 3
	midExt, ridExt                   = 4, 10
	levelURI                         = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	timeURI                          = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	congestionURI                    = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	midURI                           = "urn:ietf:params:rtp-hdrext:sdes:mid"
	ridURI                           = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
)

// rids are the names of the encodings, smallest first.
var rids = []string{"l", "m", "h"}

// description writes an offer or, where remote is given, the answer to it.
func (c *Client) description(sections []Section, remote *remote) string {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE", c.tie>>1)
	for i := range sections {
		b.WriteString(" " + midOf(i, remote))
	}
	b.WriteString("\r\na=msid-semantic: WMS *\r\n")
	for i, s := range sections {
		if remote != nil {
			c.answerSection(&b, &remote.Sections[i])
		} else {
			c.offerSection(&b, i, s)
		}
	}
	return b.String()
}

func midOf(i int, remote *remote) string {
	if remote != nil {
		return remote.Sections[i].MID
	}
	return strconv.Itoa(i)
}

// transport writes what every section repeats of ICE and DTLS.
func (c *Client) transport(b *strings.Builder, setup string) {
	fmt.Fprintf(b, "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp %d %s %d typ host\r\na=end-of-candidates\r\n", priority, c.local.Addr(), c.local.Port())
	fmt.Fprintf(b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\na=setup:%s\r\n", c.ufrag, c.pwd, c.network.cert.fingerprint, setup)
}

func (c *Client) offerSection(b *strings.Builder, i int, s Section) {
	switch {
	case !s.Video:
		fmt.Fprintf(b, "m=audio 9 UDP/TLS/RTP/SAVPF %d\r\n", opusType)
	case s.Send:
		fmt.Fprintf(b, "m=video 9 UDP/TLS/RTP/SAVPF %d\r\n", vp8Type)
	default:
		fmt.Fprintf(b, "m=video 9 UDP/TLS/RTP/SAVPF %d %d\r\n", vp8Type, rtxType)
	}
	// RFC 8842 section 5.3 asks for actpass. Some servers then take the active
	// role, which this client has no code for.
	c.transport(b, "active")
	fmt.Fprintf(b, "a=mid:%d\r\na=extmap:%d %s\r\na=extmap:%d %s\r\na=extmap:%d %s\r\n", i, timeExt, timeURI, congestionExt, congestionURI, midExt, midURI)
	if s.Video {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", ridExt, ridURI)
	} else {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", levelExt, levelURI)
	}
	direction := "recvonly"
	if s.Send {
		direction = "sendonly"
		fmt.Fprintf(b, "a=msid:bench bench-%d\r\n", i)
	}
	fmt.Fprintf(b, "a=%s\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", direction)
	if !s.Video {
		fmt.Fprintf(b, "a=rtpmap:%[1]d opus/48000/2\r\na=rtcp-fb:%[1]d transport-cc\r\na=fmtp:%[1]d minptime=10;useinbandfec=1\r\n", opusType)
	} else {
		fmt.Fprintf(b, "a=rtpmap:%d VP8/90000\r\n", vp8Type)
		for _, fb := range []string{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"} {
			fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", vp8Type, fb)
		}
		if !s.Send {
			fmt.Fprintf(b, "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n", rtxType, rtxType, vp8Type)
		}
	}
	switch {
	case s.Send && s.Simulcast:
		for _, rid := range rids {
			fmt.Fprintf(b, "a=rid:%s send\r\n", rid)
		}
		fmt.Fprintf(b, "a=simulcast:send %s\r\n", strings.Join(rids, ";"))
	case s.Send:
		fmt.Fprintf(b, "a=ssrc:%d cname:bench\r\na=ssrc:%d msid:bench bench-%d\r\n", c.ssrc(i, 0), c.ssrc(i, 0), i)
	}
}

// answerSection takes what the server offers to send, as a client that knows
// Opus and VP8 does.
func (c *Client) answerSection(b *strings.Builder, s *remoteSection) {
	kind := "audio"
	if s.Video {
		kind = "video"
	}
	if len(s.Types) == 0 {
		fmt.Fprintf(b, "m=%s 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=inactive\r\n", kind, s.MID)
		return
	}
	fmt.Fprintf(b, "m=%s 9 UDP/TLS/RTP/SAVPF", kind)
	for _, t := range s.Types {
		fmt.Fprintf(b, " %d", t.number)
	}
	b.WriteString("\r\n")
	c.transport(b, "active")
	fmt.Fprintf(b, "a=mid:%s\r\na=recvonly\r\na=rtcp-mux\r\n", s.MID)
	for uri, id := range s.Extensions {
		if uri == congestionURI || uri == midURI {
			fmt.Fprintf(b, "a=extmap:%d %s\r\n", id, uri)
		}
	}
	for _, t := range s.Types {
		fmt.Fprintf(b, "a=rtpmap:%d %s\r\n", t.number, t.encoding)
		if t.fmtp != "" {
			fmt.Fprintf(b, "a=fmtp:%d %s\r\n", t.number, t.fmtp)
		}
		if t.rtx {
			continue
		}
		for _, fb := range s.Feedback {
			fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", t.number, fb)
		}
	}
}
