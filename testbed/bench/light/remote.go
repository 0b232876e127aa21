//go:build linux

package light

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// remote is what a server's description says that a client needs.
type remote struct {
	Ufrag, Pwd, Setup string
	Fingerprint       string
	Candidates        []netip.AddrPort // IPv4 over UDP
	Sections          []remoteSection
}

type remoteSection struct {
	MID        string
	Video      bool
	Refused    bool
	Types      []payloadType
	Feedback   []string // of the codec
	Extensions map[string]uint8
	Simulcast  bool
	SSRCs      []uint32
}

// payloadType is Opus, VP8, or the repetitions of VP8.
type payloadType struct {
	number   uint8
	rtx      bool
	encoding string
	fmtp     string
}

// errDescription is returned for descriptions that a client cannot use.
var errDescription = errors.New("the server's session description cannot be used")

// parseRemote reads an offer or an answer.
func parseRemote(text string) (*remote, error) {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("%w: %w", errDescription, err)
	}
	r := &remote{}
	r.transport(d.Attributes)
	for _, m := range d.MediaDescriptions {
		s := parseSection(m)
		if !s.Refused {
			r.transport(m.Attributes)
		}
		r.Sections = append(r.Sections, s)
	}
	switch {
	case r.Ufrag == "" || r.Pwd == "":
		return nil, fmt.Errorf("%w: it has no ICE credentials; every section may be refused", errDescription)
	case r.Fingerprint == "":
		return nil, fmt.Errorf("%w: it has no SHA-256 fingerprint", errDescription)
	case len(r.Candidates) == 0:
		return nil, fmt.Errorf("%w: it names no IPv4 address over UDP", errDescription)
	}
	return r, nil
}

// transport takes ICE and DTLS attributes; the first of each counts, since the
// sections of a bundle share them.
func (r *remote) transport(attributes []sdp.Attribute) {
	for _, a := range attributes {
		switch a.Key {
		case "ice-ufrag":
			first(&r.Ufrag, a.Value)
		case "ice-pwd":
			first(&r.Pwd, a.Value)
		case "setup":
			first(&r.Setup, a.Value)
		case "fingerprint":
			if hash, sum, ok := strings.Cut(a.Value, " "); ok && strings.EqualFold(hash, "sha-256") {
				first(&r.Fingerprint, strings.ToUpper(sum))
			}
		case "candidate":
			r.candidate(strings.Fields(a.Value))
		}
	}
}

func first(into *string, v string) {
	if *into == "" {
		*into = v
	}
}

const maxCandidates = 8

func (r *remote) candidate(f []string) {
	if len(f) < 6 || !strings.EqualFold(f[2], "udp") || len(r.Candidates) >= maxCandidates {
		return
	}
	a, err := netip.ParseAddr(f[4])
	port, err2 := strconv.ParseUint(f[5], 10, 16)
	if err != nil || err2 != nil || !a.Is4() || port == 0 {
		return
	}
	at := netip.AddrPortFrom(a, uint16(port))
	for _, have := range r.Candidates {
		if have == at {
			return
		}
	}
	r.Candidates = append(r.Candidates, at)
}

func parseSection(m *sdp.MediaDescription) remoteSection {
	s := remoteSection{Video: m.MediaName.Media == "video", Refused: m.MediaName.Port.Value == 0, Extensions: map[string]uint8{}}
	types := map[string]*payloadType{}
	for _, a := range m.Attributes {
		head, rest, _ := strings.Cut(a.Value, " ")
		switch a.Key {
		case "mid":
			s.MID = a.Value
		case "simulcast":
			s.Simulcast = true
		case "extmap":
			id, _, _ := strings.Cut(head, "/")
			uri, _, _ := strings.Cut(rest, " ")
			if n, err := strconv.ParseUint(id, 10, 8); err == nil && n >= 1 && n <= 14 {
				s.Extensions[uri] = uint8(n)
			}
		case "rtpmap":
			if n, err := strconv.ParseUint(head, 10, 7); err == nil {
				types[head] = &payloadType{number: uint8(n), encoding: rest}
			}
		case "ssrc":
			if n, err := strconv.ParseUint(head, 10, 32); err == nil && len(s.SSRCs) < 16 {
				s.SSRCs = append(s.SSRCs, uint32(n))
			}
		}
	}
	s.choose(m, types)
	return s
}

// choose keeps the first type of our codec, and its repetitions.
func (s *remoteSection) choose(m *sdp.MediaDescription, types map[string]*payloadType) {
	want, codec := "opus/48000/2", ""
	if s.Video {
		want = "VP8/90000"
	}
	for _, f := range m.MediaName.Formats {
		if t := types[f]; t != nil && codec == "" && strings.EqualFold(t.encoding, want) {
			codec = f
		}
	}
	if codec == "" {
		return
	}
	repeats := ""
	for _, a := range m.Attributes {
		head, rest, _ := strings.Cut(a.Value, " ")
		switch t := types[head]; {
		case a.Key == "rtcp-fb" && (head == codec || head == "*") && len(s.Feedback) < 16:
			s.Feedback = append(s.Feedback, rest)
		case a.Key == "fmtp" && t != nil && head == codec:
			t.fmtp = rest
		case a.Key == "fmtp" && t != nil && strings.EqualFold(t.encoding, "rtx/90000") && rest == "apt="+codec:
			t.fmtp, t.rtx, repeats = rest, true, head
		}
	}
	s.Types = []payloadType{*types[codec]}
	if repeats != "" {
		s.Types = append(s.Types, *types[repeats])
	}
}

// has says whether a kind of feedback is agreed on.
func (s *remoteSection) has(feedback string) bool {
	for _, f := range s.Feedback {
		if f == feedback {
			return true
		}
	}
	return false
}
