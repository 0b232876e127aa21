package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// apart is a script: tiles that overlap or leave the stage, and the least sides
// of a tile, once none moves any more.
const apart = `(async () => {
	const rects = () => [...document.querySelectorAll("[data-tile]")].map(el => {
		const {x, y, width, height} = el.getBoundingClientRect();
		return {key: el.dataset.tile, x, y, r: x + width, b: y + height, w: width, h: height};
	});
	const text = () => JSON.stringify(rects());
	for (let was = "", n = 0; was !== text() && n < 50; n++) { was = text(); await new Promise(ok => setTimeout(ok, 300)); }
	const area = document.querySelector(".stage").getBoundingClientRect(), bad = [], all = rects();
	const bar = document.querySelector(".controls").getBoundingClientRect().top;
	all.forEach((a, i) => {
		if (a.x < -1 || a.y < area.top - 1 || a.r > innerWidth + 1 || a.b > bar + 1) bad.push(a.key + " leaves the stage");
		if (a.key === "self" && document.querySelector(".floating")) return;
		for (const b of all.slice(i + 1)) {
			if (b.key === "self" && document.querySelector(".floating")) continue;
			if (a.x < b.r - 1 && b.x < a.r - 1 && a.y < b.b - 1 && b.y < a.b - 1) bad.push(a.key + " over " + b.key);
		}
	});
	const scrolls = document.documentElement.scrollHeight > innerHeight + 1 || document.documentElement.scrollWidth > innerWidth + 1;
	return {Tiles: all.length, Bad: bad, Scrolls: scrolls, Rows: new Set(all.map(a => Math.round(a.y))).size,
		W: Math.min(...all.map(a => a.w)), H: Math.min(...all.map(a => a.h)), Largest: all.sort((a, b) => b.w * b.h - a.w * a.h)[0]?.key};
})()`

type placed struct {
	Tiles, Rows int
	Bad         []string
	Scrolls     bool
	W, H        float64 // least sides
	Largest     string
}

// stands checks that the tiles stand apart on the stage, without scrolling.
func (p *Page) stands() placed {
	p.t.Helper()
	got, err := Eval[placed](p, apart)
	if err != nil || len(got.Bad) > 0 || got.Scrolls {
		p.t.Errorf("%s: %v, scrolls %v, %v", p.Name, strings.Join(got.Bad, "; "), got.Scrolls, err)
	}
	return got
}

// key presses a letter.
func (p *Page) key(letter string) {
	p.t.Helper()
	if _, err := Eval[bool](p, fmt.Sprintf(`document.body.dispatchEvent(new KeyboardEvent("keydown", {code: "Key%s", bubbles: true}))`, letter)); err != nil {
		p.t.Fatal(err)
	}
}

// lays chooses in the menu of layouts.
func (p *Page) lays(item string) {
	p.t.Helper()
	// Its name goes on with who presents.
	p.shows("the button", `(() => { const b = document.querySelector("button[aria-label^=Layout]"); b?.click(); return !!b; })()`)
	p.press(item)
}

// sees waits for a layout with something pinned in it.
func (p *Page) sees(layout, pinned string) State {
	p.t.Helper()
	return p.until(layout+" with "+pinned, func(s State) bool { return s.Stage.Layout == layout && s.Stage.Pinned == pinned })
}

// board is a room of a moderator at one POP and two others at another.
func board(t *testing.T) *meeting {
	room := NewRoom(cluster.Start(t, "fra", "iad"), "board", nil)
	m := &meeting{Room: room}
	m.mod = New(t, "mod", Options{})
	m.mod.Open(room.In("fra", room.Moderator("Mara")))
	m.mod.isIn()
	m.ann = New(t, "ann", Options{Width: 900, Height: 600})
	join(m.ann, m.At("iad"), "Ann")
	m.ben = New(t, "ben", Options{Scripts: []string{bare}, Width: 640, Height: 480})
	attend(m.ben, m.At("iad"), "Ben")
	for _, p := range []*Page{m.mod, m.ann, m.ben} {
		p.until("sees all", func(s State) bool { return len(s.People) == 3 })
	}
	return m
}

// id is somebody's peer id.
func (s State) id(name string) string {
	for _, p := range s.People {
		if p.Name == name {
			return p.PeerID
		}
	}
	return ""
}

// TestTheStage is a meeting by how it looks: everyone's own layout and pin, a
// moderator's spotlight and view for all, a strip and small tiles.
func TestTheStage(t *testing.T) {
	t.Parallel()
	m := board(t)
	s, err := m.mod.State()
	if err != nil {
		t.Fatal(err)
	}
	mara, ann, ben := "person:"+s.id("Mara"), "person:"+s.id("Ann"), "person:"+s.id("Ben")

	// Covers F-071.
	t.Run("a layout is the person's own", func(t *testing.T) {
		p := m.ann.within(t)
		for _, l := range []struct{ item, layout string }{
			{"Speaker, others below", "bottom-speaker"}, {"Speaker, others beside", "left-side-speaker"}, {"One row", "strip"}, {"Gallery", "gallery"},
		} {
			p.lays(l.item)
			p.sees(l.layout, "")
			if got := p.stands(); got.Tiles != 3 {
				t.Errorf("%s shows %d tiles", l.layout, got.Tiles)
			}
		}
		if s, err := m.ben.State(); err != nil || s.Stage.Layout != "gallery" {
			t.Errorf("Ben has %q, %v", s.Stage.Layout, err)
		}
	})
	// Covers F-075.
	t.Run("a pin enlarges one for oneself, asks for a fine picture, and a key restores", func(t *testing.T) {
		p := m.ben.within(t)
		p.press("Pin Ann")
		p.sees("gallery", ann)
		if got := p.stands(); got.Largest != ann {
			t.Errorf("large is %s", got.Largest)
		}
		p.until("decodes Ann", func(s State) bool { return s.Decoding(5) > 0 })
		if s, err := m.mod.State(); err != nil || s.Stage.Pinned != "" {
			t.Errorf("the moderator has %q pinned, %v", s.Stage.Pinned, err)
		}
		p.key("P")
		p.sees("gallery", "")
	})
	t.Run("a spotlight is everybody's, and an own pin goes before it", func(t *testing.T) {
		m.mod.within(t).press("Spotlight Ben for everyone")
		for _, p := range []*Page{m.mod, m.ann, m.ben} {
			p.within(t).sees("gallery", ben)
		}
		m.ann.within(t).press("Pin Mara")
		m.ann.within(t).sees("gallery", mara)
		m.mod.within(t).press("End the spotlight on Ben")
		m.ben.within(t).sees("gallery", "")
		m.ann.within(t).press("Unpin Mara")
	})
	// Covers F-095.
	t.Run("a moderator presents and all see it at once", func(t *testing.T) {
		m.mod.within(t).lays("Present my view to everyone")
		m.ben.within(t).says("Mara is presenting")
		took := m.follow(t, "bottom-speaker", "Speaker, others below")
		t.Logf("a layout is everybody's after %v", took)
		m.mod.within(t).press("Pin Ann")
		for _, p := range []*Page{m.ann, m.ben} {
			p.within(t).sees("bottom-speaker", ann)
			if got := p.within(t).stands(); got.Largest != ann && got.Largest != "self" {
				t.Errorf("%s has %s large", p.Name, got.Largest)
			}
		}
		m.ben.within(t).key("L") // guests change nothing
		if s, err := m.ben.State(); err != nil || s.Stage.Layout != "bottom-speaker" {
			t.Errorf("Ben has %q, %v", s.Stage.Layout, err)
		}
		m.ann.Shot("presented")
	})
	// Covers F-072, F-095.
	t.Run("who comes later sees it from the first moment", func(t *testing.T) {
		late := New(t, "late", Options{Scripts: []string{bare}, Width: 1280, Height: 200})
		attend(late, m.At("iad")+"&strip_layout=true", "Late")
		if s := late.sees("bottom-speaker", ann); !s.Stage.Presented || !s.Stage.Follows {
			t.Errorf("%+v", s.Stage)
		}
		late.lays("Use my own view")
		late.sees("strip", "")
		if got := late.stands(); got.Rows != 1 || got.Tiles != 4 || got.H < 100 {
			t.Errorf("the strip of 200 px: %+v", got)
		}
		late.Shot("strip")
		m.mod.within(t).lays("Speaker, others beside")
		m.ben.within(t).sees("left-side-speaker", ann)
		if s, err := late.State(); err != nil || s.Stage.Layout != "strip" {
			t.Errorf("Late has %q, %v", s.Stage.Layout, err)
		}
		late.lays("Follow the presented view")
		late.sees("left-side-speaker", ann)
	})
	t.Run("the end gives each their own view", func(t *testing.T) {
		m.mod.within(t).press("Stop presenting")
		m.ben.within(t).sees("gallery", "")
		m.ann.within(t).sees("gallery", "")
	})
	// Covers F-074.
	t.Run("small tiles fill the page to its last pixel, who has a camera first", func(t *testing.T) { m.crowd(t) })
	t.Run("the page takes the whole screen and gives it back", func(t *testing.T) {
		p := m.ann.within(t)
		for _, on := range []bool{true, false} {
			p.Click(`.controls button[aria-label^="Layout"]`)
			p.Click(fmt.Sprintf(`[role=menu] [aria-label=%q]`, map[bool]string{true: "Full screen", false: "Leave full screen"}[on]))
			p.until(fmt.Sprintf("full screen %v", on), func(s State) bool { return s.Stage.FullScreen == on })
		}
	})
	// Covers F-142.
	t.Run("every layout is accessible", func(t *testing.T) {
		for _, v := range m.ann.within(t).Axe(t) {
			t.Error(v)
		}
	})
}

// follow is how long the slower of the others takes to show the layout that the
// moderator chooses.
func (m *meeting) follow(t *testing.T, layout, item string) (slowest time.Duration) {
	t.Helper()
	watch := fmt.Sprintf(`new Promise((ok, no) => { const until = Date.now() + 25000; const look = () =>
		meridian.state().stage.layout === %q ? ok(Date.now()) : Date.now() > until ? ok(0) : setTimeout(look, 5); look(); })`, layout)
	pages := []*Page{m.ann, m.ben}
	shown := make([]float64, len(pages))
	var wg sync.WaitGroup
	for i, p := range pages {
		wg.Go(func() { shown[i], _ = Eval[float64](p, watch) })
	}
	m.mod.within(t).shows("the button", `(() => { const b = document.querySelector("button[aria-label^=Layout]"); b?.click(); return !!b; })()`)
	find := fmt.Sprintf(`document.querySelector('[role=menu] [aria-label=%q]')`, item)
	m.mod.within(t).shows("the item", find+" !== null")
	chosen, err := Eval[float64](m.mod, "("+find+".click(), Date.now())")
	if err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for i, p := range pages {
		if shown[i] == 0 {
			t.Fatalf("%s never shows %s", p.Name, layout)
		}
		slowest = max(slowest, time.Duration(shown[i]-chosen)*time.Millisecond)
	}
	return slowest
}

// crowd fills a small page: twelve tiles of 160 × 90 are all that 640 × 360
// holds above the bar. Fifty on a large one are layout.test.ts's.
func (m *meeting) crowd(t *testing.T) {
	p := New(t, "crowded", Options{Width: 640, Height: 360})
	join(p, m.At("fra")+"&minimizeTiles=true&sortPeers=true", "Nina")
	for i := range 8 {
		m.guest(t, fmt.Sprintf("Guest %d", i))
	}
	p.Until(2*startTimeout, "has a tile for each of twelve", func(s State) error {
		if len(s.Tiles) != 12 || s.Stage.More > 0 {
			return fmt.Errorf("%d tiles for %d people", len(s.Tiles), len(s.People))
		}
		return nil
	})
	if got := p.stands(); got.Tiles != 12 || got.W < 159.5 || got.H < 89.5 {
		t.Errorf("%+v", got)
	}
	// Ann has a camera: she stands before all who have none, and goes behind them when it is off.
	p.shows("Ann first", firstIs("Ann"))
	m.ann.within(t).Click(cameraButton)
	p.shows("Ann among the others", "!("+firstIs("Ann")+")")
	m.ann.within(t).Click(cameraButton)
	p.shows("Ann first again", firstIs("Ann"))
	p.Shot("small")
}

// guest lets one in who sends nothing; a busy node may take a second asking.
func (m *meeting) guest(t *testing.T, name string) {
	cluster.Wait(t, 2*startTimeout, name+" is in", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), startTimeout/4)
		defer cancel()
		c, err := client.Dial(ctx, m.Client("fra", name))
		if err == nil {
			t.Cleanup(c.Close)
		}
		return err
	})
}

// firstIs says that no other person stands before one in rows.
func firstIs(name string) string {
	return fmt.Sprintf(`(() => { const id = meridian.state().people.find(p => p.name === %q)?.peerId;
		const cameras = meridian.state().people.filter(p => p.media.camera && p.peerId !== meridian.state().peerId).length;
		const at = el => { const r = el.getBoundingClientRect(); return Math.round(r.y) * 10000 + r.x; };
		const all = [...document.querySelectorAll("[data-tile^='person:']")].sort((a, b) => at(a) - at(b));
		const i = all.findIndex(el => el.dataset.tile === "person:" + id);
		return i >= 0 && i < cameras; })()`, name)
}
