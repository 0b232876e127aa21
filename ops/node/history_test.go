package node

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/ops/health"
)

func TestAnEdgeWhoseDiskTakesNoHistoryServesAndSaysSo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "outbox"), []byte("a file, not a directory"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &Edge{Registry: newRegistry(), Health: health.New()}
	if r := e.openOutbox(EdgeOptions{Dir: dir, Log: slog.New(slog.DiscardHandler)}); r != nil || e.Outbox != nil {
		t.Fatal("there is an outbox")
	}
	report := e.Health.Report()
	if !report.OK || len(report.Checks) != 1 || report.Checks[0].Name != "history" || report.Checks[0].OK || !report.Checks[0].Warning {
		t.Fatalf("%+v", report)
	}
}

func TestTheOutboxStandsInTheEdgesDirectoryOrWhereItIsTold(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	for where, o := range map[string]EdgeOptions{
		filepath.Join(dir, "outbox"): {Dir: dir}, elsewhere: {Dir: dir, OutboxDir: elsewhere},
	} {
		o.Log = slog.New(slog.DiscardHandler)
		e := &Edge{Registry: newRegistry(), Health: health.New()}
		kept := make(chan error, 1)
		e.openOutbox(o).Record(func(err error) { kept <- err }, &record.Closed{
			Live: record.Live{Company: "acme", Room: "demo", Session: "s", At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)},
		})
		if err := <-kept; err != nil {
			t.Fatal(err)
		}
		if n := e.Outbox.Status().Entries; n != 1 {
			t.Errorf("%d entries", n)
		}
		if err := e.Outbox.Close(); err != nil {
			t.Error(err)
		}
		if found, _ := filepath.Glob(filepath.Join(where, "*.seg")); len(found) != 1 {
			t.Errorf("%s: %v", where, found)
		}
	}
}
