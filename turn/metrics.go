package turn

import "github.com/prometheus/client_golang/prometheus"

// metrics count what was refused and dropped.
type metrics struct {
	refusals *prometheus.CounterVec

	expired, malformed, quota, forbidden, connections prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, s *Server) *metrics {
	m := &metrics{refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "meridian", Subsystem: "turn", Name: "refusals_total",
		Help: "Requests and connections refused, by reason.",
	}, []string{"reason"})}
	m.expired = m.refusals.WithLabelValues("expired")
	m.malformed = m.refusals.WithLabelValues("malformed_name")
	m.quota = m.refusals.WithLabelValues("quota")
	m.forbidden = m.refusals.WithLabelValues("forbidden_peer")
	m.connections = m.refusals.WithLabelValues("connections")
	if reg == nil {
		return m
	}
	reg.MustRegister(m.refusals, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "meridian", Subsystem: "turn", Name: "allocations", Help: "Allocations alive.",
	}, func() float64 { return float64(s.Allocations()) }))
	b := s.cfg.Bridge
	for _, d := range []struct {
		reason string
		read   func() uint64
	}{
		{"peer_port", b.refused.Load}, {"queue_full", b.overrun.Load},
		{"allocation_gone", b.stale.Load}, {"virtual_source", b.spoofed.Load},
	} {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "meridian", Subsystem: "turn", Name: "dropped_packets_total",
			Help:        "Packets dropped between clients and media, by reason.",
			ConstLabels: prometheus.Labels{"reason": d.reason},
		}, func() float64 { return float64(d.read()) }))
	}
	return m
}
