package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// scanner reads one row.
type scanner interface{ Scan(dest ...any) error }

// query is a text with its arguments.
type query struct {
	text string
	args []any
}

// list runs a query and reads its rows.
func list[T any](ctx context.Context, db *sql.DB, read func(scanner) (T, error), q query) (_ []T, err error) {
	rows, err := db.QueryContext(ctx, q.text, q.args...)
	if err != nil {
		return nil, readError(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []T
	for rows.Next() {
		row, err := read(rows)
		if err != nil {
			return nil, readError(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, readError(err)
	}
	return out, nil
}

// readError says of a query's error whether it is the database that is away.
func readError(err error) error {
	if away(err) {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return fmt.Errorf("read history: %w", err)
}
