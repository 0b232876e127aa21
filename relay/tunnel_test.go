package relay

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// TestLinkOverAThirdNode: two nodes that are cut from each other go on talking, and are
// linked directly again when they can be.
func TestLinkOverAThirdNode(t *testing.T) {
	for name, cut := range map[string]func(w *world){
		"both ways":        func(w *world) { w.cut("ams", "bog") },
		"one way":          func(w *world) { w.oneWay("ams", "bog") },
		"the other way":    func(w *world) { w.oneWay("bog", "ams") },
		"both lose others": func(w *world) { w.cut("ams", "bog"); w.cut("ams", "dub"); w.cut("bog", "dub") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 45*time.Millisecond, "ams", "bog", "cpt", "dub")
				defer w.close()
				for _, id := range w.ids {
					w.by(id, "cpt", "dub")
					w.nodes[id].cfg.Answer = func(_ context.Context, from geo.NodeID, _ string, body []byte) ([]byte, error) {
						return append([]byte(from+" says "), body...), nil
					}
				}
				w.meet()
				cut(w)
				began := time.Now()
				via := func() geo.NodeID {
					for _, l := range w.nodes["ams"].Links() {
						if l.Peer == "bog" {
							return l.Via
						}
					}
					return "nobody"
				}
				for via() != "cpt" && via() != "dub" && time.Since(began) < 20*time.Second {
					_ = w.nodes["ams"].Send("bog", "hello", nil) // as edges keep links
					time.Sleep(100 * time.Millisecond)
				}
				t.Logf("linked over %s %v after the cut", via(), time.Since(began))
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("linked over %s %v after the cut", via(), took)
				}
				for i := range 200 {
					if err := w.nodes["ams"].Send("bog", "m", fmt.Append(nil, i)); err != nil {
						t.Fatal(err)
					}
				}
				answer, err := w.nodes["bog"].Call(t.Context(), "ams", "ask", make([]byte, 200_000))
				if err != nil || len(answer) != len("bog says ")+200_000 {
					t.Errorf("answer of %d bytes, %v", len(answer), err)
				}
				time.Sleep(10 * time.Second)
				got := slices.DeleteFunc(w.nodes["bog"].heard(), func(m string) bool { return m == "hello:" })
				if len(got) != 200 || got[0] != "m:0" || got[199] != "m:199" {
					t.Errorf("%d messages came", len(got))
				}
				if via() == "" {
					t.Error("the link is direct while cut")
				}
				for i, a := range w.ids {
					for _, b := range w.ids[:i] {
						w.heal(a, b)
					}
				}
				healed := time.Now()
				for via() != "" && time.Since(healed) < time.Minute {
					time.Sleep(100 * time.Millisecond)
				}
				t.Logf("linked directly %v after healing", time.Since(healed))
				if took := time.Since(healed); took > 6*time.Second {
					t.Errorf("linked directly %v after healing", took)
				}
				time.Sleep(5 * time.Second)
				if got := w.nodes["ams"].seen(); !got[len(got)-1] {
					t.Errorf("the last link change says that it is down: %v", got)
				}
			})
		})
	}
}

// TestTracksDoNotTakeTunnels: they have courses.
func TestTracksDoNotTakeTunnels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 45*time.Millisecond, "ams", "bog", "cpt")
		defer w.close()
		w.by("bog", "ams", "cpt")
		w.by("ams", "cpt")
		w.meet()
		w.cut("ams", "bog")
		for range 60 {
			_ = w.nodes["bog"].Send("ams", "hello", nil)
			time.Sleep(100 * time.Millisecond)
		}
		if i := slices.IndexFunc(w.nodes["bog"].Links(), func(l LinkStats) bool { return l.Peer == "ams" && l.Via == "cpt" }); i < 0 {
			t.Fatalf("links %+v", w.nodes["bog"].Links())
		}
		defer w.film("ams")()
		_, v := w.watch("bog", "ams")
		time.Sleep(5 * time.Second)
		if got := w.path("bog"); !slices.Equal(got, []geo.NodeID{"cpt", "ams"}) {
			t.Errorf("path %q", got)
		}
		if packets, twice, _ := v.counts(); packets < 400 || twice != 0 {
			t.Errorf("%d packets, %d twice", packets, twice)
		}
	})
}

// TestTunnelsLeadNowhereElse: what is to be passed on goes over direct links that are
// there, and nowhere else; what comes must be whole.
func TestTunnelsLeadNowhereElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20*time.Millisecond, "ams", "bog", "cpt")
		defer w.close()
		send := func(packet wire.Tunnel) {
			if err := w.nodes["ams"].Send("bog", wire.TopicTunnel, wire.AppendTunnel(nil, packet)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		send(wire.Tunnel{Node: "cpt", Packet: []byte{0xc0, 1}})  // no link there, none is made
		send(wire.Tunnel{Node: "nowhere", Packet: []byte{0xc0}}) // no member
		send(wire.Tunnel{Node: "ams", Packet: []byte{0xc0}})     // back
		send(wire.Tunnel{Arriving: true, Node: "cpt", Packet: []byte("no packet of QUIC")})
		if links := w.nodes["bog"].Links(); len(links) != 1 {
			t.Errorf("links %+v", links)
		}
		if got := append(w.nodes["bog"].heard(), w.nodes["ams"].heard()...); len(got) != 0 {
			t.Errorf("the layer above heard %q", got)
		}
		if err := w.nodes["ams"].Send("bog", wire.TopicTunnel, []byte{9}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if links := w.nodes["bog"].Links(); len(links) != 0 {
			t.Errorf("a malformed one left %+v", links)
		}
	})
}
