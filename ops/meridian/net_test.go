package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/picture"
	"github.com/meridian-video/meridian/ops/picture/wall"
)

// atlantic is two edges with a link that is cut one way, an office, and a room.
func atlantic(_ context.Context, q glance.Question) (picture.Network, error) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	way := func(to geo.NodeID, state picture.LinkState, sent float64) *picture.Way {
		return &picture.Way{State: state, Link: glance.Link{
			To: to, Up: true, Since: noon.Add(-3 * time.Hour), RTT: 90.4, Loss: 0.004, Sent: sent, Available: 12e6, Out: 3, Sealed: "up",
		}}
	}
	n := picture.Network{
		By: "fra-1", At: noon, People: 3, Rooms: 1,
		Nodes: []picture.Node{
			{ID: "control-1", POP: "ctl", Role: geo.RoleControl, State: picture.NodeOK, Version: "v1.2.0"},
			{ID: "fra-1", POP: "fra", Role: geo.RoleEdge, State: picture.NodeOK, Site: &picture.Site{City: "Frankfurt"}, Load: 0.25, People: 2, Homes: 1, Version: "v1.2.0"},
			{ID: "iad-1", POP: "iad", Role: geo.RoleEdge, State: picture.NodeDraining, Site: &picture.Site{Lat: 38.95, Lon: -77.45, Said: true}, People: 1},
			{ID: "office-1", POP: "office", Role: geo.RoleEdge, State: picture.NodeSilent, Near: "fra-1", Away: 4.2},
		},
		Links: []picture.Link{
			{A: "fra-1", B: "iad-1", State: picture.LinkCut, There: way("iad-1", picture.LinkOK, 2.44e6), Back: way("fra-1", picture.LinkCut, 64e3)},
			{A: "fra-1", B: "office-1", State: picture.LinkDown, There: &picture.Way{State: picture.LinkDown, Link: glance.Link{To: "office-1"}}},
		},
		Listed: []picture.Room{{Company: "acme", Room: "da\x1bily", People: 3, Homes: []geo.NodeID{"fra-1"}}},
	}
	if q.Names() {
		n.Room = &picture.Chosen{
			Company: q.Company, Room: q.Room, Known: q.Room == "daily", People: 3, Homes: []geo.NodeID{"fra-1", "iad-1"},
			Leaves: []picture.Leaf{{Node: "fra-1", People: 2}, {Node: "iad-1", People: 1}},
			Flows:  []picture.Flow{{Origin: "fra-1", From: "fra-1", To: "iad-1", Tracks: 2, Backup: "office-1"}},
			Trees:  []picture.Tree{{Origin: "iad-1", Kind: "camera", Seeking: []geo.NodeID{"fra-1"}}},
		}
	}
	return n, nil
}

const atlanticTables = `As fra-1 sees it at 12:00:00 UTC: 3 people in 1 room.

NODE       POP     PLACE              STATE     LOAD  PEOPLE  ROOMS  VERSION
control-1  ctl     -                  ok        -     -       -      v1.2.0
fra-1      fra     Frankfurt          ok        25 %  2       1      v1.2.0
iad-1      iad     39.0,-77.5         draining  0 %   1       0      -
office-1   office  4.2 ms from fra-1  silent    0 %   -       -      -

FROM   TO        STATE  RTT    LOSS   SENT        MAY SEND     TRACKS  FOR
fra-1  office-1  down   -      -      -           -            -       -
iad-1  fra-1     cut    90 ms  0.4 %  64 kbit/s   12.0 Mbit/s  3       3h
fra-1  iad-1     ok     90 ms  0.4 %  2.4 Mbit/s  12.0 Mbit/s  3       3h

ROOM         PEOPLE  HOME
acme/da·ily  3       fra-1

`

const atlanticRoom = `acme/daily: 3 people, home fra-1 and iad-1 (partition)
NODE   PEOPLE
fra-1  2
iad-1  1

TRACKS OF  FROM   TO     TRACKS  BACKUP
fra-1      fra-1  iad-1  2       office-1

fra-1 looks for a way to camera of iad-1
`

func TestNetIsPrintedAsTables(t *testing.T) {
	s := httptest.NewServer(wall.Handler(atlantic))
	defer s.Close()
	environ := []string{"MERIDIAN_OPERATOR=" + s.URL}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"net"}, atlanticTables},
		{[]string{"net", "--room", "acme/daily"}, atlanticTables + atlanticRoom},
		{[]string{"net", "--room", "acme/other"}, atlanticTables + "No node knows acme/other now.\n"},
	} {
		if code, stdout, stderr := run(environ, test.args...); code != 0 || stderr != "" || stdout != test.want {
			t.Errorf("%v: exit %d: %s\n%s\nwant\n%s", test.args, code, stderr, stdout, test.want)
		}
	}
	code, stdout, _ := run(environ, "net", "--json")
	var n picture.Network
	if err := json.Unmarshal([]byte(stdout), &n); code != 0 || err != nil || len(n.Nodes) != 4 || n.Links[0].Back.RTT != 90.4 {
		t.Errorf("exit %d: %v\n%s", code, err, stdout)
	}
}

func TestNetSaysWhatIsWrong(t *testing.T) {
	starting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This server is starting; try again.", http.StatusServiceUnavailable)
	}))
	defer starting.Close()
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html>")) }))
	defer page.Close()
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--room", "daily"}, exitRefused, "not company/room"},
		{[]string{"--operator", "http://127.0.0.1:1"}, exitFailed, "name it with --operator"},
		{[]string{"--operator", starting.URL}, exitFailed, "is starting"},
		{[]string{"--operator", none.URL}, exitFailed, "no operator port of an edge"},
		{[]string{"--operator", page.URL}, exitFailed, "unreadable answer"},
		{[]string{"--operator", "nowhere"}, exitFailed, "--operator"},
	} {
		if code, stdout, stderr := run(nil, append([]string{"net"}, test.args...)...); code != test.code || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: exit %d: %s", test.args, code, stderr)
		}
	}
}

// A watch prints until it is told to end, which is no failure.
func TestNetIsWatched(t *testing.T) {
	s := httptest.NewServer(wall.Handler(atlantic))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var out strings.Builder
	p := &process{stdout: writes(func(b []byte) { out.Write(b); cancel() })}
	c := &netCommand{operator: operator{Operator: s.URL}, Watch: true}
	if err := c.Run(ctx, p); err != nil || out.String() != wipe+atlanticTables {
		t.Errorf("%v\n%q", err, out.String())
	}
	if err := c.Run(ctx, p); err != nil {
		t.Errorf("ended before it asked: %v", err)
	}
}

type writes func([]byte)

func (w writes) Write(b []byte) (int, error) { w(b); return len(b), nil }

func TestAges(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "-", 9 * time.Second: "9s", 9 * time.Minute: "9m", 30 * time.Hour: "30h", 50 * 24 * time.Hour: "50d", 200 * 365 * 24 * time.Hour: "-",
	} {
		if got := age(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
