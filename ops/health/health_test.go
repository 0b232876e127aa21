package health_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/ops/health"
)

func get(h http.Handler, target string, header ...string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestProbes(t *testing.T) {
	h := health.New()
	var feed error
	h.Add("feed", func() error { return errors.New("never asked") })
	h.Add("feed", func() error { return feed })
	h.Add("media", func() error { return nil })
	h.AddWarning("control", func() error { return errors.New("away") })
	handler := h.Handler(nil)

	steps := []struct {
		name                 string
		feed                 error
		draining             bool
		live, ready, healthy int
		reasons              string
	}{
		{name: "all is well", live: 200, ready: 200, healthy: 200, reasons: "ok"},
		{name: "a check fails", feed: errors.New("away for 9s"), live: 200, ready: 503, healthy: 503, reasons: "feed: away for 9s"},
		{name: "draining", draining: true, live: 200, ready: 503, healthy: 200, reasons: "draining"},
		{name: "both", feed: errors.New("away"), draining: true, live: 200, ready: 503, healthy: 503, reasons: "draining\nfeed: away"},
		{name: "well again", live: 200, ready: 200, healthy: 200, reasons: "ok"},
	}
	for _, s := range steps {
		feed = s.feed
		h.SetDraining(s.draining)
		live, _ := get(handler, "/livez")
		ready, reasons := get(handler, "/readyz")
		healthy, _ := get(handler, "/healthz")
		if live != s.live || ready != s.ready || healthy != s.healthy || reasons != s.reasons {
			t.Errorf("%s: live %d, ready %d %q, healthy %d", s.name, live, ready, reasons, healthy)
		}
	}
}

func TestVerbose(t *testing.T) {
	h := health.New()
	h.Add("media", func() error { return nil })
	h.Add("feed", func() error { return errors.New("away") })
	h.AddWarning("control", func() error { return errors.New("away for 3s") })
	code, text := get(h.Handler(nil), "/healthz?verbose")
	for _, want := range []string{"[+] media ok", "[-] feed away", "[!] control away for 3s", "unhealthy"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if code != http.StatusServiceUnavailable {
		t.Errorf("code %d", code)
	}
	_, text = get(h.Handler(nil), "/healthz?verbose", "Accept", "application/json")
	var report health.Report
	if err := json.Unmarshal([]byte(text), &report); err != nil || report.OK || len(report.Checks) != 3 || report.Checks[1].Reason != "away" {
		t.Errorf("%s: %v", text, err)
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "meridian_test_total", Help: "Tests."})
	registry.MustRegister(counter)
	counter.Inc()
	code, text := get(health.New().Handler(registry), "/metrics")
	if code != http.StatusOK || !strings.Contains(text, "meridian_test_total 1") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := get(health.New().Handler(nil), "/metrics"); code != http.StatusNotFound {
		t.Errorf("without a gatherer: %d", code)
	}
}
