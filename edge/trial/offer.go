package trial

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// maxAnswer bounds an answer, in bytes; one to these offers has about 1 KB.
const maxAnswer = 16 << 10

// maxTargets bounds the addresses that are called.
const maxTargets = 8

// errAnswer is returned for an answer that cannot be called.
var errAnswer = errors.New("bad answer")

// offer is one section of audio, which the caller begins DTLS for.
func offer(ufrag, pwd string, cert []byte) string {
	print := strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(cert)), " ", ":")
	return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n" +
		"a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\na=setup:active\r\na=fingerprint:sha-256 " + print + "\r\n"
}

// callee is where a node's media is, by its answer.
type callee struct {
	ufrag, pwd string
	print      string // of its certificate, SHA-256
	at         []netip.AddrPort
}

// readAnswer reads the answer of another node.
func readAnswer(text string) (callee, error) {
	var d sdp.SessionDescription
	if len(text) > maxAnswer || d.UnmarshalString(text) != nil || len(d.MediaDescriptions) == 0 {
		return callee{}, errAnswer
	}
	m := d.MediaDescriptions[0]
	attribute := func(key string) string {
		if v, ok := m.Attribute(key); ok {
			return v
		}
		v, _ := d.Attribute(key)
		return v
	}
	c := callee{ufrag: attribute("ice-ufrag"), pwd: attribute("ice-pwd")}
	c.print, _ = strings.CutPrefix(attribute("fingerprint"), "sha-256 ")
	for _, a := range m.Attributes {
		if at, ok := candidate(a.Value); a.Key == "candidate" && ok && len(c.at) < maxTargets {
			c.at = append(c.at, at)
		}
	}
	if c.ufrag == "" || c.pwd == "" || c.print == "" || len(c.at) == 0 {
		return callee{}, errAnswer
	}
	return c, nil
}

// candidate reads a candidate of UDP: foundation, component, protocol, priority,
// address, port (RFC 8839 section 5.1).
func candidate(value string) (netip.AddrPort, bool) {
	f := strings.Fields(value)
	if len(f) < 6 || !strings.EqualFold(f[2], "udp") {
		return netip.AddrPort{}, false
	}
	ip, err := netip.ParseAddr(f[4])
	port, bad := strconv.ParseUint(f[5], 10, 16)
	if err != nil || bad != nil || port == 0 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip.WithZone(""), uint16(port)), true
}
