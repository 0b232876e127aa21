package rtc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// parseSimulcast returns the ids of the encodings that a section offers to
// send, in the order of a=simulcast, which is taken for low to high; nil
// without simulcast (RFC 8853 section 5.1). Of alternatives the first is
// taken.
func parseSimulcast(m *sdp.MediaDescription) []string {
	var offered, rids []string
	for _, a := range m.Attributes {
		if f := strings.Fields(a.Value); a.Key == "rid" && len(f) > 1 && f[1] == "send" && ridName(f[0]) && len(offered) < maxSections {
			offered = append(offered, f[0])
		}
	}
	for _, a := range m.Attributes {
		f := strings.Fields(a.Value)
		i := slices.Index(f, "send")
		if a.Key != "simulcast" || i < 0 || i+1 >= len(f) {
			continue
		}
		for v := range strings.SplitSeq(f[i+1], ";") {
			rid, _, _ := strings.Cut(v, ",")
			rid = strings.TrimPrefix(rid, "~") // paused for now
			if slices.Contains(offered, rid) && !slices.Contains(rids, rid) && len(rids) < sfu.MaxLayers {
				rids = append(rids, rid)
			}
		}
		break
	}
	return rids
}

// ridName says whether v is an rid-id (RFC 8851 section 10) that fits a
// one-byte header extension.
func ridName(v string) bool {
	for i := range len(v) {
		c := v[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return v != "" && len(v) <= 16
}

// writeSimulcast answers the encodings of an Up.
func writeSimulcast(b *strings.Builder, rids []string) {
	for _, rid := range rids {
		fmt.Fprintf(b, "a=rid:%s recv\r\n", rid)
	}
	if len(rids) > 0 {
		fmt.Fprintf(b, "a=simulcast:recv %s\r\n", strings.Join(rids, ";"))
	}
}

// parseSSRCs returns the SSRCs that a section declares, the first encoding's
// before its retransmissions' (RFC 5576 section 4).
func parseSSRCs(m *sdp.MediaDescription) []uint32 {
	var list []uint32
	add := func(v string) {
		if n := parseSSRC(v); n != 0 && len(list) < 16 && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	for _, a := range m.Attributes {
		if f := strings.Fields(a.Value); a.Key == "ssrc-group" && len(f) == 3 && f[0] == "FID" {
			add(f[1])
			add(f[2])
		}
	}
	for _, a := range m.Attributes {
		if v, _, _ := strings.Cut(a.Value, " "); a.Key == "ssrc" {
			add(v)
		}
	}
	return list
}
