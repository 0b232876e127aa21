package history

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// ErrTooMany is returned when a window holds more stays than one answer may.
var ErrTooMany = errors.New("too many rows: ask for a shorter time")

// maxStays bounds one answer of statistics.
const maxStays = 100_000

// Stay is one presence on the grid of 30 s: joined rounded down, left rounded up. Someone who is still there has
// stayed until the newest tick.
type Stay struct {
	Peer  string
	Join  time.Time
	Leave time.Time
}

// Duration is how long it lasted: always Leave − Join, a multiple of 30 s.
func (s Stay) Duration() time.Duration { return s.Leave.Sub(s.Join) }

// Summary of some stays.
type Summary struct {
	Participants int           // different peer ids
	Start, End   time.Time     // the first to join, the last to leave
	Duration     time.Duration // End − Start
	Active       time.Duration // somebody was there
	Total        time.Duration // of all stays: the sum of their durations
}

// Statistics lists the stays in a room that joined, on the grid, at or after from and not after to, sorted by
// joining. A room that nobody was in then gives none.
func (s *Store) Statistics(ctx context.Context, company, room string, from, to time.Time) ([]Stay, error) {
	stays, err := list(ctx, s.read, readStay, staysIn(company, room, from, to))
	if err != nil {
		return nil, err
	}
	if len(stays) > maxStays {
		return nil, ErrTooMany
	}
	slices.SortStableFunc(stays, func(a, b Stay) int { return cmp.Or(a.Join.Compare(b.Join), cmp.Compare(a.Peer, b.Peer)) })
	return stays, nil
}

func staysIn(company, room string, from, to time.Time) query {
	var f filter
	f.and("company = ?", company)
	f.and("room = ?", room)
	if first := record.TickAt(from); first.Before(from) { // rounded down, no join lies between two ticks
		from = first.Add(record.TickLength)
	}
	f.between("joined", from, record.TickAt(to).Add(record.TickLength))
	return f.query(`SELECT peer, joined, ended, tick FROM presence`, "joined", maxStays+1)
}

func readStay(row scanner) (Stay, error) {
	var peer string
	var joined, tick int64
	var ended *int64
	err := row.Scan(&peer, &joined, &ended, &tick)
	return stay(peer, joined, ended, tick), err
}

// stay puts a presence on the grid; times are milliseconds. seconds in usage.go says the same in SQL.
func stay(peer string, joined int64, ended *int64, tick int64) Stay {
	s := Stay{Peer: peer, Join: record.TickAt(millis(joined)), Leave: millis(tick)}
	if ended != nil {
		s.Leave = record.TickAt(millis(*ended).Add(record.TickLength - time.Millisecond))
	}
	if s.Leave.Before(s.Join) { // no tick yet, or clocks that differ
		s.Leave = s.Join
	}
	return s
}

// Summarise sums stays up, which may be in any order.
func Summarise(stays []Stay) Summary {
	if len(stays) == 0 {
		return Summary{}
	}
	stays = slices.SortedFunc(slices.Values(stays), func(a, b Stay) int { return a.Join.Compare(b.Join) })
	peers := make(map[string]bool)
	sum := Summary{Start: stays[0].Join, End: stays[0].Join}
	for _, s := range stays {
		peers[s.Peer] = true
		sum.Total += s.Duration()
		if s.Leave.After(sum.End) {
			begin := s.Join
			if begin.Before(sum.End) {
				begin = sum.End
			}
			sum.Active += s.Leave.Sub(begin)
			sum.End = s.Leave
		}
	}
	sum.Participants, sum.Duration = len(peers), sum.End.Sub(sum.Start)
	return sum
}
