package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
	"github.com/meridian-video/meridian/testbed/simnet"
)

func TestMain(m *testing.M) { simnet.Alone(); goleak.VerifyTestMain(m) }

// counter reads a counter or gauge of a node by name and, if given, one label value.
func counter(t *testing.T, n *node, name, label string) float64 {
	t.Helper()
	registry, ok := n.cfg.Registerer.(*prometheus.Registry)
	if !ok {
		t.Fatal("node has no registry")
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			found := label == ""
			for _, pair := range metric.GetLabel() {
				found = found || pair.GetValue() == label
			}
			if found {
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return 0
}

func TestMessagesArriveInOrder(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.start("fra"), n.start("iad")
	for i := range 500 {
		for _, err := range []error{fra.Send("iad", "a", fmt.Append(nil, i)), iad.Send("fra", "b", fmt.Append(nil, i))} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "all messages", func() bool { return len(fra.heard()) == 500 && len(iad.heard()) == 500 })
	for i := range 500 {
		if got, want := iad.heard()[i], fmt.Sprintf("a:%d", i); got != want {
			t.Fatalf("message %d is %q", i, got)
		}
	}
	if links := fra.Links(); len(links) != 1 || links[0].Peer != "iad" || !links[0].Up {
		t.Errorf("links %+v", links)
	}
	if up := counter(t, fra, "meridian_relay_links", ""); up != 1 {
		t.Errorf("%v links in metrics", up)
	}
	if got := fra.seen(); len(got) != 1 || !got[0] {
		t.Errorf("link changes %v", got)
	}
}

func TestBothDialOneLinkStays(t *testing.T) {
	n := newNetwork(t)
	nodes := []*node{n.start("ams"), n.start("bog"), n.start("cpt"), n.start("dub")}
	ids := []geo.NodeID{"ams", "bog", "cpt", "dub"}
	for i, from := range nodes {
		for j, to := range ids {
			if i != j {
				if err := from.Send(to, "hi", nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, from := range nodes {
		eventually(t, "a message of everyone", func() bool { return len(from.heard()) == 3 })
		if got := from.seen(); len(got) != 3 {
			t.Errorf("links flapped: %v", got)
		}
	}
}

func TestCalls(t *testing.T) {
	n := newNetwork(t)
	n.start("fra", func(c *Config) {
		c.Answer = func(ctx context.Context, from geo.NodeID, topic string, body []byte) ([]byte, error) {
			switch topic {
			case "echo":
				return append([]byte(from+"/"), body...), nil
			case "coded":
				return nil, fmt.Errorf("join: %w", &RemoteError{Code: "room-full", Message: "no place left"})
			case "plain":
				return nil, errors.New("broken")
			default:
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}
	})
	n.start("syd")
	iad := n.start("iad")
	big := strings.Repeat("x", 3<<20)
	got, err := iad.Call(t.Context(), "fra", "echo", []byte(big))
	if err != nil || string(got) != "iad/"+big {
		t.Fatalf("echo of %d bytes gave %d, %v", len(big), len(got), err)
	}
	var remote *RemoteError
	if _, err := iad.Call(t.Context(), "fra", "coded", nil); !errors.As(err, &remote) ||
		*remote != (RemoteError{Code: "room-full", Message: "no place left"}) {
		t.Errorf("coded: %v", err)
	}
	if _, err := iad.Call(t.Context(), "fra", "plain", nil); !errors.As(err, &remote) || remote.Message != "broken" {
		t.Errorf("plain: %v", err)
	}
	if _, err := iad.Call(t.Context(), "syd", "echo", nil); !errors.As(err, &remote) {
		t.Errorf("node without answers: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("caller left")
	cancel(gone)
	if _, err := iad.Call(ctx, "fra", "wait", nil); !errors.Is(err, gone) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := iad.Call(t.Context(), "fra", "echo", make([]byte, wire.MaxBody+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	n := newNetwork(t)
	block := make(chan struct{})
	n.start("fra", func(c *Config) { c.Handle = func(geo.NodeID, string, []byte) { <-block } })
	iad := n.start("iad")
	defer close(block)
	body := make([]byte, 64<<10)
	var err error
	for range 100_000 {
		if err = iad.Send("fra", "flood", body); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrQueueFull) {
		t.Fatalf("got %v", err)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	n := newNetwork(t)
	n.start("fra")
	t.Run("wrong SAN", func(t *testing.T) {
		// The address of fra under another name: its certificate must not do.
		addr, _ := n.peer("fra")
		n.place("ghost", addr)
		iad := n.start("iad")
		if _, err := iad.Call(t.Context(), "ghost", "x", nil); !errors.Is(err, ErrLinkDown) || !strings.Contains(err.Error(), ErrIdentity.Error()) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("stranger CA", func(t *testing.T) {
		other := newAuthority(t)
		eve := n.start("eve", func(c *Config) {
			c.TLS = &tls.Config{Certificates: []tls.Certificate{other.issue(t, "eve")}, RootCAs: n.ca.pool}
		})
		if _, err := eve.Call(t.Context(), "fra", "x", nil); !errors.Is(err, ErrLinkDown) {
			t.Errorf("got %v", err)
		}
		bob := n.start("bob", func(c *Config) { c.TLS.RootCAs = other.pool })
		if _, err := bob.Call(t.Context(), "fra", "x", nil); !errors.Is(err, ErrLinkDown) {
			t.Errorf("server of a stranger CA: %v", err)
		}
	})
	t.Run("not a member", func(t *testing.T) {
		small := &network{t: t, ca: n.ca, addrs: map[geo.NodeID]string{}}
		syd := small.start("syd")
		addr, _ := small.peer("syd")
		n.place("syd", addr)
		lhr := n.start("lhr")
		if _, err := lhr.Call(t.Context(), "syd", "x", nil); !errors.Is(err, ErrLinkDown) {
			t.Errorf("got %v", err)
		}
		eventually(t, "refusal counted", func() bool { return counter(t, syd, "meridian_relay_refused_total", "") > 0 })
	})
}

func TestVersionsThatShareNoneSaySo(t *testing.T) {
	n := newNetwork(t)
	n.start("fra", func(c *Config) {
		c.Build = "v9"
		c.tuning = defaultTuning()
		c.tuning.minVersion, c.tuning.maxVersion = 7, 9
	})
	iad := n.start("iad")
	_, err := iad.Call(t.Context(), "fra", "x", nil)
	if !errors.Is(err, ErrIncompatible) || !strings.Contains(err.Error(), "v9") {
		t.Errorf("got %v", err)
	}
}

func TestConfigComplaints(t *testing.T) {
	_, err := New(Config{})
	for _, want := range []string{"Self", "Conn", "Peer", "TLS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no complaint about %s in %v", want, err)
		}
	}
}
