package history

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// ErrMonth is returned when a month is not written as 2026-11.
var ErrMonth = errors.New("a month is written as 2026-11")

// Month is a calendar month in UTC, written as 2026-11.
type Month string

// ParseMonth checks a month.
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil || t.Year() < 2020 || t.Year() > 2199 {
		return "", ErrMonth
	}
	return Month(text), nil
}

// MonthOf is the month a time lies in.
func MonthOf(t time.Time) Month { return Month(t.UTC().Format("2006-01")) }

// Bounds are the month's first moment and the next one's. Both are ticks.
func (m Month) Bounds() (from, to time.Time) {
	from, _ = time.Parse("2006-01", string(m)) // zero for what is no month: it has no usage
	return from, from.AddDate(0, 1, 0)
}

// Usage is what a company used in a month: the stays that began in it. A stay over the month's end counts where
// it began, so that the sums equal the rows of Statistics.
type Usage struct {
	Sessions int // with somebody in them
	People   int // different peer ids
	Stays    int
	Seconds  int64 // of all stays, a multiple of 30
}

// SessionUsage is a session's part of a month.
type SessionUsage struct {
	Session string
	Room    string
	Usage   // Sessions is 1
}

// seconds is the duration of a stay, see stay.
const (
	joinMillis  = `(joined - joined % 30000)`
	leaveMillis = `(CASE WHEN ended IS NULL THEN tick ELSE ended + 29999 - (ended + 29999) % 30000 END)`
	seconds     = `CAST(coalesce(sum(CASE WHEN ` + leaveMillis + ` > ` + joinMillis + ` THEN ` + leaveMillis + ` - ` + joinMillis + ` ELSE 0 END), 0) / 1000 AS BIGINT)`
)

// Usage sums a company's month up.
func (s *Store) Usage(ctx context.Context, company string, month Month) (u Usage, err error) {
	q := month.query(company, `SELECT count(DISTINCT session), count(DISTINCT peer), count(*), `+seconds+` FROM presence`, "")
	if err = s.read.QueryRowContext(ctx, q.text, q.args...).Scan(&u.Sessions, &u.People, &u.Stays, &u.Seconds); err != nil {
		return u, readError(err)
	}
	return u, nil
}

// UsageBySession lists a company's month by session and room, in the order of their ids.
func (s *Store) UsageBySession(ctx context.Context, company string, month Month) ([]SessionUsage, error) {
	rows, err := list(ctx, s.read, func(row scanner) (u SessionUsage, err error) {
		u.Sessions = 1
		return u, row.Scan(&u.Session, &u.Room, &u.People, &u.Stays, &u.Seconds)
	}, month.query(company, `SELECT session, room, count(DISTINCT peer), count(*), `+seconds+` FROM presence`, ` GROUP BY session, room`))
	slices.SortFunc(rows, func(a, b SessionUsage) int { // here, since databases differ in how they order texts
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.Room, b.Room))
	})
	return rows, err
}

// query asks about the stays of a month.
func (m Month) query(company, columns, group string) query {
	var f filter
	f.and("company = ?", company)
	from, to := m.Bounds()
	f.between("joined", from, to)
	return query{columns + f.where() + group, f.args}
}
