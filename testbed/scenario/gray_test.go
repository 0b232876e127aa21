package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/simnet"
)

// offered are the POPs that a node tells a client to try.
func (n *Network) offered(host *simnet.Host, by string) (pops []string) {
	n.t.Helper()
	web := &http.Client{Transport: &http.Transport{DialContext: host.Dial, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	r, err := web.Get("http://" + n.edgeIP(by) + "/api/v1/attach?room=hall")
	n.must(err)
	defer r.Body.Close()
	var list struct{ Nodes []struct{ POP string } }
	body, err := io.ReadAll(r.Body)
	n.must(errors.Join(err, json.Unmarshal(body, &list)))
	for _, k := range list.Nodes {
		pops = append(pops, k.POP)
	}
	return pops
}

// TestGrayNode: a node whose media port is dead while its HTTP, gossip and links
// live finds out by the calls of others, leaves the list, takes nobody, and says
// why; when the port lives again it is back. The others stay.
func TestGrayNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := StartTrying(t, 7)
		somebody := n.clientHost("fra")
		time.Sleep(3 * time.Minute)
		for _, pop := range POPs {
			if err := n.Edges[pop].Node.MediaCheck(); err != nil {
				t.Errorf("%s is sound: %v", pop, err)
			}
		}

		n.Deafen("iad", true)
		began := time.Now()
		n.waitFor(4*time.Minute, "the others leave it out", func() error {
			for _, by := range POPs {
				if got := n.offered(somebody, by); slices.Contains(got, "iad") || len(got) != 2 {
					return fmt.Errorf("%s offers %v", by, got)
				}
			}
			return nil
		})
		t.Logf("out of every list after %v", time.Since(began))
		gray := n.Edges["iad"]
		if err := gray.Node.Ready(); err == nil || !strings.Contains(err.Error(), "no answer to checks at [10.0.2.1:3000]") {
			t.Errorf("it is ready, or does not say why: %v", err)
		}
		_, err := n.TryJoin("iad", "iad", client.Options{Room: "hall", Name: "Ann", Media: both})
		if refused, ok := errors.AsType[*signal.Error](err); err == nil || ok && refused.Code != signal.NodeDraining {
			t.Errorf("it took somebody: %v", err)
		}
		for _, pop := range []string{"fra", "syd"} {
			if err := n.Edges[pop].Node.Ready(); err != nil {
				t.Errorf("%s: %v", pop, err)
			}
		}

		n.Deafen("iad", false)
		began = time.Now()
		n.waitFor(3*time.Minute, "it is back", func() error {
			if got := n.offered(somebody, "fra"); len(got) != 3 {
				return fmt.Errorf("fra offers %v", got)
			}
			return gray.Node.Ready()
		})
		t.Logf("back after %v", time.Since(began))
		n.Join("iad", "iad", client.Options{Room: "hall", Name: "Ann", Media: both})
	})
}

// waitFor waits longer than patience, and asks once a second.
func (n *Network) waitFor(limit time.Duration, what string, done func() error) {
	n.t.Helper()
	for began := time.Now(); ; time.Sleep(time.Second) {
		err := done()
		if err == nil {
			return
		}
		if time.Since(began) > limit {
			n.t.Fatalf("%s: not within %v: %v", what, limit, err)
		}
	}
}
