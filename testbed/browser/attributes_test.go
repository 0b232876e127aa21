package browser

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

const brightlyLogo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20"><rect width="60" height="20" fill="#b3125a"/></svg>`

// branded is a network with a room that has looks and hidden controls, and one
// that nobody enters without a token.
func branded(t *testing.T) (c *cluster.Cluster, base, token string) {
	c = cluster.Start(t, "fra")
	rooms := "/companies/" + c.Company + "/rooms"
	c.Call("POST", rooms, map[string]any{
		"public_id": "board", "name": "Board meeting", "open": true, "access_code": "4711888",
		"settings": map[string]any{
			"hidden_controls": []string{"chat", "share"},
			"branding": map[string]any{
				"name": "Brightly", "colour": "#b3125a", "background": "#fbeff4", "link": "https://brightly.example/",
				"logo": "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(brightlyLogo)),
			},
		},
	}, nil)
	c.Call("POST", rooms, map[string]any{"public_id": "closed"}, nil)
	var link struct{ Token string }
	c.Call("POST", rooms+"/board/tokens", map[string]any{"name": "Dr. Ann Keller"}, &link)
	c.WaitKnown()
	return c, c.Edges["fra"].URL, link.Token
}

// shown is all that the page says to eyes, ears and pointers.
const shown = `[document.title, document.body.innerText, ...[...document.querySelectorAll("*")].flatMap(e =>
	["aria-label", "title", "alt", "placeholder"].map(a => e.getAttribute(a) ?? ""))].join("\n")`

// foresees waits until the page shows what the server said before the join. A page
// that a busy machine kept waiting for too long has gone on without, and is asked
// for again.
func (p *Page) foresees(js string) {
	p.t.Helper()
	p.shows("what the server said", fmt.Sprintf(`(ok => (ok || performance.now() > 5000 && location.reload(), ok))(%s)`, js))
}

// accessible checks a page in both schemes.
func accessible(t *testing.T, p *Page) {
	t.Helper()
	for _, dark := range []bool{false, true} {
		p.Scheme(dark)
		for _, v := range p.Axe(t) {
			t.Errorf("%s, dark %v: %v", p.Name, dark, v)
		}
	}
}

// TestAttributes is what tokens, links and settings make of the page of each
// person in a room.
func TestAttributes(t *testing.T) {
	t.Parallel()
	_, base, token := branded(t)
	ann := New(t, "ann", Options{Scripts: []string{bare}})
	bea := New(t, "bea", Options{Tone: 440, Width: 640, Height: 480})

	// Covers F-057.
	t.Run("a signed name stands before the room, whatever the link says", func(t *testing.T) {
		ann := ann.within(t)
		ann.Open(base + "/m/board?displayName=Forged&token=" + token)
		ann.foresees(`document.body.innerText.includes("You join as Dr. Ann Keller")`)
		ann.Shot("branded")
		accessible(t, ann)
		ann.Click("button[type=submit]")
		ann.isIn()
		ann.until("is who the token says", func(s State) bool { return len(s.People) == 1 && s.People[0].Name == "Dr. Ann Keller" })
	})
	// Covers F-132.
	t.Run("the page wears the company's looks, and no other name", func(t *testing.T) {
		ann := ann.within(t)
		ann.shows("the logo", `document.querySelector(".logo a[rel~=noopener][target=_blank] img").naturalWidth > 0`)
		ann.shows("the colour", `getComputedStyle(document.documentElement).getPropertyValue("--accent").trim() === "#b3125a"`)
		ann.shows("the background", `getComputedStyle(document.body).backgroundColor === "rgb(251, 239, 244)"`)
		ann.shows("its title", `document.title === "Board meeting · Brightly"`)
		if text, err := Eval[string](ann, shown); err != nil || strings.Contains(strings.ToLower(text), "meridian") {
			t.Errorf("another name is shown: %v in %s", err, text)
		}
	})
	// Covers F-129.
	t.Run("what is configured away is not there, nor its key", func(t *testing.T) {
		ann := ann.within(t)
		ann.shows("the rest", `!!document.querySelector('.controls [aria-label^="People"]')`)
		for _, label := range []string{"Chat", "Share screen"} {
			ann.shows("no "+label, fmt.Sprintf(`!document.querySelector('[aria-label^=%q]')`, label))
		}
		ann.shows("nothing by the key c", `(document.body.dispatchEvent(new KeyboardEvent("keydown", {code: "KeyC", bubbles: true})), !document.querySelector(".panel"))`)
	})
	// Covers F-085.
	t.Run("the room's name opens what may be passed on", func(t *testing.T) {
		ann := ann.within(t)
		ann.Click("button.room")
		ann.says("471 1888")
		ann.says(base + "/m/board")
		if text, err := Eval[string](ann, `document.querySelector(".info").innerText`); err != nil || strings.Contains(text, "Forged") || strings.Contains(text, "token") {
			t.Errorf("the link for others is in %s, %v", text, err)
		}
		ann.Shot("information")
		accessible(t, ann)
	})
	// Covers F-044, F-057, F-066, F-136.
	t.Run("who starts muted is off here and there, and may switch it on", func(t *testing.T) {
		ann, bea := ann.within(t), bea.within(t)
		bea.Open(base + "/m/board?name=Bea&skip_join=true&mute=mic,+camera&leaveUrl=/bye%3Froom")
		bea.isIn()
		ann.until("sees Bea without media", func(s State) bool {
			return len(s.People) == 2 && !s.named("Bea").Mic && !s.cameraOf("Bea")
		})
		bea.Click(`.controls [aria-label="Unmute"]`)
		ann.until("sees Bea with a voice", func(s State) bool { return s.named("Bea").Mic })
	})
	// Covers F-062.
	t.Run("who leaves goes where the link says, within the company", func(t *testing.T) {
		bea := bea.within(t)
		bea.Click(`.controls [aria-label="Leave"]`)
		bea.shows("the page after the call", `location.pathname + location.search === "/bye?room"`)
	})
	t.Run("a page can be without any controls", func(t *testing.T) {
		bea := bea.within(t)
		bea.Open(base + "/m/board?name=Bea&skip_join=true&controlsDisabled=true&leaveUrl=https://evil.example/")
		bea.isIn()
		bea.shows("tiles alone", `!document.querySelector(".controls") && !!document.querySelector(".tile")`)
	})
	// Covers F-061.
	t.Run("who will not be let in reads why at once, in their language", func(t *testing.T) {
		late := New(t, "late", Options{Scripts: []string{bare}, Width: 480, Height: 360})
		late.Open(base + "/m/closed?lang=ru")
		late.foresees(`window.meridian.state().code === "token_missing"`)
		late.says("Нужна личная ссылка")
		took, err := Eval[[]float64](late, `performance.getEntriesByType("resource").filter(e => e.name.endsWith("/api/v1/entry")).map(e => [e.startTime, e.duration]).flat()`)
		if err != nil || len(took) != 2 {
			t.Errorf("asked %v, %v", took, err)
		} else {
			t.Logf("looked ahead %.0f ms after the page was asked for, answered in %.0f ms", took[0], took[1])
		}
		late.shows("Russian", `document.documentElement.lang === "ru"`)
		late.Shot("refused")
		accessible(t, late)
	})
}
