package dev

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/ops/picture"
)

// options are those of a network on ports that are free.
func options(t *testing.T, pops int) Options {
	t.Helper()
	o := DefaultOptions()
	o.POPs, o.Data = pops, t.TempDir()
	for range 200 {
		if o.Port = 20000 + rand.IntN(12000); len(taken(o)) == 0 {
			return o
		}
	}
	t.Fatal("no free ports")
	return o
}

// taken lists the ports of a network that somebody listens on.
func taken(o Options) (ports []int) {
	for port := o.Port - 1; port < o.Port+o.POPs; port++ {
		l, err := net.Listen("tcp", join(loopback, port))
		if err != nil {
			ports = append(ports, port)
			continue
		}
		_ = l.Close()
	}
	return ports
}

// leaks fails the test where a goroutine is left when it ends. Gossip does not
// wait for the probes that are under way when it is shut down; each ends with its
// interval.
func leaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		err := goleak.Find(before)
		for began := time.Now(); err != nil && time.Since(began) < 20*time.Second; {
			err = goleak.Find(before) // takes half a second where it finds some
		}
		if err != nil {
			t.Error(err)
		}
	})
}

func TestStartAndClose(t *testing.T) {
	leaks(t)
	o := options(t, 3)
	o.WAN = true
	n, err := Start(t.Context(), o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if len(taken(o)) != 4 {
		t.Errorf("listens on %v", taken(o))
	}
	for _, url := range n.operators {
		shows(t, url, 4)
	}
	for range 2 { // Close is idempotent
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	if still := taken(o); len(still) > 0 {
		t.Errorf("still listens on %v", still)
	}
}

// shows asks for the picture of the network until everybody in it has answered.
func shows(t *testing.T, url string, nodes int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	well := func() bool {
		res, err := client.Get(url + "/ops/net.json")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var n picture.Network
		if err := json.NewDecoder(res.Body).Decode(&n); err != nil {
			t.Fatal(err)
		}
		silent := slices.ContainsFunc(n.Nodes, func(n picture.Node) bool { return n.State == picture.NodeSilent })
		return len(n.Nodes) == nodes && !silent && len(n.Links) == (nodes-1)*(nodes-2)/2
	}
	for began := time.Now(); !well(); {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%s does not show the whole network", url)
		}
	}
}

// TestOneOfThreeDoesNotStart: the others are taken down again, and control too.
func TestOneOfThreeDoesNotStart(t *testing.T) {
	leaks(t)
	o := options(t, 3)
	if err := os.WriteFile(filepath.Join(o.Data, "iad-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), o, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "start POP iad") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v", err)
	}
	if still := taken(o); len(still) > 0 {
		t.Errorf("still listens on %v", still)
	}
}

func TestControlDoesNotStart(t *testing.T) {
	leaks(t)
	o := options(t, 2)
	if err := os.WriteFile(filepath.Join(o.Data, "control"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), o, slog.New(slog.DiscardHandler)); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v", err)
	}
	if still := taken(o); len(still) > 0 {
		t.Errorf("still listens on %v", still)
	}
}

// TestEndedWhileStarting ends the start at every stage that shows on the disk.
func TestEndedWhileStarting(t *testing.T) {
	for _, stage := range []string{"", "control/raft", "control/api-key", "syd-1", "fra-1/identity.json"} {
		t.Run(fmt.Sprintf("after %q", stage), func(t *testing.T) {
			leaks(t)
			o := options(t, 3)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			watched := make(chan struct{})
			go func() {
				defer close(watched)
				defer cancel()
				ticker := time.NewTicker(time.Millisecond)
				defer ticker.Stop()
				for ; ctx.Err() == nil; <-ticker.C {
					if _, err := os.Stat(filepath.Join(o.Data, stage)); err == nil {
						return
					}
				}
			}()
			n, err := Start(ctx, o, slog.New(slog.DiscardHandler))
			<-watched
			if err == nil { // it was faster than the watch
				err = n.Close()
			} else if ctx.Err() == nil {
				t.Errorf("start: %v", err)
			}
			if still := taken(o); len(still) > 0 {
				t.Errorf("still listens on %v after %v", still, err)
			}
		})
	}
}

// TestWANConnCloses: packets under way end with the socket.
func TestWANConnCloses(t *testing.T) {
	leaks(t)
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := newWAN(socket, func(netip.AddrPort) time.Duration { return time.Hour })
	if _, err := w.WriteTo([]byte("x"), socket.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_ = w.Close()
	}
	if _, err := w.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}); err == nil {
		t.Error("writes after its end")
	}
}

// TestWANDelays: Frankfurt, Washington and Sydney are as far apart as promised.
func TestWANDelays(t *testing.T) {
	for _, test := range []struct {
		a, b int
		want time.Duration
	}{{0, 1, 45 * time.Millisecond}, {1, 2, 85 * time.Millisecond}, {2, 0, 140 * time.Millisecond}, {1, 1, 0}} {
		if got := wanDelay(test.a, test.b); got != test.want {
			t.Errorf("%d to %d: %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

// TestLogBegins: a run goes on with the log unless it has grown large.
func TestLogBegins(t *testing.T) {
	name := filepath.Join(t.TempDir(), logFile)
	for _, test := range []struct{ before, after int64 }{{0, 1}, {100, 101}, {logLimit + 1, 1}} {
		if err := os.WriteFile(name, make([]byte, test.before), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := openLog(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString("x")
		_ = f.Close()
		if info, err := os.Stat(name); err != nil || info.Size() != test.after {
			t.Errorf("of %d bytes: %v, %v", test.before, info.Size(), err)
		}
	}
}
