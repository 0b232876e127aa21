package history

import (
	"context"
	"encoding/json"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// AuditFilter says which events are wanted. Company is always meant, "" is the platform's own; the others narrow.
type AuditFilter struct {
	Company string
	Actor   string
	Action  string
	Object  record.Object // a kind, or a kind and an id
	From    time.Time     // at or after
	To      time.Time     // before
}

// Audit lists audit events, the newest first, and the cursor of the next page.
func (s *Store) Audit(ctx context.Context, want AuditFilter, page Page) ([]record.Audit, string, error) {
	q, err := want.query(page)
	if err != nil {
		return nil, "", err
	}
	rows, err := list(ctx, s.read, readAudit, q)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, page.limit(), func(a record.Audit) place { return place{[]int64{a.At.UnixMilli()}, a.Event} })
	return rows, next, nil
}

func (want AuditFilter) query(page Page) (query, error) {
	var f filter
	f.and("company = ?", want.Company)
	for _, c := range []struct{ column, value string }{
		{"actor", want.Actor}, {"action", want.Action}, {"object_kind", want.Object.Kind}, {"object_id", want.Object.ID},
	} {
		if c.value != "" {
			f.and(c.column+" = ?", c.value)
		}
	}
	from, to := page.narrowed(want.From, want.To, true)
	f.between("happened", from, to)
	err := f.behind(page, "(happened, event) < (?, ?)", 1)
	return f.query(auditColumns, "happened DESC, event DESC", page.limit()+1), err
}

const auditColumns = `SELECT company, event, happened, actor, action, object_kind, object_id, request, changes FROM audit`

func readAudit(row scanner) (a record.Audit, err error) {
	var at int64
	var changes string
	err = row.Scan(&a.Company, &a.Event, &at, &a.Actor, &a.Action, &a.Object.Kind, &a.Object.ID, &a.Request, &changes)
	if err == nil {
		err = json.Unmarshal([]byte(changes), &a.Changes)
	}
	a.At = millis(at)
	return a, err
}
