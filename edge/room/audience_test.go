package room

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// watching joins as a viewer of a webinar.
func watching(j *Join) { j.Kind, j.Mode, j.Capacity = Webinar, ViewerMode, 100 }

func moderating(j *Join) { j.Kind, j.Role, j.Capacity = Webinar, Moderator, 5 }

// listed is whom a page lists.
func (p *page) listed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for id := range p.people {
		out = append(out, id)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (p *page) counted() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.viewers)
}

func act(t *testing.T, s *Seat, verb Verb, peer, value string) error {
	t.Helper()
	err := s.Act(t.Context(), Act{Verb: verb, Peer: peer, Value: []byte(value)})
	synctest.Wait()
	return err
}

func TestViewersAreACount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		mod, m := n.enter("fra", "mod", moderating)
		seats, pages := map[string]*Seat{}, map[string]*page{}
		for i := range 30 {
			id := fmt.Sprintf("v%02d", i)
			seats[id], pages[id] = n.enter(n.ids()[i%3], id, watching)
		}
		settle(3 * time.Second)
		last := pages["v29"].counted()
		check(t, "listed", m.listed(), "mod")
		check(t, "listed at a viewer", pages["v01"].listed(), "mod")
		check(t, "counted by a viewer", last[len(last)-1], 30)
		if told := m.counted(); told[len(told)-1] != 30 || len(told) > 12 {
			t.Errorf("the moderator was told %v", told) // once a second while they came
		}
		n.equal(3)

		// A hand is seen by all, and who lowers it is one of many again.
		if err := act(t, mod, "hands", "", `"all"`); err != nil {
			t.Fatal(err)
		}
		if err := act(t, seats["v05"], "hand", "", "true"); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		check(t, "listed with a hand", pages["v01"].listed(), "mod v05")
		if err := act(t, mod, "lower", "v05", ""); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		check(t, "listed without", pages["v01"].listed(), "mod")
		check(t, "own list", pages["v05"].listed(), "mod v05") // who it is about is told
		if p := pages["v05"]; !p.people["v05"].Hand.IsZero() {
			t.Error("the hand is still up at its owner")
		}

		// Moderators act on people whom they have looked up.
		for verb, value := range map[Verb]string{"mode": `"speaker"`, "role": `"moderator"`} {
			if err := act(t, mod, verb, "v07", value); err != nil {
				t.Error(verb, err)
			}
		}
		if err := act(t, mod, "kick", "v08", ""); err != nil {
			t.Error(err)
		}
		if err := act(t, mod, "block", "v09", ""); err != nil {
			t.Error(err)
		}
		settle(2 * time.Second)
		check(t, "listed with the new speaker", pages["v01"].listed(), "mod v07")
		check(t, "ended", fmt.Sprint(pages["v08"].end(), pages["v09"].end()), "[kicked] [blocked]")
		last = pages["v01"].counted()
		check(t, "counted after", last[len(last)-1], 27)
		if err := act(t, mod, "mode", "v07", `"viewer"`); err != nil {
			t.Fatal(err)
		}
		if err := act(t, mod, "role", "v07", `"regular"`); err != nil {
			t.Fatal(err)
		}
		settle(2 * time.Second)
		check(t, "listed in the end", pages["v01"].listed(), "mod")
		seats["v01"].Leave(Left)
		settle(2 * time.Second)
		check(t, "resets", m.resetCount(), 0)
		last = m.counted()
		check(t, "counted in the end", last[len(last)-1], 27)
		n.equal(3)
	})
}

func TestOnlyModeratorsLookUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		mod, _ := n.enter("fra", "mod", moderating)
		ann, _ := n.enter("iad", "ann", watching)
		settle(time.Second)
		if page, err := mod.Viewers(Lookup{Limit: 5}); err != nil || page.Total != 1 || page.People[0].PeerID != "ann" {
			t.Errorf("%+v, %v", page, err)
		}
		if _, err := ann.Viewers(Lookup{Limit: 5}); !errors.Is(err, ErrNotAllowed) {
			t.Error("a viewer looks up:", err)
		}
		if p, ok := n.plane("iad").Person("acme", "demo", "ann"); !ok || p.Mode != ViewerMode {
			t.Error("not found by peer id")
		}
		check(t, "nodes", len(n.plane("iad").Nodes("acme", "demo")), 2)
		spread := map[geo.NodeID]int{"fra": 1, "iad": 1}
		home := n.home()
		for _, id := range []geo.NodeID{"fra", "iad"} {
			if s, ok := n.plane(id).Spread("acme", "demo"); !ok || s.Home != home || s.Leading != (id == home) || !maps.Equal(s.People, spread) {
				t.Errorf("%s: %+v %v", id, s, ok)
			}
		}
		if _, ok := n.plane("fra").Spread("acme", "other"); ok {
			t.Error("a room that nobody is in is spread")
		}
		ann.Leave(Left)
		settle(time.Second)
		if _, err := ann.Viewers(Lookup{Limit: 5}); !errors.Is(err, ErrNoAttachment) {
			t.Error("who left looks up:", err)
		}
	})
}

// A storm of joins at a home is a few messages to its followers.
func TestBatchesTravelTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		home := n.rank()[0]
		other := n.rank()[1]
		_, _ = n.enter(home, "mod", moderating)
		_, _ = n.enter(other, "ann", watching)
		settle(time.Second)
		before := n.count(topicBatch)
		n.plane(home).post(Key{"acme", "demo"}, false, 0, func(o *owner) {
			for i := range 60 {
				if err := o.execute(other, command{Join: joinOf(i)}); err != nil {
					t.Error(err)
				}
			}
		})
		settle(time.Second)
		if sent := n.count(topicBatch) - before; sent > 3 {
			t.Errorf("60 joins were %d messages", sent)
		}
		s, _ := n.plane(other).Locate("acme", "demo")
		check(t, "viewers at the follower", s.Viewers, 61)
	})
}

func joinOf(i int) *JoinCommand {
	j := viewer(i)
	j.Kind = Webinar
	return &j
}

// Pages follow one another without gap or repetition, also while people come and go.
func TestPagesOfALookup(t *testing.T) {
	c := webinarOf(t, 250)
	if _, err := c.Rename("ATviewer-0042", "ÄNNE"); err != nil {
		t.Fatal(err)
	}
	var seen []string
	q := Lookup{Limit: 60}
	for pages := 0; ; pages++ {
		page, err := c.s.viewers(q)
		if err != nil || page.Total != 250-pages || pages > 10 {
			t.Fatalf("page %d: total %d, %v", pages, page.Total, err)
		}
		for _, p := range page.People {
			seen = append(seen, p.PeerID)
		}
		if q.After = page.Next; q.After == "" {
			break
		}
		if _, err := c.Leave(epoch0, "AT"+seen[len(seen)-1], Left); err != nil { // on whom the cursor stands
			t.Fatal(err)
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 250 {
		t.Errorf("%d of 250 on all pages", len(seen))
	}
	for match, want := range map[string]int{"änne": 1, "VIEWER 00": 0, "nobody": 0} {
		for _, p := range c.s.People {
			if strings.HasPrefix(p.Name, "Viewer 00") && match == "VIEWER 00" {
				want++
			}
		}
		if page, err := c.s.viewers(Lookup{Match: match, Limit: 100}); err != nil || page.Total != want {
			t.Errorf("%q: %d, %v", match, page.Total, err)
		}
	}
	for _, bad := range []Lookup{{}, {Limit: MaxPage + 1}, {Limit: 1, After: "?"}, {Limit: 1, Match: strings.Repeat("x", MaxName+1)}, {Limit: 1, Match: "\xff"}} {
		if _, err := c.s.viewers(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(spot{"ann", "v1"}.cursor())
	f.Add("")
	f.Add("WyJhIl0")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := readCursor(text)
		if err != nil {
			return
		}
		if again, err := readCursor(at.cursor()); err != nil || again != at {
			t.Errorf("%q is %+v, then %+v: %v", text, at, again, err)
		}
	})
}

// count is how many messages of a topic were sent so far.
func (n *network) count(topic string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.counted[topic]
}

// Two thousand come over three nodes, a home dies with them inside, and all is as
// it was, but for who was on the home.
func TestCrowdSurvivesItsHome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		_, _ = n.enter(order[0], "boss", moderating)
		mod, m := n.enter(order[1], "mod", moderating)
		const all = 2000
		for i := range all {
			n.enter(n.ids()[i%3], fmt.Sprintf("v%04d", i), func(j *Join) { j.Kind, j.Mode, j.Capacity = Webinar, ViewerMode, all })
		}
		settle(3 * time.Second)
		n.equal(3)
		check(t, "resets", m.resetCount(), 0)
		_, _, err := n.plane(order[2]).Join(t.Context(), Join{Company: "acme", Room: "demo", Peer: "late", Kind: Webinar, Mode: ViewerMode, Capacity: all}, newPage(t))
		if !errors.Is(err, ErrFull) {
			t.Error("one too many:", err)
		}
		n.kill(order[0], 2*time.Second)
		settle(40 * time.Second) // and the grace of who was there
		n.equal(2)
		s, _ := n.plane(order[1]).Locate("acme", "demo")
		if s.Viewers < all/2 || s.Viewers > all*3/4 || s.Home() == order[0] {
			t.Errorf("%d viewers, home %s", s.Viewers, s.Home())
		}
		if page, err := mod.Viewers(Lookup{Limit: 100}); err != nil || page.Total != s.Viewers {
			t.Errorf("%d looked up, %v", page.Total, err)
		}
	})
}
