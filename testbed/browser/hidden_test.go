package browser

import "testing"

// counting has a document count how often it asks for the whole screen.
const counting = `(() => { const ask = Element.prototype.requestFullscreen; window.asked = 0;
	Element.prototype.requestFullscreen = function (...a) { window.asked++; return ask.apply(this, a); }; return true })()`

// TestWhatAFrameGoesWithout: controls that the address takes away and the page
// around brings back, a chat that one person does not have, and a screen that the
// frame may not fill.
func TestWhatAFrameGoesWithout(t *testing.T) {
	t.Parallel()
	s := newSites(t, "fra")
	const embedded = `<div id=m style="width:800px;height:500px"></div>HEARING<script>
	window.meeting = MeridianEmbed.createMeeting(m, {url: "MEET/m/shop?QUERY", displayName: "Ada"}); hear(meeting);</script>`
	s.serve("/bare", replace(embedded, "QUERY", "controlsDisabled=true"), nil)
	s.serve("/quiet", replace(embedded, "QUERY", "disableChat=true"), nil)
	s.serve("/misspelt", replace(embedded, "QUERY", "disbleChat=true"), nil)
	const written = `<iframe allow="ALLOW" style="width:800px;height:500px" src="MEET/m/shop?displayName=Ada&skip_join=true&startWithFS=true"></iframe>`
	s.serve("/fixed", replace(written, "ALLOW", "camera; microphone"), nil)
	s.serve("/whole", replace(written, "ALLOW", "camera; microphone; fullscreen"), nil)
	page, ann := New(t, "partner", Options{Sites: s.pin}), New(t, "ann", Options{Sites: s.pin, Scripts: []string{bare}, Width: 640, Height: 480})
	// enter opens a page of the partner and gives its frame, which is in the call.
	enter := func(t *testing.T, path string) (outer, in *Page) {
		outer = page.within(t)
		outer.Open("about:blank") // or the frame of the page before may be found
		outer.Open(s.partner + path)
		in = outer.inside().within(t)
		if path != "/fixed" && path != "/whole" {
			outer.answers("joins", `meeting.join().then(s => s.phase, e => e.code)`, `"live"`)
		}
		in.isIn()
		return outer, in
	}

	// Covers F-130.
	t.Run("no controls, until the page around brings them back", func(t *testing.T) {
		outer, in := enter(t, "/bare")
		const none = `document.querySelector(".tile") !== null && !document.querySelector(".controls")`
		in.shows("tiles alone", none)
		in.key("C")
		in.answers("no key works", `document.querySelector(".panel")`, `null`)
		outer.answers("methods do", `meeting.setMicrophone(false).then(m => m.mic, e => e.code)`, `false`)
		outer.answers("are brought back", `meeting.setControlsVisible(true).then(() => "", e => e.code)`, `""`)
		in.shows("controls", `document.querySelectorAll(".controls button").length > 5`)
		in.key("C")
		in.shows("that keys work", `document.querySelector(".panel") !== null`)
		outer.answers("are taken away", `meeting.setControlsVisible(false).then(() => "", e => e.code)`, `""`)
		in.shows("tiles alone again", none)
	})
	// Covers F-131.
	t.Run("who has no chat is not bothered with others'", func(t *testing.T) {
		ann := ann.within(t)
		attend(ann, s.meet+"/m/shop", "Ann")
		for path, text := range map[string]string{"/quiet": "good morning", "/misspelt": "good evening"} {
			outer, in := enter(t, path)
			say(ann, text)
			outer.told("chatmessage:" + text) // so it has arrived
			in.answers("shows no chat", `document.querySelectorAll('[aria-label^="Chat"], .badge, .panel, textarea').length`, `0`)
			in.answers("says nothing of it", `/good (morning|evening)/.test(document.body.innerHTML)`, `false`)
			in.key("C")
			in.answers("has no key for it", `document.querySelector(".panel")`, `null`)
		}
		ann.shows("her own chat", `document.querySelector('[aria-label^="Chat"]') !== null`)
	})
	// Covers F-076.
	t.Run("a page takes the whole screen at the first click, and not before", func(t *testing.T) {
		ann := ann.within(t)
		ann.Open(s.meet + "/m/shop?displayName=Ann&skip_join=true&startWithFS=true")
		ann.isIn()
		if ann.state().Stage.FullScreen {
			t.Error("the whole screen is taken before any click")
		}
		ann.Click(`.controls [aria-label^="People"]`)
		ann.until("takes the whole screen", func(s State) bool { return s.Stage.FullScreen })
	})
	// Covers F-076.
	t.Run("a frame takes the screen where it may, and else does not ask", func(t *testing.T) {
		for _, path := range []string{"/fixed", "/whole"} {
			may := path == "/whole"
			_, in := enter(t, path)
			in.answers("counts", counting, `true`)
			in.tap(`.controls [aria-label^="People"]`)
			in.shows("the panel", `document.querySelector(".panel") !== null`)
			if may {
				in.until("takes the whole screen", func(s State) bool { return s.Stage.FullScreen })
				continue
			}
			in.key("F")
			in.answers("never asked", `window.asked`, `0`)
			in.tap(`.controls button[aria-label^="Layout"]`)
			in.shows("a menu", `document.querySelector("[role=menu]") !== null`)
			in.answers("offers none", `[...document.querySelectorAll("[role=menu] *")].filter(e => /full screen/i.test(e.ariaLabel ?? e.innerText ?? "")).length`, `0`)
		}
	})
}
