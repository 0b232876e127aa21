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
	var f filter
	f.and("company = ?", want.Company)
	for column, value := range map[string]string{
		"actor": want.Actor, "action": want.Action, "object_kind": want.Object.Kind, "object_id": want.Object.ID,
	} {
		if value != "" {
			f.and(column+" = ?", value)
		}
	}
	f.between("happened", want.From, want.To)
	at, further, err := page.start(1)
	if err != nil {
		return nil, "", err
	}
	if further {
		f.and("(happened, event) < (?, ?)", at.Numbers[0], at.ID)
	}
	f.args = append(f.args, page.limit()+1)
	rows, err := list(ctx, s.read, readAudit, auditColumns+f.where()+f.order("happened DESC, event DESC"), f.args...)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, page.limit(), func(a record.Audit) place { return place{[]int64{a.At.UnixMilli()}, a.Event} })
	return rows, next, nil
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
