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

// StayFilter says which stays are wanted: those that joined, on the grid, at or after From and not after To.
// Company and times are required; without a room it is all of them, without a person everybody.
type StayFilter struct {
	Company  string
	Room     string
	From, To time.Time
	Person   string // id of a user, customer or attendee
}

// Stays lists stays by page, in the order of joining, and the cursor of the next page.
func (s *Store) Stays(ctx context.Context, want StayFilter, page Page) ([]Stay, string, error) {
	q, err := want.query(page)
	if err != nil {
		return nil, "", err
	}
	rows, err := list(ctx, s.read, readPlacedStay, q)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, page.limit(), func(r placedStay) place { return r.at })
	stays := make([]Stay, len(rows))
	for i, r := range rows {
		stays[i] = r.Stay
	}
	return stays, next, nil
}

// placedStay is a stay with its place in a list.
type placedStay struct {
	Stay
	at place
}

func readPlacedStay(row scanner) (p placedStay, err error) {
	var peer, presence string
	var joined, tick int64
	var ended *int64
	err = row.Scan(&peer, &joined, &ended, &tick, &presence)
	return placedStay{stay(peer, joined, ended, tick), place{[]int64{joined}, presence}}, err
}

// Statistics lists all stays that are wanted, sorted by joining. A room that nobody was in then gives none.
func (s *Store) Statistics(ctx context.Context, want StayFilter) ([]Stay, error) {
	stays, err := list(ctx, s.read, readStay, want.all())
	if err != nil {
		return nil, err
	}
	if len(stays) > maxStays {
		return nil, ErrTooMany
	}
	slices.SortStableFunc(stays, func(a, b Stay) int { return cmp.Or(a.Join.Compare(b.Join), cmp.Compare(a.Peer, b.Peer)) })
	return stays, nil
}

func (want StayFilter) query(page Page) (query, error) {
	f := want.filter(page)
	err := f.behind(page, "(joined, presence) > (?, ?)", 1)
	return f.query(`SELECT peer, joined, ended, tick, presence FROM presence`, "joined, presence", page.limit()+1), err
}

// all is every stay, for what must be summed up.
func (want StayFilter) all() query {
	f := want.filter(Page{})
	return f.query(`SELECT peer, joined, ended, tick FROM presence`, "joined", maxStays+1)
}

func (want StayFilter) filter(page Page) (f filter) {
	f.and("company = ?", want.Company)
	if want.Room != "" {
		f.and("room = ?", want.Room)
	}
	if want.Person != "" {
		f.and("person <> ''") // as the index has it
		f.and("person = ?", want.Person)
	}
	from := want.From
	if first := record.TickAt(from); first.Before(from) { // rounded down, no join lies between two ticks
		from = first.Add(record.TickLength)
	}
	from, to := page.narrowed(from, record.TickAt(want.To).Add(record.TickLength), false)
	f.between("joined", from, to)
	return f
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
