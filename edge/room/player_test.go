package room

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPlayersAreHTTPSWithoutCredentials(t *testing.T) {
	start := "https://play.example/"
	for p, want := range map[string]bool{
		"": true, start: true, "HTTPS://play.example/v?id=1&t=2#x": true, "https://[2001:db8::1]:8443/v": true,
		start + strings.Repeat("a", MaxPlayer-len(start)): true, start + strings.Repeat("a", MaxPlayer-len(start)+1): false,
		"play.example": false, "//play.example/": false, "http://play.example/": false, "javascript:alert(1)": false,
		"data:text/html,hello": false, "blob:https://play.example/1": false, "https:": false, "https:///v": false, "https:play.example": false,
		"https://ann@play.example/": false, "https://ann:secret@play.example/": false, " https://play.example/": false,
		"https://play.example/\n": false, start + "\xff": false,
	} {
		if got := Player(p).Valid(); got != want {
			t.Errorf("%q: %v, want %v", p, got, want)
		}
	}
}

func FuzzPlayer(f *testing.F) {
	for _, p := range []string{"", "https://play.example/v?id=1", "javascript:alert(1)", "https://ann:secret@play.example/", "https://\\play.example", "https://play.example/\u2028"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := Player(text)
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		act := Act{Verb: "player", Value: raw}.Check()
		if !p.Valid() {
			return // what JSON makes of broken text may be one
		}
		if p != "" && !strings.HasPrefix(strings.ToLower(text), "https://") || len(text) > MaxPlayer {
			t.Errorf("%q is no player", text)
		}
		var again Player
		if err := json.Unmarshal(raw, &again); err != nil || again != p {
			t.Errorf("%q came back as %q: %v", p, again, err)
		}
		if act != nil && len(raw) <= maxValue {
			t.Errorf("%q may be brought and not be set: %v", p, act)
		}
	})
}

// player is what a page was told last.
func (p *page) player() Player {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rules.Player.Value
}

// What one brings at a leaf everybody has, who comes later and at the next home too;
// only a moderator's word changes it.
func TestPlayerOutlivesWhoBroughtItAndItsHome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		order := n.rank()
		const film, news = Player("https://play.example/film"), Player("https://play.example/news")
		brings := func(p Player) func(*Join) { return func(j *Join) { j.Player = p } }
		_, _ = n.enter(order[0], "ann")
		first, _ := n.enter(order[1], "bob", brings(film))
		cid, c := n.enter(order[2], "cid", brings(news))
		settle(time.Second)
		if err := cid.Act(t.Context(), about("", "player", `"https://play.example/news"`)); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("a regular participant: %v", err)
		}
		first.Leave(Left)
		n.kill(order[0], 3*time.Second)
		settle(10 * time.Second)
		mod, d := n.enter(order[1], "mod", moderator)
		for _, p := range []*page{c, d} {
			check(t, "player", p.player(), film)
		}
		if err := mod.Act(t.Context(), Act{Verb: "player"}); err != nil {
			t.Fatal(err)
		}
		_, e := n.enter(order[2], "eve", brings(news))
		settle(time.Second)
		check(t, "after it was removed", c.player(), "")
		check(t, "brought after it was removed", e.player(), "")
	})
}
