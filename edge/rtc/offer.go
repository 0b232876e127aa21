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

// parseDirection reads the name of a direction.
func parseDirection(v string) (d direction, ok bool) {
	for d := range direction(4) {
		if v == d.String() {
			return d, true
		}
	}
	return 0, false
}

// section is one m= section of an offer, reduced to what is answered.
type section struct {
	mid, media, proto string
	formats           []string
	refused           string // why it is answered with port 0; empty when it is not
	kind              sfu.Kind
	dir               direction // the client's
	payloads          payloads
	ext               extensions
	rids              []string // simulcast encodings, low to high; nil for one without name
	ssrcs             []uint32 // declared for that one
	rsize             bool
	mixed             bool // says itself that it takes one-byte and two-byte extensions
}

// up says whether the client may send in the section.
func (s *section) up() bool { return s.dir&sends != 0 }

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
	var agreed extensions
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
			s.ext.agree(&agreed)
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
	o.own()
	return o, nil
}

// own copies what is kept: a part of a string keeps the whole alive, and a
// browser's offer has 25 KB.
func (o *offer) own() {
	for _, text := range []*string{&o.ufrag, &o.pwd, &o.setup} {
		*text = strings.Clone(*text)
	}
	for i := range o.sections {
		s := &o.sections[i]
		for _, text := range []*string{&s.mid, &s.media, &s.proto} {
			*text = strings.Clone(*text)
		}
		for _, list := range [][]string{s.formats, s.rids} {
			for j := range list {
				list[j] = strings.Clone(list[j])
			}
		}
		for j := range s.payloads {
			s.payloads[j].fmtp = strings.Clone(s.payloads[j].fmtp)
		}
	}
	for i := range o.fingerprints {
		o.fingerprints[i].hash = strings.Clone(o.fingerprints[i].hash)
	}
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
		mixed: has(m.Attributes, "extmap-allow-mixed"),
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
			if d, ok := parseDirection(a.Key); ok {
				s.dir = d
			} else if a.Key == "extmap" {
				s.ext.parse(a.Value)
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
	case !s.negotiate(m):
		s.refused = "no known " + s.kind.String() + " codec"
	}
	return s, nil
}

// negotiate chooses codecs, encodings and extensions: of an Up the client's
// first codec, of a slot every known one. It returns false if there is none.
func (s *section) negotiate(m *sdp.MediaDescription) bool {
	s.payloads = parsePayloads(m, s.kind)
	if s.up() {
		s.payloads = s.payloads.one()
		s.rids = parseSimulcast(m)
		s.ssrcs = parseSSRCs(m)
		s.payloads.without(fbREMB) // we send none
	}
	s.ext.choose(s)
	if s.ext[extCongestion].id == 0 {
		s.payloads.without(fbCongestion)
	}
	if len(s.rids) > 0 {
		s.ssrcs = nil // nothing says which encoding they are of
	}
	return len(s.payloads) > 0
}

// parseSSRC reads an SSRC, 0 where v is none.
func parseSSRC(v string) uint32 {
	n, _ := strconv.ParseUint(v, 10, 32)
	return uint32(n)
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
