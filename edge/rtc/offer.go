package rtc

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// direction is one of the four of RFC 8866 section 6.7, as bits.
type direction uint8

const (
	inactive direction = 0
	sends    direction = 1
	receives direction = 2
)

// reversed is the direction as the other side says it.
func (d direction) reversed() direction { return d>>1&1 | d<<1&2 }

func (d direction) String() string {
	return [...]string{"inactive", "sendonly", "recvonly", "sendrecv"}[d&3]
}

// The header extensions the package negotiates.
const (
	extMID   = "urn:ietf:params:rtp-hdrext:sdes:mid"
	extLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	extTWCC  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// section is one m= section of an offer, reduced to what an answer needs.
type section struct {
	mid, media, proto string
	formats           []string
	refused           string // why it is answered with port 0; empty when it is not
	kind              sfu.Kind
	dir               direction // the client's
	pt                uint8
	fmtp              string
	ssrcs             []uint32
	nack, pli, fir    bool
	twcc, rsize       bool
	midExt, levelExt  uint8 // 0 where not offered
	twccExt           uint8
}

// fingerprint is a hash of the client's certificate (RFC 8122).
type fingerprint struct {
	hash string
	sum  []byte
}

// offer is a validated offer. It is a value: nothing in it changes later.
type offer struct {
	sections     []section
	ufrag, pwd   string
	setup        string
	fingerprints []fingerprint
	mixed        bool
}

func badOffer(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadOffer, fmt.Sprintf(format, args...))
}

// parseOffer validates raw. Sections that cannot be used are marked as
// refused; an offer that leaves nothing to use is an error.
func parseOffer(raw string) (*offer, error) {
	if len(raw) > maxSDP {
		return nil, badOffer("longer than %d bytes", maxSDP)
	}
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(raw); err != nil {
		return nil, badOffer("not SDP: %v", err)
	}
	if n := len(desc.MediaDescriptions); n == 0 || n > maxSections {
		return nil, badOffer("%d sections, want 1 to %d", n, maxSections)
	}
	o := &offer{mixed: has(desc.Attributes, "extmap-allow-mixed")}
	bundled := bundle(desc.Attributes)
	seen := make(map[string]bool)
	candidates, used := 0, 0
	for _, m := range desc.MediaDescriptions {
		s, err := parseSection(m, desc.Attributes)
		if err != nil {
			return nil, err
		}
		if seen[s.mid] && s.mid != "" {
			return nil, badOffer("mid %q twice", s.mid)
		}
		seen[s.mid] = true
		if s.refused == "" && !bundled[s.mid] && len(desc.MediaDescriptions) > 1 {
			s.refused = "not bundled"
		}
		for _, a := range m.Attributes {
			if a.Key == "candidate" {
				candidates++
			}
		}
		if candidates > maxCandidates {
			return nil, badOffer("more than %d candidates", maxCandidates)
		}
		if s.refused == "" {
			used++
			if used == 1 {
				if err := o.parseTransport(m.Attributes, desc.Attributes); err != nil {
					return nil, err
				}
			}
		}
		o.sections = append(o.sections, s)
	}
	if used == 0 {
		return nil, badOffer("no usable section (%s)", o.sections[0].refused)
	}
	return o, nil
}

// parseTransport reads ICE and DTLS parameters of the section that carries
// the bundle; the session's attributes stand in for missing ones.
func (o *offer) parseTransport(media, session []sdp.Attribute) error {
	o.ufrag, o.pwd = get(media, session, "ice-ufrag"), get(media, session, "ice-pwd")
	if !iceString(o.ufrag, 4) || !iceString(o.pwd, 22) {
		return badOffer("ice-ufrag or ice-pwd missing or malformed")
	}
	o.setup = get(media, session, "setup")
	switch o.setup {
	case "actpass", "active", "passive":
	case "":
		o.setup = "actpass" // RFC 8842 section 5.3 demands it; early WHIP clients omit it
	default:
		return badOffer("setup:%.16q", o.setup)
	}
	for _, attrs := range [][]sdp.Attribute{media, session} {
		for _, a := range attrs {
			if a.Key != "fingerprint" || len(o.fingerprints) >= 8 {
				continue
			}
			if f, ok := parseFingerprint(a.Value); ok {
				o.fingerprints = append(o.fingerprints, f)
			}
		}
		if len(o.fingerprints) > 0 {
			return nil
		}
	}
	return badOffer("no usable fingerprint")
}

func parseFingerprint(v string) (fingerprint, bool) {
	hash, sum, _ := strings.Cut(v, " ")
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(sum), ":", ""))
	hash = strings.ToLower(hash)
	h, known := hashes[hash]
	if err != nil || !known || len(raw) != h.Size() {
		return fingerprint{}, false
	}
	return fingerprint{hash, raw}, true
}

// parseSection reads one section. Its error means that the whole offer is
// malformed.
func parseSection(m *sdp.MediaDescription, session []sdp.Attribute) (section, error) {
	s := section{
		media: m.MediaName.Media, proto: strings.Join(m.MediaName.Protos, "/"),
		formats: m.MediaName.Formats, mid: get(m.Attributes, nil, "mid"),
		dir:   sends | receives,
		rsize: has(m.Attributes, "rtcp-rsize"),
	}
	for _, v := range append([]string{s.media, s.proto, s.mid}, s.formats...) {
		if !token(v) || len(v) > 64 {
			return s, badOffer("unprintable or overlong value in a section")
		}
	}
	if len(s.formats) == 0 || len(s.formats) > 256 {
		return s, badOffer("%d formats in a section", len(s.formats))
	}
	for _, attrs := range [][]sdp.Attribute{session, m.Attributes} {
		for _, a := range attrs {
			switch a.Key {
			case "sendrecv":
				s.dir = sends | receives
			case "sendonly":
				s.dir = sends
			case "recvonly":
				s.dir = receives
			case "inactive":
				s.dir = inactive
			case "extmap":
				s.parseExtmap(a.Value)
			}
		}
	}
	switch {
	case s.media == "audio":
		s.kind = sfu.Audio
	case s.media == "video":
		s.kind = sfu.Video
	default:
		s.refused = "unsupported media"
		return s, nil
	}
	switch {
	case m.MediaName.Port.Value == 0 && !has(m.Attributes, "bundle-only"):
		s.refused = "disabled by the client"
	case s.proto != "UDP/TLS/RTP/SAVPF" && s.proto != "RTP/SAVPF":
		s.refused = "unsupported protocol"
	case s.mid == "" || len(s.mid) > 16:
		s.refused = "mid missing or too long" // 16: the one-byte header extension
	case !has(m.Attributes, "rtcp-mux"):
		s.refused = "no rtcp-mux"
	case !s.parseCodec(m):
		s.refused = "no " + codecOf(s.kind).String()
	}
	return s, nil
}

// codecOf is the one codec of a kind.
func codecOf(k sfu.Kind) sfu.Codec {
	if k == sfu.Video {
		return sfu.VP8
	}
	return sfu.Opus
}

// parseCodec finds the payload type of the kind's codec, its parameters and
// feedback, and the SSRCs; false when the codec is not offered.
func (s *section) parseCodec(m *sdp.MediaDescription) bool {
	want, found := codecOf(s.kind), ""
	for _, f := range s.formats {
		for _, a := range m.Attributes {
			pt, enc, _ := strings.Cut(a.Value, " ")
			if a.Key != "rtpmap" || pt != f || found != "" {
				continue
			}
			name, rate, _ := strings.Cut(enc, "/")
			rate, _, _ = strings.Cut(rate, "/")
			if strings.EqualFold(name, want.String()) && rate == strconv.Itoa(int(want.ClockRate())) {
				found = pt
			}
		}
	}
	n, err := strconv.ParseUint(found, 10, 7)
	if err != nil {
		return false
	}
	s.pt = uint8(n)
	for _, a := range m.Attributes {
		pt, value, _ := strings.Cut(a.Value, " ")
		switch a.Key {
		case "fmtp":
			if pt == found && token(strings.ReplaceAll(value, " ", "")) && len(value) < 512 {
				s.fmtp = value
			}
		case "rtcp-fb":
			if pt == found || pt == "*" {
				s.nack = s.nack || value == "nack"
				s.pli = s.pli || value == "nack pli"
				s.fir = s.fir || value == "ccm fir"
				s.twcc = s.twcc || value == "transport-cc"
			}
		case "ssrc":
			if n, err := strconv.ParseUint(pt, 10, 32); err == nil && n != 0 && len(s.ssrcs) < 16 && !contains(s.ssrcs, uint32(n)) {
				s.ssrcs = append(s.ssrcs, uint32(n))
			}
		}
	}
	return true
}

// parseExtmap notes the ids of known extensions. Ids above 14 need two-byte
// headers and are not taken (RFC 8285 section 4.2).
func (s *section) parseExtmap(v string) {
	id, uri, _ := strings.Cut(v, " ")
	id, _, _ = strings.Cut(id, "/")
	uri, _, _ = strings.Cut(uri, " ")
	n, err := strconv.ParseUint(id, 10, 8)
	if err != nil || n < 1 || n > 14 {
		return
	}
	switch uri {
	case extMID:
		s.midExt = uint8(n)
	case extLevel:
		s.levelExt = uint8(n)
	case extTWCC:
		s.twccExt = uint8(n)
	}
}

// bundle is the set of mids of the first BUNDLE group.
func bundle(session []sdp.Attribute) map[string]bool {
	set := make(map[string]bool)
	for _, a := range session {
		if f := strings.Fields(a.Value); a.Key == "group" && len(f) > 1 && f[0] == "BUNDLE" {
			for _, mid := range f[1:] {
				set[mid] = true
			}
			break
		}
	}
	return set
}

func get(media, session []sdp.Attribute, key string) string {
	for _, attrs := range [][]sdp.Attribute{media, session} {
		for _, a := range attrs {
			if a.Key == key {
				return a.Value
			}
		}
	}
	return ""
}

func has(attrs []sdp.Attribute, key string) bool {
	for _, a := range attrs {
		if a.Key == key {
			return true
		}
	}
	return false
}

func contains(list []uint32, v uint32) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// token says whether v may be repeated in an answer: printable ASCII without
// spaces.
func token(v string) bool {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] > '~' {
			return false
		}
	}
	return true
}

// iceString says whether v is 'shortest' to 256 ice-chars (RFC 8839 section
// 5.4).
func iceString(v string, shortest int) bool {
	if len(v) < shortest || len(v) > 256 {
		return false
	}
	for i := range len(v) {
		c := v[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '+' && c != '/' {
			return false
		}
	}
	return true
}
