package glance

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

func full() Glance {
	return Glance{
		Node: "fra-1", People: 3, Tracks: 6, Homes: 1,
		Links: []Link{{
			To: "iad-1", Up: true, Via: "lon-1", Deaf: true, Unheard: true, Since: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC),
			RTT: 90.5, Queue: 2, Loss: 0.01, Sent: 2.5e6, Available: 12e6, Shed: 1, Sealed: "up", In: 3, Out: 4,
		}},
		Rooms: []Room{{Company: "acme", Room: "daily", Home: "fra-1", Leading: true, People: 5}},
		Detail: &Detail{
			Home: "fra-1", Leading: true, People: map[geo.NodeID]int{"fra-1": 3, "iad-1": 2},
			Routes: []Route{{Origin: "iad-1", Track: "1f", Kind: "camera", Path: []geo.NodeID{"lon-1", "iad-1"}, Backup: "iad-1", Local: 1, Transit: 1}},
		},
	}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGlanceSurvivesTheWay(t *testing.T) {
	want := full()
	got, err := Parse("fra-1", encoded(t, want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v\n%+v", err, got, want)
	}
}

func TestNobodySpeaksForAnother(t *testing.T) {
	if _, err := Parse("iad-1", encoded(t, full())); !errors.Is(err, ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsBeyondTheBoundsIsRefused(t *testing.T) {
	for what, change := range map[string]func(*Glance){
		"negative people":        func(g *Glance) { g.People = -1 },
		"too many tracks":        func(g *Glance) { g.Tracks = maxCount + 1 },
		"negative homes":         func(g *Glance) { g.Homes = -1 },
		"too many links":         func(g *Glance) { g.Links = make([]Link, MaxLinks+1) },
		"link to nobody":         func(g *Glance) { g.Links[0].To = "" },
		"link over a bad name":   func(g *Glance) { g.Links[0].Via = "Not A Node" },
		"loss above one":         func(g *Glance) { g.Links[0].Loss = 1.5 },
		"negative round trip":    func(g *Glance) { g.Links[0].RTT = -1 },
		"queue of a day":         func(g *Glance) { g.Links[0].Queue = 86.4e6 },
		"impossible rate":        func(g *Glance) { g.Links[0].Sent = 1e15 },
		"negative available":     func(g *Glance) { g.Links[0].Available = -1 },
		"control characters":     func(g *Glance) { g.Links[0].Sealed = "\x1b[31m" },
		"too many rooms":         func(g *Glance) { g.Rooms = make([]Room, MaxRooms+1) },
		"room without a company": func(g *Glance) { g.Rooms[0].Company = "" },
		"room of a long name":    func(g *Glance) { g.Rooms[0].Room = strings.Repeat("x", maxName+1) },
		"room that writes lines": func(g *Glance) { g.Rooms[0].Room = "a\nb" },
		"home of a bad name":     func(g *Glance) { g.Rooms[0].Home = "/" },
		"detail of a bad home":   func(g *Glance) { g.Detail.Home = "/" },
		"people on a bad node":   func(g *Glance) { g.Detail.People["/"] = 1 },
		"negative on a node":     func(g *Glance) { g.Detail.People["fra-1"] = -1 },
		"too many routes":        func(g *Glance) { g.Detail.Routes = make([]Route, MaxRoutes+1) },
		"route from nobody":      func(g *Glance) { g.Detail.Routes[0].Origin = "" },
		"route of many hops":     func(g *Glance) { g.Detail.Routes[0].Path = make([]geo.NodeID, maxHops+1) },
		"route over a bad name":  func(g *Glance) { g.Detail.Routes[0].Path[0] = "/" },
		"kind of a long name":    func(g *Glance) { g.Detail.Routes[0].Kind = strings.Repeat("x", maxKind+1) },
	} {
		g := full()
		change(&g)
		if _, err := Parse("fra-1", encoded(t, g)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if _, err := Parse("fra-1", []byte(strings.Repeat(" ", MaxBytes+1))); !errors.Is(err, ErrMalformed) {
		t.Errorf("too many bytes: got %v", err)
	}
}

func TestQuestions(t *testing.T) {
	for text, ok := range map[string]bool{
		`{}`: true, `{"company":"acme","room":"daily"}`: true, `{"company":"acme"}`: false, `{"room":"daily"}`: false,
		`{"company":"a\u0000","room":"b"}`: false, ``: false, `[]`: false, `{"company":"` + strings.Repeat("x", 2000) + `","room":"b"}`: false,
	} {
		q, err := ParseQuestion([]byte(text))
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%.60s: %+v %v", text, q, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(encoded(f, full()))
	f.Add([]byte(`{"node":"fra-1","links":[{"to":"iad-1","rtt_ms":1e400}]}`))
	f.Add([]byte(`{"node":"fra-1","detail":{"people":{"":1}}}`))
	f.Add([]byte(`{"node":"fra-1","links":[{"to":"iad-1","since":"9999-12-31T23:59:59-23:59"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := Parse("fra-1", b)
		if err != nil {
			return
		}
		again, err := Parse("fra-1", encoded(t, g)) // what was taken can be told on
		if err != nil || again.Node != "fra-1" || len(again.Links) != len(g.Links) {
			t.Errorf("%v: %+v", err, g)
		}
	})
}

func FuzzParseQuestion(f *testing.F) {
	f.Add([]byte(`{"company":"acme","room":"daily"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := ParseQuestion(b); err == nil && (!q.Valid() || q.Names() != (q.Room != "")) {
			t.Errorf("%+v", q)
		}
	})
}
