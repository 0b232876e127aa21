package sealed

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestParityRepairsAsManyAsItHasRows: any shards of a group of any length, by any rows.
func TestParityRepairsAsManyAsItHasRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, groupSize).Draw(t, "k")
		m := rapid.IntRange(1, maxParity).Draw(t, "m")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var g group
		g.begin(7, m, perLossy, 0)
		var sent [][]byte
		var shelf shelf
		for i := range k {
			s := newShard(7+uint64(i), 0)
			record := make([]byte, 1+r.IntN(1300))
			for j := range record {
				record[j] = byte(r.Uint32())
			}
			s.append(record, true, FullSize)
			s.shut()
			g.add(s)
			sent = append(sent, slices.Clone(s.buf))
			shelf.put(s)
		}
		var rows [][]byte
		for _, row := range g.close() {
			rows = append(rows, slices.Clone(row))
		}
		if len(rows) == 0 {
			return // too short a group
		}
		lost := r.Perm(k)[:min(len(rows), k)]
		use := r.Perm(len(rows))[:len(lost)]
		for _, i := range lost {
			shelf.drop(7 + uint64(i))
		}
		broken := ruin{base: 7, k: k}
		for _, i := range use {
			broken.keep(i, rows[i])
		}
		found := 0
		ok := broken.repair(&shelf, func(seq uint64, covered []byte) {
			s := newShard(seq, 0)
			if !s.set(covered) || !bytes.Equal(s.buf, sent[seq-7]) {
				t.Fatalf("shard %d of %d repaired wrong", seq-7, k)
			}
			found++
		})
		if !ok || found != len(lost) {
			t.Fatalf("%d of %d lost shards repaired by %d rows, %v", found, len(lost), len(use), ok)
		}
	})
}

// TestRowsDoNotDependOnTheirNumber: a receiver need not know how many were sent.
func TestRowsDoNotDependOnTheirNumber(t *testing.T) {
	s := newShard(1, 0)
	s.append([]byte("some record"), true, FullSize)
	s.shut()
	var first []byte
	for m := 1; m <= maxParity; m++ {
		var g group
		g.begin(1, m, 4, 0)
		for range 4 * m {
			g.add(s)
		}
		rows := g.close()
		if m == 1 {
			continue // the group is shorter
		}
		var again group
		again.begin(1, 1, 4, 0)
		for range 4 * m {
			again.add(s)
		}
		first = again.close()[0]
		if len(rows) != m || !bytes.Equal(rows[0], first) {
			t.Errorf("row 0 of %d differs from row 0 of 1", m)
		}
	}
}

func TestShortGroupsGetFewRows(t *testing.T) {
	for _, c := range []struct{ k, m, per, want int }{
		{1, 2, perLossy, 0}, {2, 2, perLossy, 1}, {4, 10, perLossy, 1}, {5, 10, perLossy, 2}, {50, 3, perLossy, 3},
		{50, 10, perLossy, 10}, {9, 2, perClean, 0}, {10, 2, perClean, 1}, {50, 2, perClean, 2},
	} {
		var g group
		g.begin(1, c.m, c.per, 0)
		for i := range c.k {
			s := newShard(uint64(i+1), 0)
			s.append([]byte{1}, true, 10)
			s.shut()
			g.add(s)
		}
		if got := len(g.close()); got != c.want {
			t.Errorf("%d shards, a row for %d, at most %d: %d", c.k, c.per, c.m, got)
		}
	}
}
