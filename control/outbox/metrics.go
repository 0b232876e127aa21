package outbox

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/history/record"
)

// metrics of an outbox and of its delivery.
type metrics struct {
	appended  prometheus.Counter
	acked     prometheus.Counter
	losses    *prometheus.CounterVec // by reason
	failures  *prometheus.CounterVec // by operation
	delivered prometheus.Counter
	deferred  prometheus.Counter
}

func newMetrics(o *Outbox, r prometheus.Registerer) *metrics {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "meridian_outbox_" + name, Help: help}
	}
	m := &metrics{
		appended:  prometheus.NewCounter(opts("appended_total", "Entries made durable.")),
		acked:     prometheus.NewCounter(opts("acked_total", "Entries that are done with.")),
		losses:    prometheus.NewCounterVec(opts("lost_total", "Entries that will not be delivered, by reason."), []string{"reason"}),
		failures:  prometheus.NewCounterVec(opts("failures_total", "Operations that did not succeed: append and ack on the disk, post to control."), []string{"operation"}),
		delivered: prometheus.NewCounter(opts("delivered_total", "Records that control has kept.")),
		deferred:  prometheus.NewCounter(opts("deferred_total", "Records that control did not take yet.")),
	}
	if r != nil {
		r.MustRegister(m.appended, m.acked, m.losses, m.failures, m.delivered, m.deferred,
			gauge("entries", "Entries on disk that wait.", func() float64 { return float64(o.Status().Entries) }),
			prometheus.NewCounterFunc(prometheus.CounterOpts(opts("syncs_total", "Fsyncs of entries.")), func() float64 { return float64(o.syncs.Load()) }),
			gauge("bytes", "Bytes on disk.", func() float64 { return float64(o.Status().Bytes) }),
			gauge("oldest_seconds", "Age of the oldest entry that waits.", o.age),
			gauge("latched", "1 after a failed write: nothing more is taken.", o.latch01))
	}
	return m
}

func gauge(name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "meridian_outbox_" + name, Help: help}, read)
}

func (o *Outbox) age() float64 {
	s := o.Status()
	if s.Oldest.IsZero() {
		return 0
	}
	return max(o.cfg.Now().Sub(s.Oldest).Seconds(), 0)
}

func (o *Outbox) latch01() float64 {
	if o.Status().Err != nil {
		return 1
	}
	return 0
}

// lost counts entries by why they will not be delivered.
func (m *metrics) lost(why error, n int) {
	m.losses.WithLabelValues(reason(why)).Add(float64(n))
}

func reason(why error) string {
	for err, name := range reasons {
		if errors.Is(why, err) {
			return name
		}
	}
	return "disk"
}

var reasons = map[error]string{
	ErrLatched: "latched", ErrBusy: "busy", ErrClosed: "closed", ErrEntry: "invalid", record.ErrInvalid: "invalid",
	errOverflow: "overflow", errFrame: "damaged", errRefused: "refused", errExpired: "expired",
}
