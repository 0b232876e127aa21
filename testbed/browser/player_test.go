package browser

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// cinema is a site with players, under a name and port of its own, and what they
// tell it.
type cinema struct {
	at, pin string // base URL; for Options.Sites

	mu   sync.Mutex
	told []string
}

func newCinema(t *testing.T) *cinema {
	cert, pin := siteCertificate(t)
	c := &cinema{pin: pin}
	c.at = "https://" + partnerSite + site(t, cert, c)
	return c
}

// cinemaPlayer is a player with one control: it keeps count of its own plays, and tries
// to leave its frame.
const cinemaPlayer = `<!doctype html><html lang="en"><title>Film</title>
<style>html, body, button { width: 100%; height: 100%; margin: 0; border: 0; background: #1d3f55; color: #fff; font: 24px system-ui }</style>
<body><button>Play</button><script>
const tell = what => fetch("/told", {method: "POST", body: location.pathname + " " + what});
tell("shown, referrer " + (document.referrer || "none") + ", full screen " + document.fullscreenEnabled + ", origin " + (self.origin === location.origin));
document.querySelector("button").onclick = () => {
	localStorage.plays = 1 + Number(localStorage.plays ?? 0);
	let out = "kept in";
	try { top.document.title = "taken"; out = "out"; } catch {}
	try { top.location.href = "/away"; out = "away"; } catch {}
	tell("played " + localStorage.plays + ", " + out);
};
</script>`

func (c *cinema) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, cinemaPlayer)
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<10))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, string(body))
}

// hears waits until players have told something so many times.
func (c *cinema) hears(t *testing.T, what string, times int) {
	t.Helper()
	cluster.Wait(t, startTimeout, what, func() error { return c.said(what, times) })
}

// said says how often something was told, where that is too seldom.
func (c *cinema) said(what string, times int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, told := range c.told {
		if told == what {
			n++
		}
	}
	if n < times {
		return fmt.Errorf("%d times in %q", n, c.told)
	}
	return nil
}

// watchesPlayer waits until the page shows a player, large but in a strip, in a frame
// that keeps it in; empty: until it shows none.
func (p *Page) watchesPlayer(address string) {
	p.t.Helper()
	p.until("watches "+address, func(s State) bool {
		return s.Player == address && s.tiled("player") == (address != "") && (address == "" || s.Stage.Large == "player" || s.Stage.Layout == "strip")
	})
	p.answers("the frame", `(f => f ? [f.src, f.sandbox.value, f.referrerPolicy, f.title] : [])(document.querySelector("[data-tile=player] iframe"))`, frameOf(address))
}

// frameOf are the attributes of a player's frame, as JSON.
func frameOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return "[]"
	}
	return fmt.Sprintf(`[%q,"allow-scripts allow-same-origin allow-presentation","no-referrer",%q]`, address, "Player from "+u.Host)
}

// guest is somebody without a page, with attributes in the address.
func (r *Room) guest(t *testing.T, pop, name, video string) *client.Client {
	t.Helper()
	o := r.Client(pop, name)
	o.Attributes = map[string]string{"video": video}
	return enters(t, o)
}

func enters(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	c, err := client.Dial(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// knows waits until a client has a player.
func knows(t *testing.T, c *client.Client, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if err := c.Until(ctx, "knows the player", func(s client.State) bool { return s.Rules.Player == address }); err != nil {
		t.Errorf("%v: knows %q, want %q", err, c.State().Rules.Player, address)
	}
}

// TestWatchingTogether: a partner's link brings a player, which is everybody's, in a
// frame that it works in and does not get out of, until a moderator decides.
func TestWatchingTogether(t *testing.T) {
	t.Parallel()
	films := newCinema(t)
	one, two, three := films.at+"/one?id=48", films.at+"/two", films.at+"/three"
	room := NewRoom(cluster.Start(t, "fra", "iad"), "serv0film", nil)
	partner := func(pop, query string) string {
		return room.c.Edges[pop].URL + "/call/?roomId=serv0film&nameScreenDisabled=true&pop=" + pop + "&" + query
	}
	ann := New(t, "ann", Options{Sites: films.pin, Scripts: []string{bare}})
	ann.Open(partner("fra", "displayName=Ann&video="+url.QueryEscape(one)))
	ann.isIn()
	ann.watchesPlayer(one)
	ben := room.guest(t, "iad", "Ben", two)
	mod := room.Client("fra", "")
	mod.Token = room.Moderator("Mod")
	chair := enters(t, mod)

	// Covers GC-A48.
	t.Run("who comes without a player has it, at another node and late", func(t *testing.T) {
		if late := room.guest(t, "iad", "Late", ""); late.Joined.Rules.Player != one {
			t.Errorf("joined with %q", late.Joined.Rules.Player)
		}
		mara := New(t, "mara", Options{Sites: films.pin, Scripts: []string{bare}, Width: 900, Height: 600})
		mara.Open(room.In("iad", room.Moderator("Mara")))
		mara.isIn()
		mara.watchesPlayer(one)
		films.hears(t, "/one shown, referrer none, full screen true, origin true", 2)

		t.Run("a moderator sets another in the settings, and removes it", func(t *testing.T) { mara.within(t).setsPlayers(ann.within(t), one, three) })
	})
	// Covers GC-A49.
	t.Run("the first of two stays, and only a moderator changes it", func(t *testing.T) {
		if got := ben.Joined.Rules.Player; got != one {
			t.Errorf("Ben, who brought another, joined with %q", got)
		}
		if err := ben.Act(t.Context(), "forged", "player", "", two); err == nil || !strings.Contains(err.Error(), "not_allowed") {
			t.Errorf("a forged change: %v", err)
		}
		if got := room.guest(t, "fra", "Eve", two).Joined.Rules.Player; got != "" {
			t.Errorf("after it was removed somebody brought %q", got)
		}
		if err := chair.Act(t.Context(), "two", "player", "", two); err != nil {
			t.Fatal(err)
		}
		knows(t, ben, two)
		ann.within(t).watchesPlayer(two)
	})
	// Covers GC-A48.
	t.Run("its own controls work, and it does not leave its frame", func(t *testing.T) {
		films.hears(t, "/two shown, referrer none, full screen true, origin true", 1)
		for n := 1; n <= 2; n++ {
			// A frame of another process may miss a click while it comes to its place.
			cluster.Wait(t, startTimeout, fmt.Sprintf("play %d", n), func() error {
				ann.within(t).pointAt("[data-tile=player] iframe")
				return films.said(fmt.Sprintf("/two played %d, kept in", n), 1)
			})
		}
		if s, err := ann.State(); err != nil || s.Phase != "live" {
			t.Errorf("%q, %v", s.Phase, err)
		}
	})
	// Covers GC-A48.
	t.Run("what is no player is refused in an act and nothing in an address", func(t *testing.T) {
		bad := []string{"javascript:alert(1)", "data:text/html,hello", "http" + strings.TrimPrefix(one, "https"), strings.Replace(one, "//", "//ann:secret@", 1)}
		for i, address := range bad {
			if err := chair.Act(t.Context(), fmt.Sprint("bad", i), "player", "", address); err == nil || !strings.Contains(err.Error(), "bad_message: value: ") {
				t.Errorf("%s: %v", address, err)
			}
		}
		knows(t, ben, two)
		empty := NewRoom(room.c, "serv0dark", nil)
		for i, address := range bad {
			if got := empty.guest(t, "fra", fmt.Sprint("Gus", i), address).Joined.Rules.Player; got != "" {
				t.Errorf("%s was brought as %q", address, got)
			}
		}
	})
	t.Run("where only what is signed counts a link brings none", func(t *testing.T) {
		signed := NewRoom(room.c, "serv0sign", object{"settings": object{"video_signed_only": true}})
		if got := signed.guest(t, "fra", "Gus", one).Joined.Rules.Player; got != "" {
			t.Errorf("a link brought %q", got)
		}
	})
	t.Run("it stands in every layout, with everybody beside it", func(t *testing.T) {
		p := ann.within(t)
		for _, layout := range []string{"Speaker, others below", "Speaker, others beside", "One row", "Gallery"} {
			p.lays(layout)
			p.watchesPlayer(two)
			if got := p.stands(); layout != "One row" && got.Largest != "player" {
				t.Errorf("%s: the largest tile is %s", layout, got.Largest)
			}
			p.Shot(layout)
		}
		films.mu.Lock()
		defer films.mu.Unlock()
		if n := len(slices.DeleteFunc(slices.Clone(films.told), func(s string) bool { return !strings.HasPrefix(s, "/two shown") })); n > 2 {
			t.Errorf("the player was loaded %d times at two pages", n)
		}
	})
}

// setsPlayers has a moderator refuse one, set one and remove it, as another sees.
func (p *Page) setsPlayers(other *Page, now, next string) {
	p.t.Helper()
	p.Click(`[aria-label^="People"]`)
	p.press("Manage")
	p.press("Meeting settings…")
	fill := func(text string) {
		p.shows("the field", fmt.Sprintf(`(f => { if (!f) return false; f.value = %q; return f.dispatchEvent(new Event("input", {bubbles: true})); })(document.querySelector(".address input"))`, text))
		p.press("Show to everyone")
	}
	fill("http://play.example/")
	p.shows("what is wrong", `document.querySelector(".address input").ariaInvalid === "true" && document.querySelector(".address [role=alert]") !== null`)
	other.watchesPlayer(now)
	fill(next)
	p.watchesPlayer(next)
	other.watchesPlayer(next)
	for _, v := range p.Axe(p.t) {
		p.t.Error(v)
	}
	p.Shot("settings")
	p.press("Remove")
	p.watchesPlayer("")
	other.watchesPlayer("")
}

// pointAt clicks into the middle of what a selector finds, whosever page that is.
func (p *Page) pointAt(selector string) {
	p.t.Helper()
	at, err := Eval[struct{ X, Y float64 }](p, `(b => ({X: b.x + b.width / 2, Y: b.y + b.height / 2}))(document.querySelector("`+selector+`").getBoundingClientRect())`)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.call("Input.dispatchMouseEvent", object{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1})
	}
}
