package relay

import "github.com/prometheus/client_golang/prometheus"

// metrics are the counters of a Mesh, and a collector that reads the links at a scrape.
// A link is labelled with its peer; rooms and tracks are never labels.
type metrics struct {
	mesh *Mesh

	linksUp     prometheus.Gauge
	dialsFailed prometheus.Counter
	refused     prometheus.Counter
	malformed   prometheus.Counter

	refusedDatagrams, unsentDatagrams, pathsFallen prometheus.Counter

	stale       prometheus.Counter
	keyframes   prometheus.Counter
	duplicates  prometheus.Counter
	bypasses    prometheus.Counter
	trackCopies *prometheus.CounterVec

	tracks, rtt, loss, connections, bytes, packets, dropped, sealed, sealedDatagrams, rate, queue, shed *prometheus.Desc
}

func newMetrics(m *Mesh) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_relay_" + name, Help: help})
	}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("meridian_relay_"+name, help, labels, nil)
	}
	return &metrics{
		mesh: m,
		linksUp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "meridian_relay_links", Help: "Links that are up."}),
		dialsFailed:      counter("dials_failed_total", "Dials that made no link."),
		refused:          counter("refused_total", "Incoming connections refused after or during the handshake."),
		malformed:        counter("malformed_total", "Streams dropped because a frame on them could not be decoded."),
		refusedDatagrams: counter("sealed_refused_total", "Datagrams that looked sealed and were nobody's, forged or replayed."),
		unsentDatagrams:  counter("sealed_unsent_total", "Sealed datagrams that the system did not send."),
		pathsFallen:      counter("sealed_fallen_total", "Times that sealed datagrams no longer arrived and media went back to QUIC."),
		stale:            counter("stale_bundles_total", "Sent bundles given up because they did not arrive in time."),
		keyframes:        counter("keyframe_requests_total", "Keyframe requests that came from other nodes."),
		duplicates:       counter("duplicates_total", "RTP packets dropped because they had come over another link."),
		bypasses:         counter("bypasses_total", "Tracks that came another way because their link had failed or fallen silent."),
		trackCopies: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meridian_relay_track_copies_total",
			Help: "Copies of tracks ever put on a link (out) or asked for over one (in): one per track and link however many want it.",
		}, []string{"direction"}),
		tracks:          desc("track_copies", "Copies of tracks now crossing the link.", "peer", "direction"),
		rtt:             desc("link_rtt_seconds", "Round trip of the last probe.", "peer"),
		loss:            desc("link_loss_ratio", "Share of packets lost since the link came up.", "peer"),
		connections:     desc("link_connections", "QUIC connections of the link.", "peer"),
		bytes:           desc("link_bytes_total", "Bytes framed on the link.", "peer", "direction", "class"),
		packets:         desc("link_packets_total", "RTP packets or messages on the link.", "peer", "direction", "class"),
		sealed:          desc("link_sealed", "1 while media goes by sealed datagrams alone, 0.5 while by QUIC as well.", "peer"),
		sealedDatagrams: desc("link_sealed_datagrams_total", "Sealed datagrams and what became of them, by event.", "peer", "event"),
		dropped:         desc("link_dropped_total", "RTP packets dropped before sending.", "peer", "class"),
		rate:            desc("link_rate_bits", "Bits per second that may be sent.", "peer"),
		queue:           desc("link_queue_seconds", "One-way delay over its least of the last ten seconds.", "peer"),
		shed:            desc("link_shed_tracks", "Tracks of which layers are held back for want of room.", "peer"),
	}
}

func (m *metrics) own() []prometheus.Collector {
	return []prometheus.Collector{m.linksUp, m.dialsFailed, m.refused, m.malformed, m.refusedDatagrams, m.unsentDatagrams, m.pathsFallen, m.stale, m.keyframes, m.duplicates, m.bypasses, m.trackCopies}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.own() {
		c.Describe(ch)
	}
	for _, d := range []*prometheus.Desc{m.tracks, m.rtt, m.loss, m.connections, m.bytes, m.packets, m.dropped, m.sealed, m.sealedDatagrams, m.rate, m.queue, m.shed} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.own() {
		c.Collect(ch)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for _, l := range m.mesh.Links() {
		peer := string(l.Peer)
		gauge(m.tracks, float64(l.TracksIn), peer, "in")
		gauge(m.tracks, float64(l.TracksOut), peer, "out")
		gauge(m.rtt, l.RTT.Seconds(), peer)
		gauge(m.loss, l.Loss, peer)
		gauge(m.connections, float64(l.Connections), peer)
		gauge(m.sealed, map[string]float64{"up": 1, "doubtful": 0.5}[l.Path.State], peer)
		for event, n := range l.Path.events() {
			counter(m.sealedDatagrams, n, peer, event)
		}
		for class, n := range l.Sent {
			counter(m.bytes, n.Bytes, peer, "out", class)
			counter(m.packets, n.Packets, peer, "out", class)
			counter(m.dropped, n.Dropped, peer, class)
		}
		for class, n := range l.Received {
			counter(m.bytes, n.Bytes, peer, "in", class)
			counter(m.packets, n.Packets, peer, "in", class)
		}
	}
}
