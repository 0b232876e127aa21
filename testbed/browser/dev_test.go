package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestDevAcrossTheOcean is the first command of the README as somebody uses it
// who wants to show it to others: reached over HTTPS under the machine's
// address, with the delays of oceans between the POPs.
func TestDevAcrossTheOcean(t *testing.T) {
	cmd := exec.Command(cluster.Binary(t), "dev", "--json", "--wan", "--pops", "2",
		"--listen", "0.0.0.0", "--port", strconv.Itoa(freePort(t)), "--data", t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the network ended with %v", err)
		}
	})
	var ready struct {
		POPs []struct{ Name, URL string }
	}
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	var pages []*Page
	for i, pop := range ready.POPs {
		p := New(t, pop.Name, Options{Tone: []float64{440, 700}[i], Insecure: true})
		join(p, pop.URL+"/m/demo?pop="+pop.Name, "Person "+pop.Name)
		pages = append(pages, p)
	}
	for i, p := range pages {
		s := p.Until(startTimeout, "sees the other over the ocean", func(s State) error {
			if n := s.Decoding(10); n != 1 {
				return fmt.Errorf("%d decode", n)
			}
			return nil
		})
		if s.POP != ready.POPs[i].Name {
			t.Errorf("%s is attached to %s", p.Name, s.POP)
		}
		p.Hears(startTimeout, []float64{700, 440}[i])
		p.Shot("meeting")
	}
}

// freePort finds four ports in a row that are free now, outside the range from which
// systems give out ports by themselves, and returns the second.
func freePort(t *testing.T) int {
	t.Helper()
	for range 200 {
		if port := 20000 + rand.IntN(12000); allFree(port, 4) {
			return port + 1
		}
	}
	t.Fatal("no ports are free")
	return 0
}

func allFree(port, n int) bool {
	for i := range n {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port+i))
		if err != nil {
			return false
		}
		defer l.Close()
	}
	return true
}
