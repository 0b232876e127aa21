package room

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// schedules is how many TestRandomSchedules tries: go test ./edge/room -run RandomSchedules -args -schedules 10000
var schedules = flag.Uint64("schedules", 60, "random schedules to try")

// Random cuts, joins, leaves, chat, acts, waiting, deaths and membership views, in
// simulated time; after quiet everybody sees the same people, rules and lobby,
// nothing acknowledged is gone, who holds a seat is listed once with the media
// that their node lets through, and nobody blocked is there.
func TestRandomSchedules(t *testing.T) {
	for seed := range *schedules {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { schedule(t, rand.New(rand.NewPCG(seed, 7))) })
		})
	}
}

type place struct {
	seat *Seat
	page *page
	node geo.NodeID

	serial int
}

// acts are what moderators and others ask for; the first are the likely ones.
var acts = []Act{
	about("", "mute", `"mic"`), about("", "mute", `"camera"`), about("", "hand", "true"), about("", "hand", "false"),
	bounded(300_000), bounded(0), about("", "mute_mode", `"lecture"`), about("", "mute_mode", `"free"`),
	about("", "lobby", "true"), about("", "lobby", "false"), about("", "lobby", "false"), about("", "admit", ""), about("", "reject", ""),
	{Verb: "kick"}, {Verb: "block"}, about("", "role", `"regular"`), about("", "role", `"moderator"`), about("", "mode", `"viewer"`), about("", "mode", `"speaker"`),
}

func schedule(t *testing.T, r *rand.Rand) {
	n := newNetwork(t, wan, "fra", "iad", "syd", "gru", "nrt")
	held, acked, serial := map[*Seat]*place{}, map[string]bool{}, 0
	blocked := map[string]bool{}
	enter := func(id geo.NodeID) {
		p := newPage(t)
		serial++
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		j := Join{Company: "acme", Room: "demo", Peer: fmt.Sprint("p", r.IntN(8)), Name: "x", Media: Media{Mic: true, Camera: true}}
		if r.IntN(2) == 0 {
			j.Role = Moderator
		}
		seat, snap, err := n.plane(id).Join(ctx, j, p)
		if err != nil {
			return
		}
		p.seat(snap)
		held[seat] = &place{seat, p, id, serial}
	}
	any := func() *Seat { // the same one for the same seed
		order := slices.SortedFunc(maps.Keys(held), func(a, b *Seat) int { return held[a].serial - held[b].serial })
		return order[r.IntN(len(order))]
	}
	died := false
	enter("fra")
	for range 25 {
		ids := n.ids()
		a, b := ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]
		switch v := r.IntN(13); {
		case v < 3:
			enter(a)
		case v == 3 && len(held) > 2:
			s := any()
			s.Leave(Left)
			delete(held, s)
		case v < 6 && len(held) > 0:
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			text := fmt.Sprint("message ", serial)
			serial++
			if _, err := any().Chat(ctx, "", text); err == nil {
				acked[text] = true
			}
			cancel()
		case v == 6 && a != b:
			n.cut(a, b)
		case v == 7 && a != b:
			n.heal(a, b)
		case v == 8 && len(held) > 0:
			any().SetMedia(Media{Mic: r.IntN(2) == 0}, nil)
		case v > 9 && len(held) > 0:
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			s, a := any(), acts[r.IntN(len(acts))]
			if verbs[a.Verb].about == one {
				a.Peer = fmt.Sprint("p", r.IntN(8))
			}
			err := s.Act(ctx, a)
			if err == nil && a.Verb == "block" {
				blocked[a.Peer] = true
			}
			cancel()
		case v == 9 && !died && r.IntN(3) == 0:
			died = true
			n.kill(a, time.Duration(r.IntN(5000))*time.Millisecond)
			for s, h := range held {
				if h.node == a {
					delete(held, s)
				}
			}
		case v == 9:
			n.drain(a, !n.drains(a))
		}
		settle(time.Duration(r.IntN(3000)) * time.Millisecond)
	}
	quietNetwork(n)
	if took := converge(n, held); took > 5*time.Second {
		t.Errorf("pages agree only %v after quiet", took)
	}
	settle(30 * time.Second)
	verify(t, n, held, acked)
	for _, h := range held {
		if len(h.page.end()) == 0 && blocked[h.seat.Peer()] {
			t.Errorf("%s is there, and blocked", h.seat.Peer())
		}
	}
	for seat := range held {
		seat.Leave(Left)
	}
	settle(100 * time.Second)
	complete(t, n.books.all())
}

// converge watches the room for 15 s after quiet and returns when two pages last
// differed, or there was not one home, for longer than a change takes to travel.
func converge(n *network, seats map[*Seat]*place) (took time.Duration) {
	const step = 250 * time.Millisecond
	before := false
	for at := step; at <= 15*time.Second; at += step {
		settle(step)
		now := agreed(n, seats)
		if !now && !before {
			took = at
		}
		before = now
	}
	return took
}

func agreed(n *network, seats map[*Seat]*place) bool {
	var first *page
	for _, h := range seats {
		switch {
		case len(h.page.end()) > 0:
			continue
		case first == nil:
			first = h.page
		case h.page.roster() != first.roster() || h.page.talk() != first.talk():
			return false
		}
	}
	return first == nil || len(n.homes()) == 1
}

// quietNetwork heals everything.
func quietNetwork(n *network) {
	ids := n.ids()
	for _, a := range ids {
		for _, b := range ids {
			if a < b {
				n.heal(a, b)
			}
		}
	}
	n.believe(ids, ids)
}

func verify(t *testing.T, n *network, seats map[*Seat]*place, acked map[string]bool) {
	synctest.Wait()
	var first *page
	expect := map[string]bool{}
	for s, h := range seats {
		if len(h.page.end()) > 0 {
			continue
		}
		if expect[s.Peer()] {
			t.Errorf("%s holds two seats", s.Peer())
		}
		expect[s.Peer()] = true
		if first == nil {
			first = h.page
		}
		check(t, "roster", h.page.roster(), first.roster())
		check(t, "chat", h.page.talk(), first.talk())
		check(t, "rules", h.page.rules, first.rules)
		check(t, "lobby", fmt.Sprint(h.page.lobby), fmt.Sprint(first.lobby))
		check(t, "media of "+s.Peer(), first.person(s.Peer()).Media, h.page.own.Media)
	}
	if first == nil {
		return
	}
	check(t, "people", first.count(), len(expect))
	for peer := range expect {
		if p := first.person(peer); p.State != Present {
			t.Errorf("%s is %q", peer, p.State)
		}
	}
	var texts []string
	for _, m := range first.messages() {
		texts = append(texts, m.Text)
	}
	for text := range acked {
		if !slices.Contains(texts, text) {
			t.Errorf("acknowledged %q is gone from %v", text, texts)
		}
	}
	n.home()
	n.equal(min(2, len(n.ids())))
}
