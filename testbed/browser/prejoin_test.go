package browser

import (
	"fmt"
	"slices"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestBeforeTheCall: the page before the call shows the camera that was chosen on
// it, and others know and get nothing of who is there until the click on Join.
// Covers F-043.
func TestBeforeTheCall(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, "fra")
	url := c.Edges["fra"].URL + "/m/before"
	ben := New(t, "ben", Options{Scripts: []string{bare, wire}, Width: 640, Height: 360})
	attend(ben, url, "Ben")
	ann := New(t, "ann", Options{Tone: 440, Cameras: 3, Scripts: []string{wire}})
	ann.Open(url)

	const shown = `document.querySelector("video.shown")?.srcObject.getVideoTracks()[0]?.getSettings().deviceId`
	ann.shows("a preview, and other cameras", shown+` !== undefined && document.querySelectorAll('select[aria-label="Camera"] option').length === 3`)
	camera, err := Eval[string](ann, `document.querySelector('select[aria-label="Camera"]').lastElementChild.value`)
	if err != nil {
		t.Fatal(err)
	}
	ann.set(`select[aria-label="Camera"]`, "change", camera)
	ann.shows("the chosen camera", fmt.Sprintf(`%s === %q`, shown, camera))
	ann.Type("#name", "Ann")
	// What the page prepares it does once the button is looked at.
	ann.shows("the button", `(document.querySelector("form.name-form button").focus(), true)`)
	ann.shows("that camera's pictures", `document.querySelector("video.shown").getVideoPlaybackQuality().totalVideoFrames > 20`)
	ann.Shot("chosen")

	for _, kind := range []string{"audio", "video"} {
		ben.answers("has no "+kind, fmt.Sprintf("wire.received(%q).then(r => r.packets)", kind), "0")
	}
	if s := ben.state(); len(s.People) != 1 || s.Decoding(0) != 0 {
		t.Errorf("before the click Ben sees %d people and %d pictures", len(s.People), s.Decoding(0))
	}

	ann.Click(`form.name-form button[type="submit"]`)
	ann.isIn()
	ben.Until(startTimeout, "sees Ann", decodes(1))
	ben.Hears(startTimeout, 440)
	if sent := ann.Sent(); !slices.ContainsFunc(sent, func(s Sent) bool { return s.Kind == "video" && s.DeviceID == camera }) {
		t.Errorf("sends %+v, chosen was %s", sent, camera)
	}
}
