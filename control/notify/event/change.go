package event

import (
	"slices"
	"strings"

	"github.com/meridian-video/meridian/control/history/record"
)

// Changed says that something of the company's configuration was made, changed or taken away. What it is now is
// read by the API; values are not told, since some are secret.
type Changed struct {
	Kind   string   `json:"kind"`
	ID     string   `json:"id"`
	Fields []string `json:"fields,omitempty"` // that changed
	Actor  string   `json:"actor"`            // "user:…", "key:…"
}

// changing are the kinds of objects whose changes are told.
var changing = []string{"attendee", "company", "customer", "meeting", "room", "user"}

// verbs are the actions of audit and what they are called once they have happened.
var verbs = map[string]string{"create": "created", "update": "updated", "delete": "deleted"}

// fromAudit makes an event of an audit event about configuration that a company is told.
func fromAudit(a *record.Audit) (Event, bool, error) {
	kind, action, ok := strings.Cut(a.Action, ".")
	verb, known := verbs[action]
	if !ok || !known || a.Company == "" || !slices.Contains(changing, kind) {
		return Event{}, false, nil
	}
	data := Changed{Kind: a.Object.Kind, ID: a.Object.ID, Actor: a.Actor}
	for _, c := range a.Changes {
		data.Fields = append(data.Fields, c.Field)
	}
	e, err := New(Type(kind+"."+verb), a.ID(), a.Company, "", a.At, data)
	return e, err == nil, err
}
