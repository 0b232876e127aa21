package geo

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/serf/coordinate"

	"github.com/meridian-video/meridian/geo/place"
)

func testState() state {
	c := coordinate.NewCoordinate(coordinate.DefaultConfig())
	c.Vec[3], c.Error, c.Adjustment, c.Height = -0.125, 0.5, -0.25, 0.0625
	return state{id: "fra-1", version: 77, load: 1, full: true, draining: true, gray: true, skewed: true, coord: c}
}

func TestMetaRoundTrip(t *testing.T) {
	n := testNode(3)
	n.Cluster, n.Role = "10.0.0.3:7000", RoleControl
	n.Started = time.UnixMilli(1_790_000_000_123).UTC()
	bare := n
	n.Place, n.Handicap = &place.Point{Lat: -33.87, Lon: 151.21}, 1500*time.Millisecond
	b := appendMeta(nil, n)
	earlier := len(appendMeta(nil, bare)) - 2 // neither handicap nor place
	if got, err := parseMeta(string(n.ID), b[:earlier]); err != nil || !reflect.DeepEqual(got, bare) {
		t.Errorf("an earlier version's: %+v, %v", got, err)
	}
	for _, tail := range []string{"", "later fields"} {
		got, err := parseMeta(string(n.ID), append(bytes.Clone(b), tail...))
		if err != nil || !reflect.DeepEqual(got, n) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	t.Logf("%d bytes", len(b))
	for i := range b {
		if _, err := parseMeta(string(n.ID), b[:i]); err == nil && i != earlier {
			t.Errorf("%d bytes are enough", i)
		}
	}
	for name, bad := range map[string][]byte{
		"far side": append(bytes.Clone(b[:len(b)-2]), 0x7f, 0xff), "endless handicap": append(bytes.Clone(b[:earlier]), 0xff, 0xff, 0x7f, 0),
		"nothing": nil, "other version": append([]byte{2}, b[1:]...), "too long": append(bytes.Clone(b), make([]byte, maxMeta)...),
	} {
		if _, err := parseMeta(string(n.ID), bad); err == nil {
			t.Error(name, "was read")
		}
	}
	if _, err := parseMeta("Bad Name", b); err == nil {
		t.Error("a bad name was taken")
	}
}

func TestStateRoundTrip(t *testing.T) {
	s := testState()
	b := appendState(nil, s)
	for _, tail := range []string{"", "later fields"} {
		got, err := parseState(append(bytes.Clone(b), tail...))
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for i := range b {
		if _, err := parseState(b[:i]); err == nil {
			t.Errorf("%d bytes are enough", i)
		}
	}
	s.coord = nil
	if got, err := parseState(appendState(nil, s)); err != nil || got.coord != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for name, f := range map[string]func(*state){
		"version":    func(s *state) { s.version = maxVersion },
		"id":         func(s *state) { s.id = "A" },
		"no id":      func(s *state) { s.id = "" },
		"NaN":        func(s *state) { s.coord = testState().coord; s.coord.Vec[0] = math.NaN() },
		"infinite":   func(s *state) { s.coord = testState().coord; s.coord.Height = math.Inf(1) },
		"unearthly":  func(s *state) { s.coord = testState().coord; s.coord.Vec[7] = -11 },
		"no height":  func(s *state) { s.coord = testState().coord; s.coord.Height = -0.001 },
		"less error": func(s *state) { s.coord = testState().coord; s.coord.Error = -1 },
	} {
		s := testState()
		f(&s)
		if _, err := parseState(appendState(nil, s)); err == nil {
			t.Error(name, "was read")
		}
	}
}

func TestStates(t *testing.T) {
	a, b := testState(), testState()
	b.id = "iad-1"
	text := appendStates(nil, []state{a, b})
	var got []NodeID
	bad := 0
	parseStates(text, func(s state) { got = append(got, s.id) }, func() { bad++ })
	if len(got) != 2 || bad != 0 {
		t.Error(got, bad)
	}
	text[2] = 99 // the first record is of a later layout
	got = nil
	parseStates(text, func(s state) { got = append(got, s.id) }, func() { bad++ })
	if len(got) != 1 || got[0] != "iad-1" || bad != 1 {
		t.Error(got, bad)
	}
	parseStates([]byte{0}, func(state) { t.Error("taken") }, func() { bad++ })
	parseStates([]byte{255, 255, 1}, func(state) { t.Error("taken") }, func() { bad++ })
	if bad != 3 {
		t.Error(bad)
	}
}

func TestRosterIsBounded(t *testing.T) {
	r := newRoster()
	now := time.Now()
	id := func(i int) NodeID {
		return NodeID(strings.Repeat("x", 1+i%60) + string(rune('a'+i/60%26)) + string(rune('a'+i/1560)))
	}
	refused := 0
	for i := range maxStates + 100 {
		if _, no := r.heard(state{id: id(i), version: 1}); no {
			refused++
		}
	}
	if refused != 100 {
		t.Errorf("%d records refused", refused)
	}
	r.joined(Node{ID: "member"}, "a:1", now)
	if news, no := r.heard(state{id: "member", version: 1}); !news || no {
		t.Error("no room for a member")
	}
	if news, _ := r.heard(state{id: "member", version: 1}); news {
		t.Error("old news")
	}
	for i := range maxContacts + 10 {
		at := now.Add(time.Duration(i) * time.Second)
		r.joined(Node{ID: id(i)}, string(id(i)), at)
		r.left(id(i), at)
	}
	if n := len(r.lost(now)); n > maxContacts {
		t.Errorf("%d contacts", n)
	}
	if n := len(r.lost(now.Add(48 * time.Hour))); n != 0 {
		t.Errorf("%d contacts after two days", n)
	}
}

func FuzzParseState(f *testing.F) {
	f.Add(appendState(nil, testState()))
	f.Add(appendStates(nil, []state{testState(), testState()}))
	f.Add(appendCoordinate(nil, testState().coord))
	near := testState().coord
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(s state) {
			if again, err := parseState(appendState(nil, s)); err != nil || again.id != s.id || again.version != s.version {
				t.Fatalf("%+v, %v", s, err)
			}
			if s.coord != nil {
				near.DistanceTo(s.coord)
			}
		}
		if s, err := parseState(b); err == nil {
			check(s)
		}
		parseStates(b, check, func() {})
		if c, err := parseCoordinate(b); err == nil {
			near.DistanceTo(c)
		}
	})
}

func FuzzParseMeta(f *testing.F) {
	f.Add("n1", appendMeta(nil, testNode(1)))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		n, err := parseMeta(name, b)
		if err != nil {
			return
		}
		again, err := parseMeta(name, appendMeta(nil, n))
		if err != nil || !reflect.DeepEqual(again, n) {
			t.Fatalf("%+v, %v", again, err)
		}
	})
}

// FuzzDelegate plays a hostile member: anything may arrive in any callback.
func FuzzDelegate(f *testing.F) {
	f.Add("n1", appendState(nil, testState()))
	f.Add("n00", appendMeta(nil, testNode(0)))
	m, err := Start(Config{Self: testNode(0), Transport: newFabric(0).listen(fabricAddr(0)), Keys: [][]byte{testKey}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := m.Close(); err != nil {
			f.Error(err)
		}
	})
	d := &delegate{m}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		n := &memberlist.Node{Name: name, Meta: b}
		d.NotifyMsg(b)
		d.MergeRemoteState(b, true)
		d.NotifyPingComplete(n, time.Millisecond, b)
		if d.NotifyAlive(n) == nil && name != "n00" {
			d.NotifyJoin(n)
			d.NotifyUpdate(n)
			d.NotifyLeave(n)
		}
		if len(m.Nodes()) != 1 {
			t.Fatalf("%+v", m.Nodes())
		}
	})
}
