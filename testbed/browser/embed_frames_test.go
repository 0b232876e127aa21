package browser

import (
	"strings"
	"testing"
)

func replace(s, old, new string) string { return strings.Replace(s, old, new, 1) }

// wantsClick has a document share a screen only upon a click in itself, as
// Screen Capture (section 5.1) has it; simulated consent lets this browser do without.
const wantsClick = `(() => { const d = navigator.mediaDevices, get = d.getDisplayMedia.bind(d);
	d.getDisplayMedia = o => navigator.userActivation.isActive ? get(o) : Promise.reject(new DOMException("", "InvalidStateError"));
	return true })()`

// reachable holds where every main control is wholly in the frame and on top, by
// itself or behind More, large enough, and nothing has to be scrolled to.
const reachable = `(() => {
	const there = label => [...document.querySelectorAll(".controls button")].some(b => {
		const r = b.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
		return b.ariaLabel.startsWith(label) && r.width > 20 && r.height > 20 && r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight && b.contains(document.elementFromPoint(x, y)) });
	const more = there("More");
	return ["Mute", "Stop camera", "Share screen", "Chat", "People", "Leave"].every(there) && ["Raise hand", "Settings", "Connection"].every(l => there(l) || more) &&
		document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight })()`

// TestFramesAsPartnersWriteThem: what a frame lacks is hidden or explained in
// it, named by diagnose, and the rest works.
func TestFramesAsPartnersWriteThem(t *testing.T) {
	t.Parallel()
	s := newSites(t, "fra")
	const page = `<button id=go onclick="meeting.share().catch(e => { window.why = e.code })">Share</button>
	<div id=m style="width:800px;height:500px"></div>HEARING<script>
	window.meeting = MeridianEmbed.createMeeting(m, {url: "MEET/m/shop", displayName: "Ada"}); hear(meeting);
	const codes = () => meeting.diagnose().then(r => r.findings.map(f => f.code).sort());
	</script>`
	s.serve("/", page, nil)
	s.serve("/withheld", page, map[string]string{"Permissions-Policy": "camera=(), display-capture=()"})
	s.serve("/bare", `<script>Object.defineProperty(HTMLIFrameElement.prototype, "allow", {get: () => "", set() {}})</script>`+page, nil)
	s.serve("/sandbox", replace(page, "hear(meeting);", `hear(meeting); meeting.frame.sandbox = "allow-scripts allow-same-origin"; meeting.frame.src = meeting.frame.src.replace("displayName", "x");`), nil)
	s.serve("/closed", replace(page, "hear(meeting);", `hear(meeting); meeting.frame.sandbox = "allow-scripts"; meeting.frame.src = meeting.frame.src;`), nil)

	open := func(t *testing.T, path string, o Options) *Page {
		o.Sites = s.pin
		p := New(t, "partner"+strings.ReplaceAll(path, "/", "-"), o)
		p.Open(s.partner + path)
		return p
	}
	// Covers F-068, F-128.
	t.Run("a policy around takes away camera and screen", func(t *testing.T) {
		p := open(t, "/withheld", Options{})
		p.answers("joins", `meeting.join().then(s => s.phase, e => e.code)`, `"live"`)
		p.answers("names what lacks", `codes()`, `["frame_lacks_camera","frame_lacks_display_capture"]`)
		p.answers("still speaks", `meeting.setMicrophone(true).then(m => m.mic, e => e.code)`, `true`)
		p.answers("says why there is no camera", `meeting.setCamera(true).then(() => "", e => e.code)`, `"camera_frame"`)
		p.answers("and no screen", `meeting.share().then(() => "", e => e.code)`, `"share_unavailable"`)
		in := p.inside().within(t)
		in.shows("no share button", `!document.querySelector('[aria-label="Share screen"]')`)
		in.says("does not let it use the camera")
		p.Shot("withheld")
	})
	// Covers F-128.
	t.Run("a frame without allow explains itself and takes part", func(t *testing.T) {
		p := open(t, "/bare", Options{})
		in := p.inside().within(t)
		in.says("does not let it use camera and microphone")
		p.Shot("bare")
		p.answers("joins", `meeting.join().then(s => s.phase, e => e.code)`, `"live"`)
		p.answers("names what lacks", `codes()`, `["frame_lacks_autoplay","frame_lacks_camera","frame_lacks_display_capture","frame_lacks_microphone"]`)
		p.answers("writes all the same", `meeting.sendMessage("hi").then(() => "sent", e => e.code)`, `"sent"`)
	})
	// Covers F-128.
	t.Run("a sandbox with scripts and its origin works by hand", func(t *testing.T) {
		p := open(t, "/sandbox", Options{})
		in := p.inside().within(t)
		in.shows("a name field", `(() => { const f = document.querySelector("#name"); if (!f) return false; f.value = "Bea"; f.dispatchEvent(new Event("input", {bubbles: true})); return true })()`)
		in.tap("button[type=submit]")
		in.isIn()
		p.answers("commands too", `meeting.setMicrophone(false).then(m => m.mic, e => e.code)`, `false`)
		in.press("Chat")
		in.shows("a composer", `(() => { const f = document.querySelector("textarea"); if (!f) return false; f.value = "hello"; f.dispatchEvent(new Event("input", {bubbles: true})); return true })()`)
		in.shows("a way to send", `!document.querySelector(".send").disabled`)
		in.tap(".send")
		p.told("chatmessage:hello")
		p.answers("nothing hinders", `meeting.diagnose().then(r => r.ok)`, `true`)
	})
	t.Run("a sandbox without its origin is named", func(t *testing.T) {
		p := open(t, "/closed", Options{})
		p.answers("says so", `meeting.diagnose().then(r => [r.ok, r.findings.some(f => f.code === "frame_sandboxed" && f.hinders)])`, `[false,true]`)
	})
	// Covers F-068.
	t.Run("a share without a click is offered in the frame", func(t *testing.T) {
		p := open(t, "/", Options{})
		p.answers("joins", `meeting.join().then(s => s.phase, e => e.code)`, `"live"`)
		in := p.inside().within(t)
		in.answers("wants a click as some browsers do", wantsClick, `true`)
		p.answers("is denied in words", `meeting.share().then(() => "", e => e.code + (e.message.length > 20))`, `"share_deniedtrue"`)
		in.says("asks you to share your screen")
		p.Shot("offer")
		in.tap(".pill.ask .primary")
		p.told("mediachanged")
		p.shows("the share", `meeting.state().then(s => s.media.share)`)
		p.answers("stops", `meeting.share(false).then(m => m.share, e => e.code)`, `false`)
		in.answers("the offer is gone", `document.querySelector(".pill.ask")`, `null`)

		// A click around the frame is none in it, but this browser hands its effect on.
		p.Click("#go")
		p.shows("what became of it", `window.why !== undefined || meeting.state().then(s => s.media.share)`)
		why, _ := Eval[string](p, `String(window.why)`)
		t.Logf("a click around the frame: %s", why)
	})
	// Covers F-141.
	t.Run("small frames", func(t *testing.T) {
		p := open(t, "/", Options{})
		p.answers("joins", `meeting.join().then(s => s.phase, e => e.code)`, `"live"`)
		in := p.inside().within(t)
		for _, size := range []string{"500px;height:500px", "800px;height:200px", "400px;height:200px"} {
			p.answers("is resized", `(m.style.cssText = "width:`+size+`", 1)`, `1`)
			in.shows("all that is needed within "+size, reachable)
			p.Shot(strings.NewReplacer("px", "", ";height:", "x").Replace(size))
		}
	})
}
