package rtc

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/meridian-video/meridian/edge/sfu"
)

// extension is one of the header extensions (RFC 8285) that are negotiated.
type extension uint8

const (
	extMID         extension = iota // RFC 9143
	extRID                          // RFC 8852
	extRepairedRID                  // RFC 8852
	extLevel                        // RFC 6464
	extCongestion                   // draft-holmer-rmcat-transport-wide-cc-extensions-01
	extDescriptor                   // AV1 RTP specification, appendix A
	extCapture                      // abs-capture-time of the WebRTC project
	extensionCount
)

var extensionURIs = [extensionCount]string{
	extMID:         "urn:ietf:params:rtp-hdrext:sdes:mid",
	extRID:         "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
	extRepairedRID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
	extLevel:       "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	extCongestion:  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	extDescriptor:  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
	extCapture:     "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
}

// extmap is an extension as a section offers it. The zero value is none.
type extmap struct {
	id     uint8 // 1 to 14: those beyond need two-byte headers (RFC 8285 section 4.2)
	oneWay bool  // the offer names a direction
	dir    direction
}

// extensions are the header extensions of a section.
type extensions [extensionCount]extmap

// parse notes an a=extmap if it is of a known extension.
func (e *extensions) parse(v string) {
	head, rest, _ := strings.Cut(v, " ")
	number, word, oneWay := strings.Cut(head, "/")
	uri, _, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(number, 10, 8)
	if err != nil || n < 1 || n > 14 {
		return
	}
	dir := sends | receives
	if oneWay {
		if dir, oneWay = parseDirection(word); !oneWay {
			return
		}
	}
	for i, known := range extensionURIs {
		if uri == known {
			e[i] = extmap{uint8(n), oneWay, dir}
		}
	}
}

// choose leaves those that are of use in the section: which the client sends
// in an Up and takes in a slot.
func (e *extensions) choose(s *section) {
	way := receives
	if s.up() {
		way = sends
	}
	for i := range e {
		if e[i].dir&way == 0 {
			e[i] = extmap{}
		}
	}
	if e[extMID].id == 0 || e[extRID].id == 0 {
		s.rids = nil
	}
	for i, wanted := range [extensionCount]bool{
		extMID:         true,
		extRID:         len(s.rids) > 0,
		extRepairedRID: len(s.rids) > 0,
		extLevel:       s.kind == sfu.Audio,
		extCongestion:  s.payloads.offer(fbCongestion) && (s.up() || !s.payloads.repeat()),
		extDescriptor:  s.payloads.codecs().Has(sfu.AV1),
		extCapture:     !s.up() && !s.payloads.repeat(), // a packet sent again would lack it
	} {
		if !wanted {
			e[i] = extmap{}
		}
	}
}

// agree drops from e what contradicts the sections before: in a bundle an id
// means one extension (RFC 9143 section 9).
func (e *extensions) agree(before *extensions) {
	for i := range e {
		for j := range before {
			if e[i].id != 0 && before[j].id != 0 && (e[i].id == before[j].id) != (i == j) {
				e[i] = extmap{}
			}
		}
		if e[i].id != 0 {
			before[i] = e[i]
		}
	}
}

// after reduces e to what was agreed on before; false when an id has moved.
func (e *extensions) after(before *extensions) bool {
	for i := range e {
		if e[i].id != 0 && before[i].id != 0 && e[i].id != before[i].id {
			return false
		}
		if before[i].id == 0 {
			e[i] = extmap{}
		}
	}
	return true
}

// write answers the extensions.
func (e *extensions) write(b *strings.Builder) {
	for i, x := range e {
		if x.id == 0 {
			continue
		}
		dir := ""
		if x.oneWay {
			dir = "/" + x.dir.reversed().String()
		}
		fmt.Fprintf(b, "a=extmap:%d%s %s\r\n", x.id, dir, extensionURIs[i])
	}
}
