package history

import (
	"context"
	"database/sql"
)

// sizes is what SQLite's planner is told of a history of ten million presences (its table sqlite_stat1: rows,
// then rows for equal values of the first column, the first two, …). Without it the planner takes every index
// that begins with the company for as good as any other, and walks all of a company to find a session. Figures
// of its own would change with the data and with them the plans; PostgreSQL counts for itself.
var sizes = []struct{ table, index, rows string }{
	{"session", "sqlite_autoindex_session_1", "1000000 100000 1"},
	{"session", "session_by_time", "1000000 100000 1 1"},
	{"session", "session_by_room", "1000000 100000 500 1 1"},
	{"session", "session_running", "10000 100 1 1"},
	{"session", "session_by_loss", "1000 1"},
	{"presence", "sqlite_autoindex_presence_1", "10000000 1000000 10 1"},
	{"presence", "presence_by_room", "10000000 1000000 5000 1"},
	{"presence", "presence_by_time", "10000000 1000000 1"},
	{"presence", "presence_by_peer", "10000000 1000000 100"},
	{"presence", "presence_by_person", "10000000 1000000 100"},
	{"message", "sqlite_autoindex_message_1", "10000000 1000000 20 1"},
	{"message", "message_by_order", "10000000 1000000 20 2 1 1"},
	{"message", "message_by_time", "10000000 1000000 1"},
	{"audit", "sqlite_autoindex_audit_1", "1000000 100000 1"},
	{"audit", "audit_by_time", "1000000 100000 1 1"},
	{"audit", "audit_by_actor", "1000000 100000 1000 1 1"},
	{"audit", "audit_by_object", "1000000 100000 10000 10 1 1"},
	{"audit", "audit_by_kind", "1000000 100000 10000 1 1"},
	{"delivery", "sqlite_autoindex_delivery_1", "1000000 100000 1"},
	{"delivery", "delivery_by_time", "1000000 100000 1 1"},
	{"delivery", "delivery_by_endpoint", "1000000 100000 10000 1 1"},
}

// tellSizes gives them to SQLite. Connections made later read them when they open.
func (s *Store) tellSizes(ctx context.Context) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, text := range []string{`ANALYZE sqlite_schema`, `DELETE FROM sqlite_stat1`} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		for _, size := range sizes {
			if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)`, size.table, size.index, size.rows); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `ANALYZE sqlite_schema`) // read anew
		return err
	})
}
