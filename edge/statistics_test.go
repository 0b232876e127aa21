package edge

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meridian-video/meridian/edge/sfu/quality"
	"github.com/meridian-video/meridian/edge/signal"
)

// statistics asks a node for statistics.
func (n *lone) statistics(query string) (list []map[string]any) {
	n.t.Helper()
	w := httptest.NewRecorder()
	n.ServeStatistics(w, httptest.NewRequest("GET", "/debug/statistics"+query, nil))
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || list == nil {
		n.t.Fatalf("%q: %v", w.Body, err)
	}
	return list
}

func TestStatisticsOfThoseWhoAreConnected(t *testing.T) {
	n := startLone(t)
	bob, ann := n.seated("bob", ""), n.seated("ann", "")
	ann.grade(time.Hour, false) // its media has not connected
	if got := n.statistics(""); len(got) != 0 {
		t.Errorf("of nobody: %v", got)
	}
	bob.note(figures{})
	ann.grades.up.verdict = quality.Verdict{Score: 3.14, Class: quality.Fair, Cause: quality.UplinkLoss}
	ann.note(figures{
		rtt: 25 * time.Millisecond, protocol: "tcp",
		sent: []sent{{Kind: trackMic, Packets: 50, Lost: 0.5}},
		got:  []got{{MID: "9", Track: "b.vp8.camera", Slot: &signal.SlotLayer{State: signal.SlotPaused, Reason: signal.PausedBandwidth}}},
	})
	list := n.statistics("?room=demo")
	if len(list) != 2 || list[0]["peer_id"] != "ann" || list[1]["peer_id"] != "bob" {
		t.Fatalf("%v", list)
	}
	first := list[0]
	up := map[string]any{"score": 3.1, "class": "fair", "cause": "uplink_loss"}
	if diff := cmp.Diff(up, first["up"]); diff != "" || first["rtt_ms"] != 25.0 || first["protocol"] != "tcp" || first["trace"] != "trace" || first["company"] != "acme" {
		t.Errorf("%v %s", first, diff)
	}
	sent, got := first["sent"].([]any)[0].(map[string]any), first["got"].([]any)[0].(map[string]any)
	if sent["kind"] != "mic" || sent["lost"] != 0.5 || got["slot"].(map[string]any)["reason"] != "bandwidth" {
		t.Errorf("%v %v", sent, got)
	}
	if got := n.statistics("?room=another"); len(got) != 0 {
		t.Errorf("of another room: %v", got)
	}
	ann.end(nil, "left")
	if got := n.statistics(""); len(got) != 1 {
		t.Errorf("of those who are gone: %v", got)
	}
}
