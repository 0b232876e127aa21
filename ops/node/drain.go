package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// What a drain may take: less is a stop, more is forgotten about.
const (
	leastDrain = time.Second
	mostDrain  = time.Hour
)

// Listed is a node of the network as gossip has it.
type Listed struct {
	Node     string  `json:"node"`
	POP      string  `json:"pop"`
	Role     string  `json:"role"`
	URL      string  `json:"url,omitempty"`
	Load     float64 `json:"load"`
	Full     bool    `json:"full,omitempty"`
	Draining bool    `json:"draining,omitempty"`
}

// mountDrain puts what drains the node on its operator's own port. Nobody needs a
// key there, and no page of a browser on the machine may ask.
func (e *Edge) mountDrain(own *http.ServeMux) {
	orders := http.NewServeMux()
	orders.HandleFunc("GET /drain", e.drained)
	orders.HandleFunc("POST /drain", e.beginDrain)
	orders.HandleFunc("DELETE /drain", e.undrain)
	orders.HandleFunc("GET /nodes", e.nodes)
	guarded := http.NewCrossOriginProtection().Handler(orders)
	own.Handle("/drain", guarded)
	own.Handle("/nodes", guarded)
}

func (e *Edge) drained(w http.ResponseWriter, _ *http.Request) {
	if r := e.running.Load(); r != nil {
		answerJSON(w, r.node.Drained())
		return
	}
	starting(w)
}

// beginDrain takes ?deadline=2m.
func (e *Edge) beginDrain(w http.ResponseWriter, r *http.Request) {
	within, err := time.ParseDuration(r.FormValue("deadline"))
	if err != nil || within < leastDrain || within > mostDrain {
		http.Error(w, fmt.Sprintf("deadline: %q is not between %v and %v", r.FormValue("deadline"), leastDrain, mostDrain), http.StatusBadRequest)
		return
	}
	running := e.running.Load()
	if running == nil {
		starting(w)
		return
	}
	e.Health.SetDraining(true)
	answerJSON(w, running.node.BeginDrain(within))
}

func (e *Edge) undrain(w http.ResponseWriter, _ *http.Request) {
	running := e.running.Load()
	if running == nil {
		starting(w)
		return
	}
	answerJSON(w, running.node.Undrain())
	e.Health.SetDraining(false)
}

// nodes lists the network.
func (e *Edge) nodes(w http.ResponseWriter, _ *http.Request) {
	if e.running.Load() == nil {
		starting(w)
		return
	}
	answerJSON(w, listed(e.Members.Nodes()))
}

func listed(nodes []geo.Node) []Listed {
	out := make([]Listed, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, Listed{string(n.ID), string(n.POP), string(n.Role), n.URL, n.Load, n.Full, n.Draining})
	}
	return out
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // who asked has gone
}
