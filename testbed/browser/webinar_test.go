package browser

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestWebinarsPage is a webinar by what its moderator and one of its viewers see,
// with a dozen more viewers without a page: nobody is asked for a device before
// they want one, viewers are a number, and the moderator finds one of them and has
// them speak.
// Covers F-101, F-104.
func TestWebinarsPage(t *testing.T) {
	t.Parallel()
	room := NewRoom(cluster.Start(t, "fra", "iad"), "hall", object{"kind": "webinar"})

	mod := New(t, "mod", Options{Tone: 440, Scripts: []string{prompts}})
	mod.Open(room.In("fra", room.Moderator("Mara")))
	mod.isIn()
	prompted(mod, 0)
	mod.reloads()
	mod.press("Unmute")
	mod.press("Start camera")
	mod.until("sends its camera", func(s State) bool { return s.cameraOf("Mara") })

	const dozen = 12
	crowd(t, room, dozen)
	vic := New(t, "vic", Options{Scripts: []string{prompts}, Width: 800, Height: 500})
	vic.Open(room.At("iad"))
	vic.says("You join with your camera and microphone off.")
	vic.Type("#name", "Vic\r")
	vic.isIn()
	vic.until("sees the moderator alone on the stage", func(s State) bool {
		return s.Kind == "webinar" && s.Viewers == dozen+1 && s.Decoding(10) == 1 && len(s.Tiles) == 1 && len(s.People) == 2
	})
	vic.Hears(startTimeout, 440)
	vic.Click(`[aria-label^="People"]`)
	vic.says("13 viewers")
	if rows, err := Eval[int](vic, `document.querySelectorAll(".viewers li").length`); err != nil || rows > 0 {
		t.Errorf("a viewer has a list of %d viewers, %v", rows, err)
	}
	prompted(vic, 0)
	vic.Shot("viewer")
	vic.reloads()

	mod.Click(`[aria-label^="People"]`)
	mod.shows("all viewers", `document.querySelectorAll(".viewers li").length === 13`)
	mod.Shot("viewers")
	mod.Type(".viewers input", "vi")
	mod.shows("who was searched for", `document.querySelectorAll(".viewers li").length === 1`)
	mod.press("Actions for Vic")
	mod.press("Make speaker")
	vic.until("may speak", func(s State) bool { return s.named("Vic").Mode == "speaker" && s.Viewers == dozen })
	prompted(vic, 0) // still nobody asked
	vic.press("Start camera")
	mod.until("sees the new speaker", func(s State) bool { return s.Viewers == dozen && s.Decoding(10) == 1 })
	prompted(vic, 1)
}

// reloads loads the page of somebody who has nothing on, and whom it asks for
// nothing by that.
func (p *Page) reloads() {
	p.t.Helper()
	before := p.state()
	if _, err := Eval[bool](p, `(window.leaving = true, location.reload(), true)`); err != nil {
		p.t.Fatal(err)
	}
	p.shows("the new page", `window.leaving === undefined && window.meridian !== undefined`)
	after := p.until("is back", func(s State) bool { return s.Phase == "live" })
	for _, is := range after.People {
		if is.PeerID == before.PeerID && (is.Media.Mic || is.Media.Camera) {
			p.t.Errorf("%s came back with %+v", p.Name, is.Media)
		}
	}
	if after.PeerID != before.PeerID {
		p.t.Errorf("%s came back as %s, was %s", p.Name, after.PeerID, before.PeerID)
	}
	prompted(p, 0)
}

// prompted checks how often a page has asked the browser for devices.
func prompted(p *Page, want int) {
	p.t.Helper()
	if n, err := Eval[int](p, "window.prompts"); err != nil || n != want {
		p.t.Errorf("%s asked for devices %d times, want %d (%v)", p.Name, n, want, err)
	}
}

// crowd has so many viewers watch who are no browsers.
func crowd(t *testing.T, room *Room, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			pop := []string{"fra", "iad"}[i%2]
			o := room.Client(pop, fmt.Sprintf("Guest %02d", i))
			o.Kind = "webinar"
			v, err := client.Join(ctx, o)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(v.Close)
		})
	}
	wg.Wait()
}
