package geo

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Rendezvous ranks all nodes for a key by rendezvous (highest random weight)
// hashing: every caller that knows the same nodes computes the same order, and
// a node that comes or goes moves only the keys it wins. The order of the
// input and duplicates in it do not matter.
//
// The weight is the first eight bytes, big-endian, of
// SHA-256(len(key) as 8 bytes, key, node), which is the same on every platform
// and in every version: changing it would move the home of every live room.
func Rendezvous(key string, nodes []NodeID) []NodeID {
	type weighted struct {
		id     NodeID
		weight uint64
	}
	prefix := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(key)+maxID), uint64(len(key)))
	prefix = append(prefix, key...)
	ranked := make([]weighted, 0, len(nodes))
	for _, id := range nodes {
		sum := sha256.Sum256(append(prefix[:len(prefix):len(prefix)], id...))
		ranked = append(ranked, weighted{id, binary.BigEndian.Uint64(sum[:8])})
	}
	slices.SortFunc(ranked, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.id, b.id))
	})
	out := make([]NodeID, 0, len(ranked))
	for _, w := range ranked {
		if len(out) == 0 || out[len(out)-1] != w.id {
			out = append(out, w.id)
		}
	}
	return out
}
