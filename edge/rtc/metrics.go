package rtc

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count over all transports of an Engine.
type metrics struct {
	packets, bytes *prometheus.CounterVec
	in, out        struct{ packets, bytes prometheus.Counter }
	dropped        *prometheus.CounterVec
	closed         *prometheus.CounterVec
	connect        prometheus.Histogram
	handshake      prometheus.Histogram

	undecryptable, unknownSSRC, unready, mismatched prometheus.Counter
	unknownCodec, longDescriptor                    prometheus.Counter
	stranger, socketFull, undeliverable, flooded    prometheus.Counter
	streamFull                                      prometheus.Counter
	waves, batched                                  prometheus.Counter
	streams                                         *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, transports, streams, memory func() int) *metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "meridian", Subsystem: "rtc", Name: name, Help: help}
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), []string{label})
	}
	m := &metrics{
		packets: vec("packets_total", "RTP packets exchanged with clients.", "direction"),
		bytes:   vec("bytes_total", "Bytes of RTP packets exchanged with clients, without SRTP's.", "direction"),
		dropped: vec("dropped_total", "Packets dropped, by reason.", "reason"),
		closed:  vec("transports_closed_total", "Transports closed, by cause.", "cause"),
		connect: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "meridian", Subsystem: "rtc", Name: "connect_seconds",
			Help:    "Time from the answer to finished ICE and DTLS.",
			Buckets: []float64{.01, .025, .05, .1, .2, .4, .8, 1.6, 3.2, 6.4, 15},
		}),
	}
	m.handshake = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "meridian", Subsystem: "rtc", Name: "handshake_seconds",
		Help:    "Time of a DTLS handshake, from its turn to its end.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	})
	m.in.packets, m.in.bytes = m.packets.WithLabelValues("in"), m.bytes.WithLabelValues("in")
	m.out.packets, m.out.bytes = m.packets.WithLabelValues("out"), m.bytes.WithLabelValues("out")
	m.undecryptable = m.dropped.WithLabelValues("undecryptable")
	m.unknownSSRC = m.dropped.WithLabelValues("unknown_ssrc")
	m.unready = m.dropped.WithLabelValues("not_connected")
	m.stranger = m.dropped.WithLabelValues("unknown_address")
	m.socketFull = m.dropped.WithLabelValues("socket_full")
	m.undeliverable = m.dropped.WithLabelValues("undeliverable")
	m.mismatched = m.dropped.WithLabelValues("differs_from_first_sending")
	m.flooded = m.dropped.WithLabelValues("rtcp_flood")
	m.unknownCodec = m.dropped.WithLabelValues("codec_not_negotiated")
	m.streamFull = m.dropped.WithLabelValues("stream_full")
	m.streams = vec("streams_closed_total", "TCP connections of clients closed, by cause.", "cause")
	m.longDescriptor = prometheus.NewCounter(prometheus.CounterOpts(
		opts("long_descriptors_total", "Dependency Descriptors left out because the client takes no two-byte extensions.")))
	m.waves = prometheus.NewCounter(prometheus.CounterOpts(opts("send_batches_total", "System calls that sent RTP packets to clients.")))
	m.batched = prometheus.NewCounter(prometheus.CounterOpts(opts("send_batched_packets_total", "RTP packets that these sent.")))
	if reg != nil {
		open := prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("transports", "Transports open.")),
			func() float64 { return float64(transports()) })
		bound := prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("memory_bound_bytes", "What the open transports hold at most.")),
			func() float64 { return float64(memory()) })
		streaming := prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("streams", "TCP connections of clients open.")),
			func() float64 { return float64(streams()) })
		reg.MustRegister(streaming, m.streams, bound, m.packets, m.bytes, m.dropped, m.closed, m.connect, m.handshake, m.waves, m.batched, m.longDescriptor, open)
	}
	return m
}

func (m *metrics) connected(after time.Duration) { m.connect.Observe(after.Seconds()) }

// streamEnded counts a TCP connection's end. What is none of ours counts as
// "client".
func (m *metrics) streamEnded(cause error) {
	name := "client"
	for _, c := range []struct {
		err  error
		name string
	}{
		{errStranger, "stranger"}, {errUnproven, "unproven"}, {errStuck, "stuck"}, {errIdle, "idle"},
		{errLongFrame, "long_frame"}, {errEnded, "ended"}, {errCrowded, "crowded"},
	} {
		if errors.Is(cause, c.err) {
			name = c.name
			break
		}
	}
	m.streams.WithLabelValues(name).Inc()
}

// ended counts a transport's end. Causes that others gave count as "owner".
func (m *metrics) ended(cause error) {
	name := "owner"
	for _, c := range []struct {
		err  error
		name string
	}{
		{ErrConnectTimeout, "connect_timeout"}, {ErrICEFailed, "ice_failed"}, {ErrDTLS, "dtls"},
		{ErrClientClosed, "client"}, {ErrFlood, "flood"}, {ErrSilent, "silent"}, {ErrClosed, "closed"},
	} {
		if errors.Is(cause, c.err) {
			name = c.name
			break
		}
	}
	m.closed.WithLabelValues(name).Inc()
}
