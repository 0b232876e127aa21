package edge

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/meridian-video/meridian/geo"
)

// attachLimit is how many nodes a client is told: enough to survive the loss of
// a region, few enough to read.
const attachLimit = 8

// candidate is one node a client may attach to.
type candidate struct {
	Node  geo.NodeID `json:"node"`
	POP   geo.POP    `json:"pop"`
	URL   string     `json:"url"`
	WS    string     `json:"ws"`
	Probe string     `json:"probe"`
	Load  float64    `json:"load"`
}

// attach answers with the nodes a client of a room should try, best first.
func (n *Node) attach(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	ranked := geo.Pick(n.cfg.Members.Nodes(), geo.Request{Self: n.cfg.Self.ID, Max: attachLimit, RTT: n.cfg.Members.RTT})
	list := make([]candidate, 0, len(ranked))
	for _, k := range ranked {
		base := strings.TrimSuffix(k.Node.URL, "/")
		list = append(list, candidate{
			Node: k.Node.ID, POP: k.Node.POP, URL: base, Load: k.Node.Load,
			WS: "ws" + strings.TrimPrefix(base, "http") + "/ws", Probe: base + "/probe",
		})
	}
	_ = json.NewEncoder(w).Encode(struct {
		Room  string      `json:"room"`
		Nodes []candidate `json:"nodes"`
	}{r.URL.Query().Get("room"), list})
}

// probe answers what a client measures the round trip with.
func (n *Node) probe(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Timing-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}
