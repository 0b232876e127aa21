//go:build linux

package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// BenchmarkDevReady is the time from the start of `meridian dev` until it says
// that three POPs are ready, on a new data directory.
//
//	go test -run '^$' -bench DevReady ./testbed/bench
func BenchmarkDevReady(b *testing.B) {
	bin := cluster.Binary(b)
	for b.Loop() {
		cmd := exec.Command(bin, "dev", "--json", "--port", "18080", "--data", b.TempDir())
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		var line struct{ Ready bool }
		if err := json.NewDecoder(out).Decode(&line); err != nil || !line.Ready {
			b.Fatalf("not ready: %v", err)
		}
		b.StopTimer()
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
