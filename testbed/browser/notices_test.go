package browser

import (
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestANoticeHasWhatHelps: what a device says in the call has a button beside
// it, which tries again or leads to the choice of devices.
func TestANoticeHasWhatHelps(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, "fra")
	url := c.Edges["fra"].URL + "/m/notices"
	t.Run("a microphone that comes after the first try", func(t *testing.T) {
		p := New(t, "ann", Options{Scripts: []string{`window.real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);` + bare}, Width: 480, Height: 360})
		attend(p, url, "Ann")
		p.Click(micButton)
		p.says("No microphone was found.")
		if _, err := Eval[bool](p, `(navigator.mediaDevices.getUserMedia = real, true)`); err != nil {
			t.Fatal(err)
		}
		p.press("Try again")
		p.until("has a microphone", func(s State) bool { return s.micOf("Ann") })
		p.shows("no notice of it", `document.querySelector(".notice") === null`)
	})
	t.Run("a device that was taken away", func(t *testing.T) {
		p := New(t, "ben", Options{Scripts: []string{wire}})
		join(p, url, "Ben")
		p.until("is connected", func(s State) bool {
			flowing, _ := s.Camera()
			return s.Connection.ICE == "connected" && len(flowing) > 0
		})
		if _, err := Eval[bool](p, "wire.unplug() ?? true"); err != nil {
			t.Fatal(err)
		}
		p.says("The camera was disconnected.")
		p.press("Choose a device")
		p.shows("the settings", `document.querySelector("aside.panel select") !== null`)
		p.until("has others", func(s State) bool { return s.micOf("Ben") && s.cameraOf("Ben") })
	})
}
