package sfu

import "github.com/prometheus/client_golang/prometheus"

// dropReason says why a packet or a piece of feedback went no further.
type dropReason uint8

const (
	dropDuplicate dropReason = iota // arrived before
	dropOld                         // too far behind, or of before a switch
	dropStray                       // far from the sequence
	dropOversize                    // longer than any path carries, or an impossible layer
	dropPadding                     // empty or malformed payload, hidden from slots
	dropWaiting                     // the slot waits for a keyframe
	dropCodec                       // the sink cannot take the codec
	dropQueueFull                   // feedback: the UpTrack's queue is full
	dropNackGone                    // feedback: the packet is unknown or no longer cached
	dropNackLimit                   // feedback: resent often enough
	dropBarred                      // the source may not send now
	dropReasons
)

var dropNames = [dropReasons]string{
	"duplicate", "old", "stray", "oversize", "padding", "waiting", "codec",
	"queue_full", "nack_gone", "nack_limit", "barred",
}

// Metrics are the counters of all tracks of a node, by kind.
type Metrics struct{ kinds [2]kindMetrics }

type kindMetrics struct {
	packets, bytes, resent       prometheus.Counter
	nacksUp, nacksDown           prometheus.Counter
	keyframesUp, keyframesDown   prometheus.Counter
	received, recovered, lost    prometheus.Counter
	cacheStarts, switches, waves prometheus.Counter
	drops                        [dropReasons]prometheus.Counter
}

// NewMetrics makes the counters and registers them unless reg is nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "meridian", Subsystem: "sfu", Name: name, Help: help,
		}, append([]string{"kind"}, labels...))
		if reg != nil {
			reg.MustRegister(v)
		}
		return v
	}
	var (
		packets   = vec("forwarded_packets_total", "Packets handed to sinks.")
		bytes     = vec("forwarded_bytes_total", "Payload bytes handed to sinks.")
		resent    = vec("resent_packets_total", "Packets handed to sinks in answer to NACKs.")
		received  = vec("received_packets_total", "Packets that arrived from sources.")
		recovered = vec("recovered_packets_total", "Packets that arrived after they were asked for.")
		lost      = vec("lost_packets_total", "Packets given up as lost by the source's hop.")
		nacks     = vec("nacks_total", "Packets asked for: up from us, down by subscribers.", "direction")
		keys      = vec("keyframe_requests_total", "Keyframe requests: up from us, down by subscribers.", "direction")
		starts    = vec("cache_starts_total", "Subscribers started from the cached keyframe.")
		switches  = vec("switches_total", "DownTracks attached to a source.")
		waves     = vec("waves_total", "Flushes after packets were handed to sinks.")
		drops     = vec("dropped_total", "Packets and feedback that went no further, by reason.", "reason")
	)
	m := &Metrics{}
	for _, kind := range []Kind{Audio, Video} {
		k, name := &m.kinds[kind], kind.String()
		k.packets, k.bytes = packets.WithLabelValues(name), bytes.WithLabelValues(name)
		k.resent, k.received = resent.WithLabelValues(name), received.WithLabelValues(name)
		k.recovered, k.lost = recovered.WithLabelValues(name), lost.WithLabelValues(name)
		k.nacksUp, k.nacksDown = nacks.WithLabelValues(name, "up"), nacks.WithLabelValues(name, "down")
		k.keyframesUp, k.keyframesDown = keys.WithLabelValues(name, "up"), keys.WithLabelValues(name, "down")
		k.cacheStarts, k.switches = starts.WithLabelValues(name), switches.WithLabelValues(name)
		k.waves = waves.WithLabelValues(name)
		for r := range dropReasons {
			k.drops[r] = drops.WithLabelValues(name, dropNames[r])
		}
	}
	return m
}

// unregistered serves configurations without Metrics.
var unregistered = NewMetrics(nil)

func (m *Metrics) of(kind Kind) *kindMetrics {
	if m == nil {
		m = unregistered
	}
	return &m.kinds[kind]
}
