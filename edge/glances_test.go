package edge

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
)

func TestRoundsAreSharedForASecond(t *testing.T) {
	g := &glances{}
	q := glance.Question{Company: "acme", Room: "demo"}
	first, fresh := g.round(q, 0)
	if !fresh {
		t.Fatal("nobody has asked")
	}
	for _, test := range []struct {
		q     glance.Question
		at    time.Duration
		over  bool
		fresh bool
	}{
		{q, 500 * time.Millisecond, false, false},
		{glance.Question{}, 500 * time.Millisecond, false, true},
		{q, 1500 * time.Millisecond, false, false}, // it is still under way
		{q, 1600 * time.Millisecond, true, true},
		{q, 1700 * time.Millisecond, true, false},
	} {
		if test.over && !first.done() {
			close(first.over)
		}
		if _, fresh := g.round(test.q, test.at); fresh != test.fresh {
			t.Errorf("%+v at %v: fresh %v", test.q, test.at, fresh)
		}
	}
	for i := range 3 * maxGlances {
		g.round(glance.Question{Company: "acme", Room: strings.Repeat("x", i+1)}, 1800*time.Millisecond)
	}
	if len(g.kept) > maxGlances {
		t.Errorf("%d rounds are kept", len(g.kept))
	}
}

func TestANodeTellsOfItselfInNumbers(t *testing.T) {
	n := startLone(t)
	n.seated("ann", "")
	q := glance.Question{Company: demo.Company, Room: demo.Room}
	all, err := n.Glances(t.Context(), q)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	g := all["fra-1"]
	want := []glance.Room{{Company: "acme", Room: "demo", Home: "fra-1", Leading: true, People: 1}}
	if g.People != 1 || g.Homes != 1 || !reflect.DeepEqual(g.Rooms, want) {
		t.Errorf("%+v", g)
	}
	if d := g.Detail; d == nil || d.Home != "fra-1" || !d.Leading || d.People["fra-1"] != 1 || len(d.Routes) != 0 {
		t.Errorf("%+v", d)
	}
	question, _ := json.Marshal(q)
	answer, err := n.answer(t.Context(), "iad-1", topicGlance, question)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := glance.Parse("fra-1", answer); err != nil || !reflect.DeepEqual(got.Rooms, want) || strings.Contains(string(answer), "ann") {
		t.Errorf("%v %s", err, answer)
	}
	if _, err := n.answer(t.Context(), "iad-1", topicGlance, []byte(`{"room":"x"}`)); !errors.Is(err, glance.ErrMalformed) {
		t.Errorf("half a name: %v", err)
	}
	if _, err := n.Glances(t.Context(), glance.Question{Room: "x"}); !errors.Is(err, glance.ErrMalformed) {
		t.Errorf("half a name: %v", err)
	}
}

func TestLinksAreToldWithinBounds(t *testing.T) {
	since := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	l := relay.LinkStats{
		Peer: "iad-1", Up: true, Via: "lon-1", Deaf: true, Since: since, RTT: 90 * time.Millisecond, TracksIn: 2, TracksOut: 3, Shed: 1,
		Path: relay.PathStats{State: "up"},
	}
	l.Congestion.Sent, l.Congestion.Rate, l.Congestion.Loss, l.Congestion.Queue = math.NaN(), math.Inf(1), -0.1, 5*time.Millisecond
	got := glanceLinks([]relay.LinkStats{l}, []geo.NodeID{"syd-1"})
	want := []glance.Link{
		{To: "iad-1", Up: true, Via: "lon-1", Deaf: true, Since: since, RTT: 90, Queue: 5, Available: glance.MaxRate, Sealed: "up", In: 2, Out: 3, Shed: 1},
		{To: "syd-1"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := glanceLinks(make([]relay.LinkStats, glance.MaxLinks+1), nil); len(got) != glance.MaxLinks {
		t.Errorf("%d links", len(got))
	}
}

func TestTracksAreToldByKindAlone(t *testing.T) {
	got := glanceRoute(relay.TrackRoute{Origin: "iad-1", Track: "c0ffee.vp8.camera", Path: []geo.NodeID{"lon-1", "iad-1"}, Backup: "iad-1", Local: 1})
	if got.Kind != "camera" || strings.Contains(got.Track, "c0ffee") || len(got.Track) != 12 || got.Track == alias("c0ffee.vp8.mic") {
		t.Errorf("%+v", got)
	}
}

func TestTheLargestRoomsAreTold(t *testing.T) {
	var rooms []glance.Room
	for i := range glance.MaxRooms + 5 {
		rooms = append(rooms, glance.Room{Company: "acme", Room: strings.Repeat("x", i+1), People: i})
	}
	if got := largest(rooms); len(got) != glance.MaxRooms || got[0].People != glance.MaxRooms+4 {
		t.Errorf("%d rooms, the first of %d", len(got), got[0].People)
	}
}
