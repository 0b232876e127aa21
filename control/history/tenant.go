package history

import (
	"context"
	"database/sql"
)

// nextTenant is the first name behind another in any of the tables, each asked by its key.
const nextTenant = `SELECT min(company) FROM (
	SELECT min(company) AS company FROM session WHERE company > $1 UNION ALL
	SELECT min(company) FROM presence WHERE company > $1 UNION ALL
	SELECT min(company) FROM message WHERE company > $1 UNION ALL
	SELECT min(company) FROM audit WHERE company > $1 UNION ALL
	SELECT min(company) FROM delivery WHERE company > $1 UNION ALL
	SELECT min(company) FROM notice WHERE company > $1) AS tenants`

// NextTenant is the owner, behind another in the order of the database, of which something is kept besides sealed
// ledgers; "" behind the last. The platform, whose name is empty, comes before all.
func (s *Store) NextTenant(ctx context.Context, behind string) (string, error) {
	var next sql.NullString
	if err := s.read.QueryRowContext(ctx, nextTenant, behind).Scan(&next); err != nil {
		return "", readError(err)
	}
	return next.String, nil
}
