package edge

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/place"
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
	Asked bool       `json:"asked,omitempty"` // its POP was asked for
}

// attach answers with the nodes a client of a room should try, best first.
func (n *Node) attach(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	req := n.request(r)
	ranked := geo.Pick(n.cfg.Members.Nodes(), req)
	list := make([]candidate, 0, len(ranked))
	for _, k := range ranked {
		base := strings.TrimSuffix(k.Node.URL, "/")
		list = append(list, candidate{
			Node: k.Node.ID, POP: k.Node.POP, URL: base, Load: k.Node.Load,
			WS: "ws" + strings.TrimPrefix(base, "http") + "/ws", Probe: base + "/probe",
			Asked: slices.Contains(req.Asked, k.Node.POP),
		})
	}
	_ = json.NewEncoder(w).Encode(struct {
		Room  string      `json:"room"`
		Nodes []candidate `json:"nodes"`
	}{r.URL.Query().Get("room"), list})
}

// request is what is known of who asks for which room.
func (n *Node) request(r *http.Request) geo.Request {
	q := r.URL.Query()
	a := readAsking(q)
	req := geo.Request{
		Self: n.cfg.Self.ID, Trips: a.trips, At: a.at, Asked: n.popsNamed(a.pop),
		Placement: n.cfg.Placement, Max: attachLimit, RTT: n.cfg.Members.RTT, Place: n.popPlace,
	}
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	if at, ok := n.located(from.Addr()); ok {
		req.At = &at
	}
	if key := (roomKey{n.asksFor(r.Host), q.Get("room")}); key.Company != "" && key.Room != "" {
		req.POPs = n.homes(key)
		req.Holders = n.holders(key, from.Addr())
	}
	return req
}

// located is where the operator's database has an address.
func (n *Node) located(a netip.Addr) (place.Point, bool) {
	if n.cfg.Where == nil {
		return place.Point{}, false
	}
	return n.cfg.Where(a)
}

// asksFor is the company whose page asks; empty where nobody can say.
func (n *Node) asksFor(host string) string {
	c, err := n.company(host)
	if err != nil {
		return ""
	}
	return c.ID
}

// holders are the nodes of a room, where they count. That a room is live can be
// read from the order of nodes then, so that an address may ask no oftener than it
// may guess (askers).
func (n *Node) holders(key roomKey, from netip.Addr) []geo.NodeID {
	now := time.Now()
	if n.cfg.Placement != geo.NearRoom || !n.askers.may(from, now) {
		return nil
	}
	n.askers.spend(from, 1, now)
	return n.plane.Nodes(key.Company, key.Room)
}

// homes are the POPs where a room is configured to have its home, or asks for it
// by its id.
func (n *Node) homes(key roomKey) []geo.POP {
	v := n.cfg.Configuration.View()
	if r, _ := v.Room(key.Company, key.Room); r.HomePOP != "" {
		return n.popsNamed(r.HomePOP)
	}
	return pops(v.HomePOPs(key.Room))
}

// popsNamed are the POPs of a name: a POP's own, one of its aliases, or a region's.
// A host name counts by its first label.
func (n *Node) popsNamed(name string) []geo.POP {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	if name == "" {
		return nil
	}
	var found []geo.POP
	v := n.cfg.Configuration.View()
	for _, m := range n.cfg.Members.Nodes() {
		if !slices.Contains(found, m.POP) && goesBy(v, m, name) {
			found = append(found, m.POP)
		}
	}
	return found
}

// goesBy says whether a node's POP has a name.
func goesBy(v *client.View, m geo.Node, name string) bool {
	return string(m.POP) == name || m.Region == name || slices.Contains(v.POPsNamed(name), string(m.POP))
}

func pops(names []string) (out []geo.POP) {
	for _, name := range names {
		out = append(out, geo.POP(name))
	}
	return out
}

// popPlace is where the country of a POP is, for nodes that do not say where they
// stand.
func (n *Node) popPlace(pop geo.POP) (place.Point, bool) {
	p, _ := n.cfg.Configuration.View().POP(string(pop))
	return place.Country(p.Country)
}

// probe answers what a client measures the round trip with.
func (n *Node) probe(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Timing-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}
