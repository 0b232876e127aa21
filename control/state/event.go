package state

import (
	"fmt"
	"reflect"
	"time"
)

// maxEvents bounds what history has not taken yet. Above it nothing is changed any more: a change that nobody
// can account for would be worse.
const maxEvents = 1_000_000

// Event is a change that somebody wanted, waiting for history to take it: the transactional outbox of audit and
// of webhooks about configuration. Its id sorts by log index.
type Event struct {
	Meta
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Request string    `json:"request,omitempty"`
	Action  string    `json:"action"` // name of the command
	Object  string    `json:"object"` // id of the entity
	Owner   string    `json:"owner,omitempty"`
	Fields  []string  `json:"fields,omitempty"` // that were set; values may be secret
	// Meetings that were called off by being deleted, and attendees who were taken from meetings ahead: whoever
	// writes to them finds neither in the state any more.
	Meetings  []Meeting  `json:"meetings,omitempty"`
	Attendees []Attendee `json:"attendees,omitempty"`
}

func (e *Event) spec() any               { return &struct{}{} }
func (e *Event) check(*tx, Entity) error { return nil }

// record leaves the event of a command that somebody wanted.
func (t *tx) record(c Command) error {
	if t.terms.By == "" {
		return nil
	}
	n, err := t.count("/"+string(KindEvent), 1)
	if err != nil {
		return err
	}
	if n > maxEvents {
		return &Error{Code: CodeBusy, Message: "history takes no events; nothing can be changed until it does"}
	}
	e := &Event{
		Meta: Meta{ID: EventID(t.index)}, At: t.at, By: t.terms.By, Request: t.terms.Request,
		Object: t.target, Owner: t.company,
	}
	if b, ok := c.(*Batch); ok {
		c = b.Commands[0] // what was wanted; the others belong to it
	}
	e.Action = c.Name()
	if e.Action != string(KindCompany)+".delete" { // nobody is left who could write
		e.calledOff(t)
	}
	switch c := c.(type) {
	case *Create:
		e.Fields = append(names(c.Set), names(c.Secret)...)
	case *Update:
		e.Fields = append(names(c.Set), names(c.Secret)...)
	case *UpdatePlatform:
		e.Fields = names(c.Set)
	}
	return t.put(KindEvent, e)
}

// maxCalledOff bounds the attendees that one event holds. More than so many are not written to.
const maxCalledOff = 1000

// calledOff notes whose meetings ahead were taken away.
func (e *Event) calledOff(t *tx) {
	ahead := map[string]bool{}
	for _, c := range t.changes {
		if m, ok := c.Entity.(*Meeting); ok && c.Delete && m.ahead(t.at) && len(e.Meetings) < maxCalledOff {
			ahead[m.ID] = true
			e.Meetings = append(e.Meetings, *m.masked().(*Meeting))
		}
	}
	for _, c := range t.changes {
		a, ok := c.Entity.(*Attendee)
		if !ok || !c.Delete || len(e.Attendees) == maxCalledOff {
			continue
		}
		m, there := Get[Meeting](t.view(), a.Meeting)
		if ahead[a.Meeting] || there && m.ahead(t.at) {
			e.Attendees = append(e.Attendees, *a)
		}
	}
}

// EventID is the id of the event of a log entry.
func EventID(index uint64) string { return fmt.Sprintf("%020d", index) }

// TakeEvents forgets the events that history has.
type TakeEvents struct {
	Through string `json:"through"` // id of the last one
}

// Name implements Command.
func (*TakeEvents) Name() string { return "event.take" }

func (c *TakeEvents) apply(tx *tx) (any, error) {
	var ids []string
	for e := range All[Event](tx.view(), "") {
		if e.ID > c.Through {
			break
		}
		ids = append(ids, e.ID)
	}
	for _, id := range ids {
		if err := tx.remove(KindEvent, id); err != nil {
			return nil, err
		}
	}
	_, err := tx.count("/"+string(KindEvent), -len(ids))
	return nil, err
}

// pointer gives an entity value as the Entity it is; nil for anything else.
func pointer(v any) Entity {
	if v == nil {
		return nil
	}
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	e, _ := p.Interface().(Entity)
	return e
}
