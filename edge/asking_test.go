package edge

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/place"
)

func TestAnAskersWordsAreReadAsFarAsTheyCanBe(t *testing.T) {
	for text, want := range map[string]map[geo.NodeID]time.Duration{
		"":                     {},
		"fra-1:12.5,iad-1:90":  {"fra-1": 12500 * time.Microsecond, "iad-1": 90 * time.Millisecond},
		"fra-1:0":              {"fra-1": 0},
		"fra-1:12,,:3,iad-1":   {"fra-1": 12 * time.Millisecond},
		"FRA:12,fra_1:1,a:b":   {},
		"a:-1,b:1e9,c:NaN,d:3": {"d": 3 * time.Millisecond},
		"a:1,a:2":              {"a": 2 * time.Millisecond},
	} {
		if got := readTrips(text); !maps.Equal(got, want) {
			t.Errorf("%q: %v", text, got)
		}
	}
	if n := len(readTrips(strings.Repeat("a:1,", 5) + manyTrips(40))); n != maxTrips {
		t.Errorf("%d trips", n)
	}
	a := readAsking(url.Values{"tz": {"Asia/Calcutta"}, "pop": {"fra"}})
	if kolkata, _ := place.Zone("Asia/Kolkata"); a.at == nil || *a.at != kolkata || a.pop != "fra" || len(a.trips) != 0 {
		t.Errorf("%+v", a)
	}
	for _, tz := range []string{"", "UTC", "DE", "Mars/Crater", "50,8"} {
		if a := readAsking(url.Values{"tz": {tz}}); a.at != nil {
			t.Errorf("%q is at %v", tz, *a.at)
		}
	}
}

func manyTrips(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("n" + strings.Repeat("x", i) + ":1,")
	}
	return b.String()
}

func FuzzReadAsking(f *testing.F) {
	for _, s := range []string{"trips=fra-1:12.5,iad-1:90&tz=Europe/Berlin&pop=eu", "trips=a:1e308,b:-0,c:Inf", "pop=nanomeet-eu.example.net&tz=/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, _ := url.ParseQuery(s)
		a := readAsking(q)
		for id, d := range a.trips {
			if geo.ValidNodeID(string(id)) != nil || d < 0 || d > maxTrip {
				t.Errorf("%q: %v", id, d)
			}
		}
		if len(a.trips) > maxTrips || a.at != nil && !a.at.Valid() {
			t.Errorf("%+v", a)
		}
	})
}

// several are members without round trips between them.
type several []geo.Node

func (s several) Nodes() []geo.Node { return s }
func (s several) Lookup(id geo.NodeID) (geo.Node, bool) {
	i := slices.IndexFunc(s, func(n geo.Node) bool { return n.ID == id })
	if i < 0 {
		return geo.Node{}, false
	}
	return s[i], true
}
func (several) OnChange(func())                           {}
func (several) SetLoad(float64, bool)                     {}
func (several) SetGray(bool)                              {}
func (several) SetDraining(bool)                          {}
func (several) RTT(_, _ geo.NodeID) (time.Duration, bool) { return 0, false }

func TestTheAttachListGoesByWhatIsKnownOfTheClient(t *testing.T) {
	at := func(zone string) *place.Point { p, _ := place.Zone(zone); return &p }
	all := several{
		{ID: "fra-1", POP: "fra", Region: "eu", Role: geo.RoleEdge, URL: "https://fra.example.net/", Place: at("Europe/Berlin")},
		{ID: "iad-1", POP: "iad", Region: "us", Role: geo.RoleEdge, URL: "https://iad.example.net", Place: at("America/New_York")},
		{ID: "lax-1", POP: "lax", Region: "us", Role: geo.RoleEdge, URL: "https://lax.example.net", Place: at("America/Los_Angeles")},
	}
	tokyo := netip.MustParseAddr("198.51.100.7")
	n := startLone(t, func(c *Config) {
		c.Members = all
		c.Where = func(a netip.Addr) (place.Point, bool) { return *at("Asia/Tokyo"), a == tokyo }
	})
	for _, c := range []struct{ from, query, want string }{
		{"203.0.113.5:9", "", "fra-1 iad-1 lax-1"},
		{"203.0.113.5:9", "tz=America/Denver", "lax-1 iad-1 fra-1"},
		{"198.51.100.7:9", "", "lax-1 fra-1 iad-1"},
		{"198.51.100.7:9", "tz=America/New_York", "lax-1 fra-1 iad-1"},
		{"198.51.100.7:9", "trips=iad-1:5,lax-1:60,fra-1:90", "iad-1 lax-1 fra-1"},
		{"203.0.113.5:9", "pop=us", "iad-1! lax-1! fra-1"},
		{"203.0.113.5:9", "pop=LAX.example.net", "lax-1! fra-1 iad-1"},
		{"203.0.113.5:9", "pop=gru", "fra-1 iad-1 lax-1"},
		{"", "trips=x&tz=y", "fra-1 iad-1 lax-1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/attach?room=demo&"+c.query, nil)
		r.RemoteAddr = c.from
		w := httptest.NewRecorder()
		n.attach(w, r)
		var list struct{ Nodes []candidate }
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, k := range list.Nodes {
			got = append(got, string(k.Node)+map[bool]string{true: "!"}[k.Asked])
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %s: %v, want %s", c.from, c.query, got, c.want)
		}
		if k := list.Nodes[0]; !strings.HasSuffix(k.Probe, ".example.net/probe") || !strings.HasPrefix(k.WS, "wss://") {
			t.Errorf("%+v", k)
		}
	}
}
