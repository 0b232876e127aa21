package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestEmbedUnderStrictMode is a partner's page in React: every component mounts
// twice, and there is still one frame and one person in the meeting.
func TestEmbedUnderStrictMode(t *testing.T) {
	t.Parallel()
	s := newSites(t, "fra")
	s.serve("/", `<div id=shop></div><script>window.rooms = ["MEET/m/shop", "MEET/m/other"]</script><script src="/strict.js"></script>`, nil)
	s.script("/strict.js", strictPage(t))
	page := New(t, "react", Options{Sites: s.pin})
	page.Open(s.partner + "/")
	page.shows("its room", `window.mounts > 0`)
	page.answers("mounts twice", `mounts`, `2`)
	page.answers("has one frame", `document.querySelectorAll("iframe").length`, `1`)
	page.answers("joins", `meeting.join("Ada").then(s => s.phase + s.participants.length, e => e.code)`, `"live1"`)
	page.answers("is told once", `told`, `["joined"]`)

	page.answers("goes to another room", `(window.before = meeting, setRoom(rooms[1]), 1)`, `1`)
	page.shows("the other room, in one frame", `meeting !== before && document.querySelectorAll("iframe").length === 1`)
	page.answers("and the old meeting is gone", `before.state().then(() => "there", e => e.code)`, `"destroyed"`)
	page.answers("joins the other", `meeting.join("Ada").then(s => s.room + s.participants.length, e => e.code)`, `"other1"`)
	page.Shot("room")
	page.answers("closes", `(setRoom(null), 1)`, `1`)
	page.shows("no frame any more", `document.querySelectorAll("iframe").length === 0 && document.querySelector("#closed") !== null`)
}

// strictPage builds the page; its packages are those of the meeting page.
func strictPage(t *testing.T) string {
	t.Helper()
	const web = "../../edge/web"
	cmd := exec.Command("node", "build.mjs", "--strict")
	cmd.Dir = web
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the page with React (npm ci in edge/web brings it): %v\n%s", err, out)
	}
	script, err := os.ReadFile(filepath.Join(web, ".out/strict/strict.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}
