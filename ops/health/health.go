// Package health answers the probes of orchestrators and the questions of
// operators over HTTP.
//
//	/livez            the process serves HTTP; nothing else is asked
//	/readyz           200 while new joins are taken, else 503 with the reasons
//	/healthz          like /readyz, draining apart; ?verbose lists all checks
//	/metrics          Prometheus, where a gatherer was given
//
// Liveness asks nothing on purpose: a restart heals no peer that is away. The
// package runs no checks by itself and keeps no history.
package health

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health is the set of checks of one process.
type Health struct {
	mu       sync.Mutex // guards everything below; no check runs under it
	checks   []check
	draining bool
}

type check struct {
	name    string
	run     func() error
	warning bool
}

// Result is what one check said.
type Result struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`

	// Reason is why not.
	Reason string `json:"reason,omitempty"`

	// Warning says that the node works all the same.
	Warning bool `json:"warning,omitempty"`

	// Micros is how long the check took, in microseconds.
	Micros int64 `json:"us"`
}

// Report is the answer to /healthz?verbose in JSON.
type Report struct {
	OK       bool     `json:"ok"`
	Draining bool     `json:"draining"`
	Checks   []Result `json:"checks"`
}

// New makes an empty set: healthy and ready.
func New() *Health { return &Health{} }

// Add registers a check under a name, in place of an earlier one of that name.
// A check returns at once, from what its component already knows; its error is
// shown to anybody who asks and holds no secret.
func (h *Health) Add(name string, run func() error) { h.add(check{name: name, run: run}) }

// AddWarning registers a check that is listed but turns nobody away: an edge
// without its control plane still takes joins.
func (h *Health) AddWarning(name string, run func() error) {
	h.add(check{name: name, run: run, warning: true})
}

func (h *Health) add(added check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = slices.DeleteFunc(h.checks, func(c check) bool { return c.name == added.name })
	h.checks = append(h.checks, added)
}

// SetDraining makes the node unready, or ready again, whatever the checks say.
func (h *Health) SetDraining(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = on
}

// Report runs all checks.
func (h *Health) Report() Report {
	h.mu.Lock()
	checks, draining := slices.Clone(h.checks), h.draining
	h.mu.Unlock()
	r := Report{OK: true, Draining: draining, Checks: make([]Result, 0, len(checks))}
	for _, c := range checks {
		result := c.result()
		r.OK = r.OK && (result.OK || result.Warning)
		r.Checks = append(r.Checks, result)
	}
	return r
}

func (c check) result() (r Result) {
	start := time.Now()
	r = Result{Name: c.name, Warning: c.warning}
	if err := c.run(); err != nil {
		r.Reason = err.Error()
	} else {
		r.OK = true
	}
	r.Micros = time.Since(start).Microseconds()
	return r
}

// Ready returns why no new joins are taken, or nothing.
func (h *Health) Ready() []string {
	r := h.Report()
	var reasons []string
	if r.Draining {
		reasons = append(reasons, "draining")
	}
	return append(reasons, r.reasons()...)
}

func (r Report) reasons() []string {
	var reasons []string
	for _, c := range r.Checks {
		if !c.OK && !c.Warning {
			reasons = append(reasons, c.Name+": "+c.Reason)
		}
	}
	return reasons
}

// Handler serves the probes and, with a gatherer, the metrics.
func (h *Health) Handler(metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, nil)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, h.Ready())
	})
	mux.HandleFunc("GET /healthz", h.healthz)
	if metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{
			ErrorHandling: promhttp.ContinueOnError,
		}))
	}
	return mux
}

func (h *Health) healthz(w http.ResponseWriter, r *http.Request) {
	report := h.Report()
	if !r.URL.Query().Has("verbose") {
		answer(w, report.reasons())
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		headers(w, "application/json", report.OK)
		_ = json.NewEncoder(w).Encode(report)
		return
	}
	headers(w, "text/plain; charset=utf-8", report.OK)
	for _, c := range report.Checks {
		mark, reason := "[+]", "ok"
		switch {
		case c.OK:
		case c.Warning:
			mark, reason = "[!]", c.Reason
		default:
			mark, reason = "[-]", c.Reason
		}
		fmt.Fprintf(w, "%s %s %s (%d µs)\n", mark, c.Name, reason, c.Micros)
	}
	if report.Draining {
		fmt.Fprintln(w, "[!] draining")
	}
	if report.OK {
		fmt.Fprintln(w, "healthy")
		return
	}
	fmt.Fprintln(w, "unhealthy")
}

// answer is ok, or 503 with a reason a line.
func answer(w http.ResponseWriter, reasons []string) {
	headers(w, "text/plain; charset=utf-8", len(reasons) == 0)
	if len(reasons) == 0 {
		fmt.Fprintln(w, "ok")
		return
	}
	fmt.Fprintln(w, strings.Join(reasons, "\n"))
}

func headers(w http.ResponseWriter, kind string, ok bool) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}
