package journey

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestFullNode: a node at its limit refuses newcomers before anyone who is
// there suffers, says when to come back, and tells probes and other nodes.
func TestFullNode(t *testing.T) {
	t.Setenv("MERIDIAN_EDGE_LIMITS_PARTICIPANTS", "1")
	n := start(t, "fra")
	ann := n.join("fra", client.Options{Room: "full", Name: "Ann"})
	if _, err := n.try("fra", client.Options{Room: "full", Name: "Bob"}); code(err) != "node_full" {
		t.Errorf("a second join: %v, want node_full", err)
	}
	whip := newStandard(t)
	if _, err := whip.PC.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	offer, err := whip.PC.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	res := ask(t, whip, http.MethodPost, n.Edges["fra"].URL+"/whip/full", "application/sdp", offer.SDP, "")
	if res.Status != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("WHIP: %d, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
	}
	if res := ask(t, whip, http.MethodGet, n.Edges["fra"].Operator+"/readyz", "", "", ""); res.Status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d %s", res.Status, res.Body)
	}
	if res := ask(t, whip, http.MethodGet, n.Edges["fra"].Operator+"/livez", "", "", ""); res.Status != http.StatusOK {
		t.Errorf("livez: %d %s", res.Status, res.Body)
	}
	listed := func(want int) func() error {
		return func() error {
			list, err := n.Attach("fra")
			if err == nil && len(list) != want {
				err = fmt.Errorf("the list is %v", list)
			}
			return err
		}
	}
	cluster.Wait(t, patience, "the full node leaves the list", listed(0))
	ann.Leave()
	cluster.Wait(t, patience, "the node is back on the list", listed(1))
	n.join("fra", client.Options{Room: "full", Name: "Bob"})
}
