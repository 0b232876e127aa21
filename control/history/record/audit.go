package record

import (
	"strings"
	"time"
)

// Audit says who changed what.
type Audit struct {
	Event   string    `json:"event"`             // id, unique over all events
	Company string    `json:"company,omitempty"` // empty: the platform's own affair
	At      time.Time `json:"at"`                // kept in milliseconds, UTC
	Actor   string    `json:"actor"`             // "user:…", "key:…", "node:…"
	Action  string    `json:"action"`            // "room.create"
	Object  Object    `json:"object"`
	Request string    `json:"request,omitempty"` // id of the request that asked for it
	Changes []Change  `json:"changes,omitempty"`
}

// Object is what an audit event is about.
type Object struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Change is a field before and after. Of a secret field both are empty: that it changed is all that is said.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Kind implements Record.
func (*Audit) Kind() Kind { return KindAudit }

// ID implements Record.
func (a *Audit) ID() string { return join(KindAudit, a.Company, a.Event) }

// Tenant implements Record.
func (a *Audit) Tenant() string { return a.Company }

// When implements Record.
func (a *Audit) When() time.Time { return a.At }

func (a *Audit) tidy() {
	tidyText(&a.Event, &a.Company, &a.Actor, &a.Action, &a.Object.Kind, &a.Object.ID, &a.Request)
	for i := range a.Changes {
		tidyText(&a.Changes[i].Field, &a.Changes[i].Before, &a.Changes[i].After)
	}
	a.At = instant(a.At)
}

func (a *Audit) validate() error {
	if len(a.Changes) > maxChanges {
		return fault("changes", "are more than 64")
	}
	for _, c := range a.Changes {
		if err := c.validate(); err != nil {
			return err
		}
	}
	return first(id("event", a.Event), optionalID("company", a.Company), moment("at", a.At), id("actor", a.Actor),
		id("action", a.Action), id("object.kind", a.Object.Kind), id("object.id", a.Object.ID), optionalID("request", a.Request))
}

func (c Change) validate() error {
	if secret(c.Field) && (c.Before != "" || c.After != "") {
		return fault("changes", "show a secret")
	}
	return first(id("changes.field", c.Field), text("changes.before", c.Before, maxChange), text("changes.after", c.After, maxChange))
}

// secretWords are parts of names of fields whose values are nobody's business. It is a net below those who
// write events, not their excuse.
var secretWords = []string{"secret", "password", "token", "pin", "private_key", "auth_header", "credential", "hash"}

func secret(field string) bool {
	for part := range strings.FieldsFuncSeq(strings.ToLower(field), func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		for _, w := range secretWords {
			if part == w || strings.HasSuffix(part, "_"+w) {
				return true
			}
		}
	}
	return false
}
