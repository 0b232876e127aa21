package geo

import (
	"bytes"
	"log/slog"
	"time"

	"github.com/hashicorp/memberlist"
)

// delegate is what memberlist calls, often under its own lock: nothing here
// blocks or calls back into memberlist.
type delegate struct{ m *Members }

// NodeMeta implements memberlist.Delegate. Validate has checked the length.
func (d *delegate) NodeMeta(int) []byte { return d.m.meta }

// NotifyMsg implements memberlist.Delegate.
func (d *delegate) NotifyMsg(b []byte) {
	s, err := parseState(b)
	if err != nil {
		d.m.metrics.bad.WithLabelValues("state").Inc()
		return
	}
	d.m.hear(s)
}

// GetBroadcasts implements memberlist.Delegate.
func (d *delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.m.queue.GetBroadcasts(overhead, limit)
}

// LocalState implements memberlist.Delegate.
func (d *delegate) LocalState(bool) []byte {
	return appendStates(nil, d.m.roster.allStates())
}

// MergeRemoteState implements memberlist.Delegate.
func (d *delegate) MergeRemoteState(b []byte, _ bool) {
	parseStates(b, d.m.hear, func() { d.m.metrics.bad.WithLabelValues("states").Inc() })
}

// NotifyAlive implements memberlist.AliveDelegate: a node whose metadata does
// not describe a node is no member.
func (d *delegate) NotifyAlive(n *memberlist.Node) error {
	_, err := parseMeta(n.Name, n.Meta)
	if err != nil {
		d.m.metrics.bad.WithLabelValues("meta").Inc()
	}
	return err
}

// NotifyJoin implements memberlist.EventDelegate.
func (d *delegate) NotifyJoin(n *memberlist.Node) { d.came(n, "join") }

// NotifyUpdate implements memberlist.EventDelegate.
func (d *delegate) NotifyUpdate(n *memberlist.Node) { d.came(n, "update") }

func (d *delegate) came(n *memberlist.Node, kind string) {
	node, err := parseMeta(n.Name, n.Meta)
	if err != nil {
		return // NotifyAlive has refused it already
	}
	d.m.roster.joined(node, n.Address(), time.Now())
	d.m.metrics.changes.WithLabelValues(kind).Inc()
	if node.ID != d.m.self.ID {
		d.m.log.Info("node "+kind, "node", node.ID, "pop", node.POP, "role", node.Role, "addr", n.Address())
	}
	wake(d.m.changed)
}

// NotifyLeave implements memberlist.EventDelegate; it stands for death too.
func (d *delegate) NotifyLeave(n *memberlist.Node) {
	id := NodeID(n.Name)
	d.m.roster.left(id, time.Now())
	d.m.coords.ForgetNode(n.Name)
	d.m.forget(id)
	d.m.metrics.changes.WithLabelValues("leave").Inc()
	if id != d.m.self.ID {
		d.m.log.Info("node gone", "node", id, "addr", n.Address())
	}
	wake(d.m.changed)
}

// NotifyConflict implements memberlist.ConflictDelegate: an id that lives at
// one address was announced from another. After a restart this ends by itself
// once the old process is found dead; two processes with one id do not.
func (d *delegate) NotifyConflict(existing, other *memberlist.Node) {
	d.m.metrics.conflicts.Inc()
	if existing.Name == string(d.m.self.ID) {
		d.m.contestedAt.Store(time.Now().UnixNano())
	}
	d.m.log.Warn("node id announced from two addresses", "node", existing.Name,
		"addr", existing.Address(), "other", other.Address())
}

// AckPayload implements memberlist.PingDelegate: answers to probes carry the
// own coordinate, for the prober to place itself by, and the own clock.
func (d *delegate) AckPayload() []byte {
	return appendClock(appendCoordinate(nil, d.m.coords.GetCoordinate()), d.m.clock())
}

// NotifyPingComplete implements memberlist.PingDelegate.
func (d *delegate) NotifyPingComplete(other *memberlist.Node, rtt time.Duration, payload []byte) {
	c, err := parseCoordinate(payload)
	if err != nil {
		d.m.metrics.bad.WithLabelValues("coordinate").Inc()
		return
	}
	if theirs, ok := readClock(payload); ok {
		d.m.compare(NodeID(other.Name), theirs, rtt)
	}
	if _, err := d.m.coords.Update(other.Name, c, rtt); err == nil {
		d.m.measured.Store(true)
	}
}

// logWriter turns memberlist's log lines into records of level debug, since it
// reports ordinary events of a network as errors.
type logWriter struct{ log *slog.Logger }

func (w *logWriter) Write(line []byte) (int, error) {
	text := bytes.TrimSpace(line)
	var level []byte
	if rest, ok := bytes.CutPrefix(text, []byte("[")); ok {
		if l, after, ok := bytes.Cut(rest, []byte("] ")); ok {
			level, text = l, after
		}
	}
	text = bytes.TrimPrefix(text, []byte("memberlist: "))
	w.log.Debug("memberlist", "text", string(text), "severity", string(level))
	return len(line), nil
}
