package room

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	joins     *prometheus.CounterVec // by result
	takeovers prometheus.Counter
	yields    prometheus.Counter
	resyncs   *prometheus.CounterVec // by kind: batches, state
	refused   *prometheus.CounterVec // messages, by reason
	rooms     *roomsCollector
}

// roomsCollector counts rooms and people when asked.
type roomsCollector struct {
	plane         *Plane
	rooms, people *prometheus.Desc
}

func newMetrics(p *Plane, r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_edge_room_" + name, Help: help})
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "meridian_edge_room_" + name, Help: help}, []string{label})
	}
	m := &metrics{
		joins:     vec("joins_total", "Joins asked for at this node, by result.", "result"),
		takeovers: counter("takeovers_total", "Rooms this node became the home of after another."),
		yields:    counter("yields_total", "Rooms this node gave up to a home with a higher epoch."),
		resyncs:   vec("resyncs_total", "Followers brought up to date, by what was sent.", "kind"),
		refused:   vec("refused_messages_total", "Messages between nodes that were not taken, by reason.", "reason"),
		rooms: &roomsCollector{
			plane:  p,
			rooms:  prometheus.NewDesc("meridian_edge_room_rooms", "Rooms this node holds a copy of, by part.", []string{"part"}, nil),
			people: prometheus.NewDesc("meridian_edge_room_people", "People in the rooms this node is home of.", nil, nil),
		},
	}
	if r != nil {
		for _, c := range m.all() {
			r.MustRegister(c)
		}
	}
	return m
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.joins, m.takeovers, m.yields, m.resyncs, m.refused, m.rooms}
}

// Describe implements prometheus.Collector.
func (c *roomsCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.rooms; ch <- c.people }

// Collect implements prometheus.Collector.
func (c *roomsCollector) Collect(ch chan<- prometheus.Metric) {
	var home, follower, people int
	for r := range c.plane.Rooms() {
		if r.Leading {
			home++
			people += r.People
		} else {
			follower++
		}
	}
	ch <- prometheus.MustNewConstMetric(c.rooms, prometheus.GaugeValue, float64(home), "home")
	ch <- prometheus.MustNewConstMetric(c.rooms, prometheus.GaugeValue, float64(follower), "follower")
	ch <- prometheus.MustNewConstMetric(c.people, prometheus.GaugeValue, float64(people))
}
