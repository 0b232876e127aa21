package geo

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what gossip does.
type metrics struct {
	members   prometheus.GaugeFunc
	health    prometheus.GaugeFunc
	bad       *prometheus.CounterVec // by kind
	conflicts prometheus.Counter
	rejoins   *prometheus.CounterVec // by result
	changes   *prometheus.CounterVec // by kind
}

func newMetrics(members, health func() float64) *metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "meridian", Subsystem: "geo", Name: name, Help: help}
	}
	counter := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), []string{label})
	}
	return &metrics{
		members: prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("members", "Living nodes, this one included.")), members),
		health: prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("health_score",
			"Doubt of this node about itself; 0 is healthy.")), health),
		bad: counter("bad_messages_total", "Gossip that could not be read and was dropped.", "kind"),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts(opts("name_conflicts_total",
			"Announcements of a living node's id from another address."))),
		rejoins: counter("rejoins_total", "Attempts of the rejoin loop to reach a node.", "result"),
		changes: counter("member_changes_total", "Nodes that joined, left or changed.", "kind"),
	}
}

// register adds all or none.
func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	all := []prometheus.Collector{m.members, m.health, m.bad, m.conflicts, m.rejoins, m.changes}
	var errs []error
	for i, c := range all {
		if err := r.Register(c); err != nil {
			errs = append(errs, err)
			for _, done := range all[:i] {
				r.Unregister(done)
			}
			break
		}
	}
	return errors.Join(errs...)
}
