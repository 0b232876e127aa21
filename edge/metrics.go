package edge

import "github.com/prometheus/client_golang/prometheus"

// registerMetrics makes what the node counts visible. Values are read when
// they are scraped.
func (n *Node) registerMetrics() {
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "meridian", Subsystem: "edge", Name: name, Help: help}, read)
	}
	n.grades = newGradeMetrics()
	n.cfg.Registerer.MustRegister(
		n.grades.scores, n.grades.causes, n.trials.results,
		gauge("gray", "1 while other nodes get no media through to this one.", func() float64 {
			if n.MediaCheck() != nil {
				return 1
			}
			return 0
		}),
		gauge("attachments", "Participants attached to this node.", func() float64 { return float64(len(n.attachmentList())) }),
		gauge("transports", "Transports of this node: participants, publishers and players.", func() float64 { return float64(n.engine.Transports()) }),
		gauge("tracks_local", "Tracks published at this node.", func() float64 { local, _ := n.tracks.Counts(); return float64(local) }),
		gauge("tracks_remote", "Tracks that reach this node over links.", func() float64 { _, remote := n.tracks.Counts(); return float64(remote) }),
	)
}
