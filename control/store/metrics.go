package store

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// storeMetrics are what a Store counts.
type storeMetrics struct {
	reg        prometheus.Registerer
	commit     prometheus.Histogram
	collectors []prometheus.Collector
}

func newStoreMetrics(reg prometheus.Registerer, s *Store) (storeMetrics, error) {
	m := storeMetrics{reg: reg}
	m.commit = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "meridian_control_commit_seconds", Help: "Time from proposing a command to its being applied.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	})
	m.collectors = []prometheus.Collector{
		m.commit,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "meridian_control_leader", Help: "1 when this node leads and takes writes.",
		}, func() float64 {
			if s.leading.Load() != 0 {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "meridian_control_applied_index", Help: "Index of the last command applied.",
		}, func() float64 { return float64(s.state.View().Index()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "meridian_control_log_writes_total", Help: "Transactions of the Raft log's file since it was made; each syncs it twice.",
		}, func() float64 { return float64(s.logs.writes()) }),
	}
	if reg == nil {
		return m, nil
	}
	for i, c := range m.collectors {
		if err := reg.Register(c); err != nil {
			for _, done := range m.collectors[:i] {
				reg.Unregister(done)
			}
			return m, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *storeMetrics) unregister() error {
	if m.reg != nil {
		for _, c := range m.collectors {
			m.reg.Unregister(c)
		}
	}
	return nil
}
