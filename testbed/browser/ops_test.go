package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/atlas"
	"github.com/meridian-video/meridian/ops/picture"
	"github.com/meridian-video/meridian/ops/picture/wall"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestOperatorsSeeARoomCrossTheOcean opens the operators' page of a network of three
// POPs while two people meet: nodes and links are there, the room can be chosen, and its
// tracks are drawn from the POP of who speaks to that of who listens.
func TestOperatorsSeeARoomCrossTheOcean(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(cluster.Binary(t), "dev", "--json", "--port", strconv.Itoa(freePort(t)), "--data", t.TempDir())
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
		_ = cmd.Wait()
	})
	var ready struct {
		POPs []struct{ Name, URL, Operator string }
	}
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	ops := New(t, "ops", Options{Width: 1280, Height: 900, Scripts: []string{vitals}})
	ops.Open(ready.POPs[2].Operator + "/ops/")
	for _, pop := range ready.POPs {
		ops.shows("POP "+pop.Name, fmt.Sprintf(`document.querySelector('[data-pop=%q]')?.dataset.state === "ok"`, pop.Name))
	}
	ops.shows("three links that are well", `document.querySelectorAll('[data-link][data-state="ok"]').length === 3`)
	ops.says("Nobody meets now.")
	for i, pop := range ready.POPs[:2] {
		p := New(t, pop.Name, Options{Tone: []float64{440, 700}[i], Width: 480, Height: 270})
		join(p, pop.URL+"/m/demo?pop="+pop.Name, "Person "+pop.Name)
	}
	ops.shows("the room", `[...document.querySelectorAll("#room option")].some(o => o.value.endsWith("/demo"))`)
	ops.shows("the room chosen", `(s => { s.value = [...s.options].find(o => o.value.endsWith("/demo")).value; s.dispatchEvent(new Event("change")); return true })(document.querySelector("#room"))`)
	for _, flow := range []string{"fra iad", "iad fra"} {
		ops.shows("tracks "+flow, fmt.Sprintf(`document.querySelector('[data-flow=%q]') !== null`, flow))
	}
	ops.shows("a home and a leaf", `document.querySelectorAll('[data-role="home"]').length === 1 && document.querySelectorAll("[data-role]").length >= 2`)
	ops.shows("two people", `[...document.querySelectorAll("#counts div")].some(d => d.innerText.includes("People") && d.innerText.includes("2"))`)
	ops.shows("one speaker's tracks alone", `(s => { s.value = "iad-1"; s.dispatchEvent(new Event("change")); return [...document.querySelectorAll("[data-flow]")].map(f => f.dataset.flow).join() === "iad fra" })(document.querySelector("#origin"))`)
	for _, v := range ops.Axe(t) {
		t.Error(v)
	}
	if v := ops.vitals(); len(v.Wrong) > 0 {
		t.Errorf("went wrong: %q", v.Wrong)
	}
	ops.Shot("room")
}

// staged is a network of a dozen POPs, of which the test decides how it is.
type staged struct{ cut, gone atomic.Bool }

var stagedPOPs = []string{"fra", "lhr", "ams", "iad", "sfo", "gru", "jnb", "dxb", "bom", "sin", "nrt", "syd"}

// draw is the picture of the network, as its nodes would tell it.
func (s *staged) draw(_ context.Context, q glance.Question) (picture.Network, error) {
	if s.gone.Load() {
		return picture.Network{}, fmt.Errorf("this server is starting; try again")
	}
	now := time.Now()
	in := picture.Input{By: "fra-1", At: now, Glances: map[geo.NodeID]glance.Glance{}, Room: q}
	in.RTT = func(_, to geo.NodeID) (time.Duration, bool) { return 12 * time.Millisecond, to == "fra-1" }
	room := glance.Room{Company: "acme", Room: "all-hands", Home: "fra-1", People: 214}
	people := map[geo.NodeID]int{}
	for i, pop := range stagedPOPs {
		id := geo.NodeID(pop + "-1")
		in.Members = append(in.Members, geo.Node{
			ID: id, POP: geo.POP(pop), Role: geo.RoleEdge, Version: "v1.4.0", Load: float64(i%7) / 9, Draining: pop == "ams", Gray: pop == "gru", Started: now.Add(-50 * time.Hour),
		})
		people[id] = []int{96, 40, 4, 31, 12, 3, 2, 1, 9, 7, 6, 3}[i]
	}
	in.Members = append(in.Members,
		geo.Node{ID: "office-1", POP: "office", Role: geo.RoleEdge, Started: now}, geo.Node{ID: "control-1", POP: "ctl", Role: geo.RoleControl, Started: now})
	for i, pop := range stagedPOPs {
		id := geo.NodeID(pop + "-1")
		g := glance.Glance{Node: id, People: people[id], Tracks: 2, Rooms: []glance.Room{room}}
		if i == 0 {
			g.Homes, g.Rooms[0].Leading = 2, true
			g.Rooms = append(g.Rooms, glance.Room{Company: "acme", Room: "daily", Home: "fra-1", Leading: true, People: 3})
		}
		for j, other := range stagedPOPs {
			if i != j {
				g.Links = append(g.Links, s.link(pop, other, i+j, now))
			}
		}
		if q.Names() {
			g.Detail = &glance.Detail{Home: "fra-1", Leading: i == 0, People: people, Routes: stagedRoutes(pop)}
		}
		in.Glances[id] = g
	}
	in.Glances["office-1"] = glance.Glance{Node: "office-1", Links: []glance.Link{{To: "fra-1", Up: true, RTT: 12, Sealed: "up", Since: now}}}
	return picture.Assemble(in), nil
}

// parents are over whom a POP gets the tracks of fra.
var parents = map[string]string{"lhr": "fra", "ams": "fra", "iad": "fra", "sfo": "iad", "gru": "iad", "jnb": "fra", "dxb": "fra", "bom": "dxb", "sin": "fra", "nrt": "sin", "syd": "sin"}

func stagedRoutes(pop string) (routes []glance.Route) {
	parent, ok := parents[pop]
	if !ok {
		return nil
	}
	r := glance.Route{Origin: "fra-1", Track: "01", Kind: "camera", Path: []geo.NodeID{geo.NodeID(parent + "-1")}, Local: 1, Backup: "lhr-1"}
	if parent != "fra" {
		r.Path = append(r.Path, "fra-1")
	}
	mic := r
	mic.Track, mic.Kind = "02", "mic"
	return []glance.Route{r, mic}
}

func (s *staged) link(from, to string, n int, now time.Time) glance.Link {
	a, b := from+" "+to, to+" "+from
	is := func(pair string) bool { return a == pair || b == pair }
	at := func(pop string) atlas.Point {
		city, _ := atlas.Find(cmp.Or(map[string]string{"lhr": "lon", "nrt": "tyo"}[pop], pop))
		return city.Point
	}
	l := glance.Link{
		To: geo.NodeID(to + "-1"), Up: true, Since: now.Add(-26 * time.Hour), Sealed: "up", RTT: 2 + atlas.Distance(at(from), at(to))*0.014,
		Available: 120e6, Sent: 4e3 * math.Pow(10, float64(n%5)), In: n % 4, Out: n % 3,
	}
	switch {
	case is("iad nrt"):
		l.Loss = 0.031
	case is("gru jnb"):
		l.RTT *= 2.4
	case is("sfo syd"):
		l.Via = "sin-1"
	case is("bom dxb") && s.cut.Load():
		l.Deaf, l.Unheard = from == "bom", from == "dxb"
	}
	return l
}

// TestOperatorsPageAtAGlance shows a dozen POPs, of which some are not well, in light and
// dark, on screens of all sizes; and a link that is cut while somebody looks.
func TestOperatorsPageAtAGlance(t *testing.T) {
	t.Parallel()
	s := &staged{}
	server := httptest.NewServer(wall.Handler(s.draw))
	defer server.Close()
	p := New(t, "ops", Options{Width: 1440, Height: 900, Scripts: []string{vitals}})
	p.Open(server.URL + "/ops/")
	p.shows("all POPs", `document.querySelectorAll("[data-pop]").length === 14`)
	for pop, state := range map[string]string{"ams": "draining", "gru": "gray", "fra": "ok", "office": "ok", "ctl": "ok"} {
		p.shows(pop+" "+state, fmt.Sprintf(`document.querySelector('[data-pop=%q]').dataset.state === %q`, pop, state))
	}
	for link, state := range map[string]string{"iad nrt": "lossy", "gru jnb": "slow", "sfo syd": "detour", "bom dxb": "ok"} {
		p.shows(link+" "+state, fmt.Sprintf(`document.querySelector('[data-link=%q]').dataset.state === %q`, link, state))
	}
	s.cut.Store(true)
	p.shows("the cut", `document.querySelector('[data-link="bom dxb"]').dataset.state === "cut"`)
	p.shows("the cut told", `document.querySelector("#news").innerText.includes("bom-1 to dxb-1: cut")`)
	p.shows("which way is cut", `[...document.querySelectorAll("#links tbody tr")].filter(r => r.innerText.includes("cut")).map(r => r.children[0].innerText + " " + r.children[1].innerText).join() === "dxb-1 bom-1"`)
	p.shows("a POP under the keyboard", `(a => { a.focus(); return document.activeElement === a && document.querySelector("#panel").innerText.includes("Frankfurt") })(document.querySelector('[data-pop="fra"]'))`)
	p.shows("focus that stays while the map is drawn anew", `new Promise(r => { const at = document.querySelector("#by").innerText;
		const look = setInterval(() => { if (document.querySelector("#by").innerText !== at) { clearInterval(look); r(document.activeElement?.dataset.pop === "fra"); } }, 50) })`)
	p.shows("nothing under the keyboard", `(document.activeElement.blur(), true)`)
	for _, chosen := range []string{"", "acme/all-hands"} {
		p.shows("the choice", fmt.Sprintf(`(s => { s.value = %q; s.dispatchEvent(new Event("change")); return true })(document.querySelector("#room"))`, chosen))
		p.shows("what was chosen", fmt.Sprintf(`document.querySelectorAll("[data-flow]").length === %d`, map[bool]int{true: 0, false: len(parents)}[chosen == ""]))
		for _, dark := range []bool{false, true} {
			p.Scheme(dark)
			for _, px := range [][2]int{{1440, 900}, {390, 844}, {400, 300}} {
				p.Resize(px[0], px[1])
				p.shows("a page that fits", `document.documentElement.scrollWidth <= innerWidth && document.querySelector("#map").clientWidth <= innerWidth`)
				for _, v := range p.Axe(t) {
					t.Errorf("%v, dark %v, room %q: %v", px, dark, chosen, v)
				}
				p.Shot(fmt.Sprintf("%d-%v-%v", px[0], map[bool]string{true: "dark", false: "light"}[dark], map[bool]string{true: "map", false: "room"}[chosen == ""]))
			}
		}
	}
	p.Resize(1440, 900)
	p.shows("the links", `(document.querySelector("#links").scrollIntoView(), scrollY > 0)`)
	p.Shot("tables")
	s.gone.Store(true)
	p.shows("that it is old", `document.querySelector("#banner").innerText.includes("old") && document.body.classList.contains("old")`)
	s.gone.Store(false)
	p.shows("that it is well again", `document.querySelector("#banner").hidden`)
}
