package control

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/state"
)

const (
	// takeEvery is how often events are looked for: what somebody changed is in the history this soon.
	takeEvery = 500 * time.Millisecond
	// takeAtOnce bounds the events of one transaction. Where there are more, the next follows at once: who
	// changes thousands of things a second would fill the state with events otherwise.
	takeAtOnce = 500
	// takeTimeout bounds one round; the next begins where this one ended.
	takeTimeout = 30 * time.Second
)

// takeEvents moves the state's events into history, and what they tell into the queue of notifications, while this
// node leads. An event leaves the state only when both have it, so that none is lost with a node or while the
// database is away; what is given twice has the same id and is kept once.
func (n *Node) takeEvents() {
	failed := false
	more := false
	for more || pause(n.ctx, takeEvery) == nil {
		if more = false; n.store.Ready() != nil {
			continue
		}
		var err error
		more, err = n.takeSome()
		if err != nil && !failed && n.ctx.Err() == nil {
			n.log.Warn("events wait for history", "err", err)
		}
		failed = err != nil
	}
}

// takeSome moves as many events as one transaction may have, and tells whether there were so many.
func (n *Node) takeSome() (full bool, err error) {
	ctx, cancel := context.WithTimeout(n.ctx, takeTimeout)
	defer cancel()
	var events []state.Event
	var records []record.Record
	view := n.store.View()
	for e := range state.All[state.Event](view, "") {
		if len(records) == takeAtOnce {
			break
		}
		events, records = append(events, e), append(records, audited(e, view.Platform().Epoch))
	}
	if len(records) == 0 {
		return false, nil
	}
	if err := n.history.Ingest(ctx, records...); err != nil {
		return false, err
	}
	if err := n.tell(ctx, events, records); err != nil {
		return false, err
	}
	if _, err := n.store.Propose(ctx, &state.TakeEvents{Through: events[len(events)-1].ID}); err != nil {
		return false, err
	}
	return len(records) == takeAtOnce, nil
}

// audited is an event as history keeps it. The log index alone is not unique: a cluster that was restored counts
// from there again, under another epoch.
func audited(e state.Event, epoch string) *record.Audit {
	kind, _, _ := strings.Cut(e.Action, ".")
	a := &record.Audit{
		Event: epoch + "." + e.ID, At: e.At, Actor: e.By, Action: e.Action, Request: e.Request,
		Object: record.Object{Kind: kind, ID: e.Object},
	}
	if !slices.Contains(platforms, state.Kind(kind)) {
		a.Company = e.Owner
	}
	for _, f := range e.Fields {
		a.Changes = append(a.Changes, record.Change{Field: f})
	}
	return a
}

// platforms are the kinds that no company owns: their events are the platform's.
var platforms = []state.Kind{state.KindPlatform, state.KindPOP, state.KindPlan, state.KindReseller, state.KindRootDomain}
