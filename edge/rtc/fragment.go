package rtc

import (
	"fmt"
	"strings"
)

// maxFragment bounds a trickle fragment in bytes.
const maxFragment = 64 << 10

// fragment is what matters of an application/trickle-ice-sdpfrag body (RFC
// 8840 section 9): the ICE generation it speaks of.
type fragment struct {
	ufrag, pwd string
	candidates int
}

// parseFragment reads raw; unknown lines are passed over.
func parseFragment(raw string) (fragment, error) {
	var f fragment
	if len(raw) > maxFragment {
		return f, badOffer("fragment longer than %d bytes", maxFragment)
	}
	for line := range strings.Lines(raw) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		switch {
		case key == "a=ice-ufrag" && f.ufrag == "":
			f.ufrag = value
		case key == "a=ice-pwd" && f.pwd == "":
			f.pwd = value
		case key == "a=candidate":
			f.candidates++
		}
	}
	if f.candidates > maxCandidates {
		return f, badOffer("more than %d candidates", maxCandidates)
	}
	if !iceString(f.ufrag, 4) {
		return f, badOffer("fragment without ice-ufrag")
	}
	if f.pwd != "" && !iceString(f.pwd, 22) {
		return f, badOffer("malformed ice-pwd in a fragment")
	}
	return f, nil
}

// writeFragment is our half of an ICE restart for a WHIP or WHEP client (RFC
// 9725 section 4.3.3).
func writeFragment(o *offer, l local) string {
	var b strings.Builder
	b.WriteString("a=ice-lite\r\n")
	fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", l.ufrag, l.pwd)
	for i := range o.sections {
		if s := &o.sections[i]; s.refused == "" {
			fmt.Fprintf(&b, "m=%s 9 %s%s\r\na=mid:%s\r\n", s.media, s.proto, s.payloads.list(), s.mid)
			writeCandidates(&b, l)
			break
		}
	}
	return b.String()
}
