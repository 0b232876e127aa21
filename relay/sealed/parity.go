package sealed

import (
	"sync"
	"time"

	"github.com/klauspost/reedsolomon"
)

// Parity is Reed-Solomon over GF(2^8) with a fixed width: a group that is shorter than
// groupSize counts as filled up with zeros, and a row is the same however many are sent.
const (
	groupSize = 50
	maxParity = 10
	// groupTime closes a group that fills slowly.
	groupTime = 6 * time.Millisecond
)

// codes[m] makes m rows. They are made when first asked for, a millisecond each.
var codes = func() (c [maxParity + 1]func() reedsolomon.Encoder) {
	for m := 1; m <= maxParity; m++ {
		c[m] = sync.OnceValue(func() reedsolomon.Encoder {
			// One goroutine: the caller's. No cache: it would keep every pattern of loss.
			code, err := reedsolomon.New(groupSize, m, reedsolomon.WithMaxGoroutines(1), reedsolomon.WithInversionCache(false))
			if err != nil {
				panic(err) // the sizes are constants
			}
			return code
		})
	}
	return c
}()

// group is the parity of the data being sent.
type group struct {
	base  uint64
	k     int
	per   int // shards for which a row is due
	began time.Duration
	wide  int // length of the longest shard
	rows  [][]byte
	room  [maxParity][maxShard]byte
	views [maxParity][]byte
}

// begin opens a group with up to rows of parity, a row for each per shards.
func (g *group) begin(base uint64, rows, per int, now time.Duration) {
	g.base, g.k, g.per, g.began, g.wide = base, 0, per, now, 0
	g.rows = g.views[:rows]
	for i := range g.rows {
		clear(g.room[i][:])
	}
}

// add takes the next shard. Short shards count as padded with zeros.
func (g *group) add(s *shard) {
	g.wide = max(g.wide, len(s.buf))
	for i := range g.rows {
		g.rows[i] = g.room[i][:len(s.buf)]
	}
	if err := codes[len(g.rows)]().EncodeIdx(s.buf, g.k, g.rows); err != nil {
		panic(err) // all lengths are equal, and k below groupSize
	}
	g.k++
}

// close gives the rows to send, fewer for a short group.
func (g *group) close() [][]byte {
	rows := g.rows[:min(len(g.rows), (g.k+g.per/2)/g.per)]
	for i := range rows {
		rows[i] = g.room[i][:g.wide]
	}
	g.k = 0
	return rows
}

// ruin is a group that arrived with holes, and the parity that may fill them.
type ruin struct {
	base uint64
	k    int
	have int
	rows [maxParity][]byte // nil: not here
}

// keep takes a copy of a row.
func (r *ruin) keep(row int, b []byte) {
	if r.rows[row] == nil {
		r.rows[row] = append(make([]byte, 0, maxShard), b...)
		r.have++
	}
}

// zeros stand for the shards that a short group does not have.
var zeros [maxShard]byte

// repair computes the missing shards of the group and hands each to found. It fails when
// rows differ in length or shards are longer than they.
func (r *ruin) repair(shelf *shelf, found func(seq uint64, covered []byte)) bool {
	var all [groupSize + maxParity][]byte
	wide := 0
	for i, row := range r.rows {
		if row != nil && wide != 0 && len(row) != wide {
			return false
		}
		all[groupSize+i] = row
		wide = max(wide, len(row))
	}
	for i := range groupSize {
		all[i] = zeros[:wide]
		if i >= r.k {
			continue
		}
		all[i] = nil
		if s := shelf.get(r.base + uint64(i)); s != nil {
			if len(s.buf) > wide {
				return false
			}
			have := len(s.buf)
			all[i] = s.buf[:wide]
			clear(all[i][have:])
		}
	}
	missing := make([]int, 0, maxParity)
	for i := range r.k {
		if all[i] == nil {
			missing = append(missing, i)
		}
	}
	if err := codes[maxParity]().ReconstructData(all[:]); err != nil {
		return false
	}
	for _, i := range missing {
		found(r.base+uint64(i), all[i])
	}
	return true
}
