package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// small is a script: the document of the small window.
const small = `(window.documentPictureInPicture?.window?.document ?? null)`

// TestPictureInPicture opens the small window, hides the page, and does in the
// window what there is to do: mute, go back, leave.
func TestPictureInPicture(t *testing.T) {
	c := cluster.Start(t, "fra")
	ann := New(t, "ann", Options{Width: 480, Height: 270})
	ben := New(t, "ben", Options{Width: 900, Height: 600})
	join(ann, c.Edges["fra"].URL+"/m/small", "Ann")
	join(ben, c.Edges["fra"].URL+"/m/small", "Ben")
	ben.Until(startTimeout, "sees ann", decodes(1))

	ben.opensPip()
	t.Run("it shows who is there, dressed as the page", func(t *testing.T) {
		p := ben.within(t)
		p.shows("Ann", small+`?.querySelector(".label")?.innerText.trim() === "Ann"`)
		p.shows("the page's own looks", `(b => b && documentPictureInPicture.window.getComputedStyle(b).borderRadius === "50%")(`+small+`?.querySelector("button"))`)
		p.grows()
		p.shotOfPip("small")
	})
	t.Run("its picture moves while the page cannot be seen", func(t *testing.T) {
		p := ben.within(t)
		// Here a tab before the page does not hide it.
		p.shows("that it is hidden", `(Object.defineProperty(document, "visibilityState", {value: "hidden", configurable: true}), document.dispatchEvent(new Event("visibilitychange")))`)
		p.until("still gets Ann's picture", func(s State) bool {
			v, ok := s.Picture()
			return ok && v.Layer != nil && v.Layer.State == "live"
		})
		p.grows()
		p.grows()
	})
	t.Run("mute there mutes", func(t *testing.T) {
		p := ben.within(t)
		p.pressInPip("Mute")
		ann.within(t).until("hears no more of Ben", func(s State) bool { return !s.micOf("Ben") })
		p.pressInPip("Unmute")
		ann.within(t).until("hears of Ben again", func(s State) bool { return s.micOf("Ben") })
	})
	t.Run("back to the call closes it", func(t *testing.T) {
		p := ben.within(t)
		p.pressInPip("Back to the call")
		p.until("has no small window", func(s State) bool { return !s.Stage.Pip && s.Phase == "live" })
		p.shows("none", small+" === null")
	})
	t.Run("leaving in it leaves, and takes it away", func(t *testing.T) {
		p := ben.within(t)
		p.opensPip()
		p.pressInPip("Leave")
		p.until("has left", func(s State) bool { return s.Phase == "ended" && !s.Stage.Pip })
		p.shows("none", small+" === null")
	})
}

// opensPip opens the small window as a person does.
func (p *Page) opensPip() {
	p.t.Helper()
	p.shows("the menu", `(() => { if (!document.querySelector("[role=menu]")) document.querySelector("button[aria-label^=Layout]")?.click(); return document.querySelector("[role=menu] [aria-label='Picture-in-picture']") !== null; })()`)
	p.tap("[role=menu] [aria-label='Picture-in-picture']")
	p.until("has a small window", func(s State) bool { return s.Stage.Pip })
}

// pressInPip presses a button in the small window.
func (p *Page) pressInPip(label string) {
	p.t.Helper()
	p.shows("the button "+label, fmt.Sprintf(`(b => { b?.click(); return !!b; })(%s?.querySelector("button[aria-label='%s']"))`, small, label))
}

// grows waits until the small window has drawn ten frames more.
func (p *Page) grows() {
	p.t.Helper()
	frames := small + `?.querySelector("video.shown")?.getVideoPlaybackQuality().totalVideoFrames ?? -1`
	before, err := Eval[float64](p, frames)
	if err != nil {
		p.t.Fatal(err)
	}
	p.shows("frames in the small window", fmt.Sprintf("(%s) >= %v", frames, before+10))
}

// micOf reports whether somebody has their microphone on.
func (s State) micOf(name string) bool {
	for _, p := range s.People {
		if p.Name == name {
			return p.Media.Mic
		}
	}
	return false
}

// shotOfPip saves how the small window looks among the test's artifacts.
func (p *Page) shotOfPip(name string) {
	c := p.drive.(*chromium)
	p.do(func(ctx context.Context) error {
		list, err := chromedp.Targets(c.ctx)
		if err != nil {
			return err
		}
		for _, t := range list {
			if t.Type != "page" || t.URL != "about:blank" {
				continue
			}
			within, cancel := chromedp.NewContext(c.ctx, chromedp.WithTargetID(t.TargetID))
			c.cancel = append([]context.CancelFunc{cancel}, c.cancel...)
			png, err := chromedp.Run(within, chromedp.CaptureScreenshot())
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(p.shots, p.Name+"-"+name+".png"), png, 0o644)
		}
		return errors.New("there is no small window to photograph")
	})
}

// TestPictureInPictureOfAVideo is the window of browsers that put no document
// into one: the picture alone.
func TestPictureInPictureOfAVideo(t *testing.T) {
	c := cluster.Start(t, "fra")
	ann := New(t, "ann", Options{Scripts: []string{bare}, Width: 480, Height: 270})
	ben := New(t, "ben", Options{Scripts: []string{plainPip}, Width: 900, Height: 600})
	attend(ann, c.Edges["fra"].URL+"/m/small", "Ann")
	join(ben, c.Edges["fra"].URL+"/m/small", "Ben")
	ben.opensPip() // Ann has no picture, so it is Ben's own
	ben.shows("a moving picture", `pip.video.srcObject.active && pip.video.getVideoPlaybackQuality().totalVideoFrames > 10`)
	ben.shows("the browser's button to mute", `(pip.actions.togglemicrophone(), true)`)
	ann.until("hears no more of Ben", func(s State) bool { return !s.micOf("Ben") })
	ben.shows("the browser's button to leave", `(pip.actions.hangup(), true)`)
	ben.until("has left", func(s State) bool { return s.Phase == "ended" && !s.Stage.Pip })
}
