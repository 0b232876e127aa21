package where

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
)

// database writes a file in the MaxMind DB format (version 2.0, records of 32
// bits): what is known of each network of IPv6, or of IPv4 in ::/96.
func database(known map[string]map[string]any) []byte {
	type node struct{ next [2]int } // above 0: a node; below: minus an offset of a record
	nodes := []node{{}}
	var data []byte
	for network, what := range known {
		p := netip.MustParsePrefix(network)
		bits, address := p.Bits(), p.Addr().As16()
		if p.Addr().Is4() {
			bits, address = bits+96, [16]byte{12: address[12], address[13], address[14], address[15]}
		}
		at, offset := 0, len(data)
		data = encode(data, what)
		for i := range bits {
			side := address[i/8] >> (7 - i%8) & 1
			switch {
			case i == bits-1:
				nodes[at].next[side] = -1 - offset
			case nodes[at].next[side] == 0:
				nodes = append(nodes, node{})
				nodes[at].next[side] = len(nodes) - 1
				fallthrough
			default:
				at = nodes[at].next[side]
			}
		}
	}
	var out []byte
	for _, n := range nodes {
		for _, next := range n.next {
			switch {
			case next == 0:
				next = len(nodes) // nothing is known
			case next < 0:
				next = len(nodes) + 16 - 1 - next
			}
			out = binary.BigEndian.AppendUint32(out, uint32(next))
		}
	}
	out = append(append(out, make([]byte, 16)...), data...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	return encode(out, map[string]any{
		"node_count": uint32(len(nodes)), "record_size": uint32(32), "ip_version": uint32(6), "binary_format_major_version": uint32(2),
		"binary_format_minor_version": uint32(0), "database_type": "Test", "build_epoch": uint32(1_790_000_000), "languages": "", "description": map[string]any{},
	})
}

// encode writes the few kinds of values that tests need.
func encode(b []byte, v any) []byte {
	head := func(kind, size int) {
		if kind > 7 {
			b = append(b, byte(size), byte(kind-7))
		} else {
			b = append(b, byte(kind<<5|size))
		}
	}
	switch v := v.(type) {
	case string:
		if v == "" { // the list of languages: an empty array
			head(11, 0)
			return b
		}
		head(2, len(v))
		return append(b, v...)
	case float64:
		head(3, 8)
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v))
	case uint32:
		head(6, 4)
		return binary.BigEndian.AppendUint32(b, v)
	case map[string]any:
		head(7, len(v))
		var keys []string
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			b = encode(encode(b, k), v[k])
		}
		return b
	}
	panic("a kind that no test uses")
}

// sample has one network of every form.
func sample() []byte {
	return database(map[string]map[string]any{
		"198.51.100.0/24":    {"location": map[string]any{"latitude": 50.11, "longitude": 8.68}, "country": map[string]any{"iso_code": "DE"}},
		"203.0.113.0/25":     {"country": map[string]any{"iso_code": "AU"}},
		"203.0.113.128/25":   {"country_code": "US"},
		"2a00:1450::/32":     {"latitude": 1.35, "longitude": 103.8, "country_code": "SG"},
		"192.0.2.0/24":       {"location": map[string]any{"latitude": 500.0, "longitude": 8.68}, "country": map[string]any{"iso_code": "XX"}},
		"198.18.0.0/15":      {"location": map[string]any{"latitude": "north", "longitude": 8.68}},
		"10.0.0.0/8":         {"country_code": "US"},
		"2001:db8:1234::/48": {"country": map[string]any{"iso_code": "JP"}},
	})
}

func broken() [][]byte {
	whole := sample()
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0xff
	return [][]byte{nil, []byte("no database"), whole[:len(whole)/2], whole[len(whole)/2:], flipped}
}
