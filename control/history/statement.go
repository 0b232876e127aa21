package history

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
)

// statement writes many rows at once: head, a list of rows of parameters, tail.
type statement struct {
	head    string
	columns int
	key     int // that many columns, all text, name a row
	tail    string
}

// row is the parameters of one row, its key first.
type row []any

// largest is how many rows go into one statement; smaller rests are made of powers of two, so that a database
// that keeps plans sees few different texts. 13 columns stay far below the 32,766 parameters of SQLite.
const largest = 128

// exec writes rows in the order of their keys, so that writers who meet do not wait for each other in a circle.
// One statement must not touch a row twice: what has the same key goes into the next.
func (st statement) exec(ctx context.Context, tx *sql.Tx, d dialect, rows []row) error {
	slices.SortStableFunc(rows, st.compare)
	for len(rows) > 0 {
		var again []row
		distinct := rows[:0:0]
		for _, r := range rows {
			if n := len(distinct); n > 0 && st.compare(distinct[n-1], r) == 0 {
				again = append(again, r)
				continue
			}
			distinct = append(distinct, r)
		}
		for len(distinct) > 0 {
			n := largest
			for n > len(distinct) {
				n /= 2
			}
			if err := st.execSome(ctx, tx, d, distinct[:n]); err != nil {
				return err
			}
			distinct = distinct[n:]
		}
		rows = again
	}
	return nil
}

func (st statement) execSome(ctx context.Context, tx *sql.Tx, d dialect, rows []row) error {
	args := make([]any, 0, len(rows)*st.columns)
	for _, r := range rows {
		args = append(args, r...)
	}
	_, err := tx.ExecContext(ctx, st.text(d, len(rows)), args...)
	return err
}

// text is the statement for n rows. SQLite takes $1 for a name, and looks each up among all others when it
// prepares the statement and when it binds a value: parameters there have none.
func (st statement) text(d dialect, n int) string {
	var b strings.Builder
	b.Grow(len(st.head) + len(st.tail) + n*st.columns*6)
	b.WriteString(st.head)
	for i := range n * st.columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%st.columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		if d == sqlite {
			b.WriteByte('?')
			continue
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteString(")")
	b.WriteString(st.tail)
	return b.String()
}

func (st statement) compare(a, b row) int {
	for i := range st.key {
		if c := cmp.Compare(a[i].(string), b[i].(string)); c != 0 {
			return c
		}
	}
	return 0
}
