package browser

import (
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// guarded is a network with a room that has a password and a PIN, and a webinar.
func guarded(t *testing.T) (base string) {
	t.Helper()
	c := cluster.Start(t, "fra")
	rooms := "/companies/" + c.Company + "/rooms"
	c.Call("POST", rooms, map[string]any{"public_id": "vault", "open": true, "password": "tulip", "moderator_pin": "470815"}, nil)
	c.Call("POST", rooms, map[string]any{"public_id": "hall", "kind": "webinar", "open": true}, nil)
	c.WaitKnown()
	return c.Edges["fra"].URL
}

// kept is all that the page leaves where others, or a later visit, could read it.
const kept = `[location.href, JSON.stringify(history.state), JSON.stringify({...localStorage}), JSON.stringify({...sessionStorage}), document.cookie, JSON.stringify(window.meridian.state())].join("\n")`

// TestDoor is a room's door by what people before it see: a password is asked for,
// a wrong one is said where it was typed, the right one lets in and is kept nowhere.
func TestDoor(t *testing.T) {
	base := guarded(t)
	ann := New(t, "ann", Options{Tone: 440, Scripts: []string{vitals}})

	// Covers F-055.
	t.Run("a password is asked for, and a wrong one costs nothing else", func(t *testing.T) {
		ann := ann.within(t)
		ann.Open(base + "/m/vault")
		ann.shows("a field, and the preview", `!!document.querySelector("#password") && !!document.querySelector("video.shown")`)
		ann.Type("#name", "Ann\r")
		ann.says("Please enter the password.")
		ann.shows("the cursor in the field", `document.activeElement.id === "password"`)
		accessible(t, ann)
		ann.Shot("asked")
		ann.Type("#password", "lily\r")
		ann.says("That is not the password.")
		ann.shows("the field ready to be typed over, name and picture as they were",
			`(f => document.activeElement === f && f.selectionStart === 0 && f.selectionEnd === f.value.length)(document.querySelector("#password")) && document.querySelector("#name").value === "Ann" && !!document.querySelector("video.shown")`)
		accessible(t, ann)
		ann.Shot("wrong")
		ann.Type("#password", "tulip\r") // over what is selected
		ann.isIn()
		if s := ann.state(); s.named("Ann").Role != "regular" || s.Attachments != 1 {
			t.Errorf("is in as %+v, attached %d times", s.named("Ann"), s.Attachments)
		}
	})
	// Covers F-055, F-060.
	t.Run("what was typed is kept nowhere, and a reload asks for nothing", func(t *testing.T) {
		ann := ann.within(t)
		before := ann.state()
		secretless(t, ann)
		if _, err := Eval[bool](ann, `(window.leaving = true, location.reload(), true)`); err != nil {
			t.Fatal(err)
		}
		ann.shows("the new page", `window.leaving === undefined && window.meridian !== undefined`)
		ann.isIn()
		if after := ann.state(); after.PeerID != before.PeerID || after.Door.Asked {
			t.Errorf("came back as %s, was %s; asked %v", after.PeerID, before.PeerID, after.Door.Asked)
		}
		secretless(t, ann)
	})
	// Covers F-055.
	t.Run("a moderator's PIN makes a moderator", func(t *testing.T) {
		bea := New(t, "bea", Options{Width: 400, Height: 300})
		bea.Open(base + "/m/vault")
		bea.Type("#name", "Bea")
		bea.Type("#password", "tulip")
		bea.press("I have a moderator PIN")
		bea.shows("the cursor in the field", `document.activeElement.id === "pin"`)
		bea.Type("#pin", "470816\r")
		bea.says("The password or the PIN is not right.")
		bea.Shot("wrong")
		bea.set("#pin", "input", "")
		bea.Type("#pin", "470815\r")
		bea.isIn()
		if me := bea.state().named("Bea"); me.Role != "moderator" {
			t.Errorf("is in as %+v", me)
		}
		if text, err := Eval[string](bea, kept); err != nil || strings.Contains(text, "470815") {
			t.Errorf("the PIN is in %s, %v", text, err)
		}
	})
	// Covers F-055.
	t.Run("who goes straight in is asked as well", func(t *testing.T) {
		cat := New(t, "cat", Options{Width: 390, Height: 844})
		cat.Open(base + "/m/vault?nameScreenDisabled=1&displayName=Cat")
		cat.says("This meeting has a password.")
		cat.Shot("straight")
		cat.Type("#password", "tulip\r")
		cat.isIn()
	})
	// Covers F-101.
	t.Run("a webinar's viewers are asked for no device at its room's address", func(t *testing.T) {
		vic := New(t, "vic", Options{Scripts: []string{prompts, vitals}, Width: 800, Height: 500})
		vic.Open(base + "/m/hall")
		vic.says("You join with your camera and microphone off.")
		vic.Type("#name", "Vic\r")
		vic.isIn()
		vic.until("watches", func(s State) bool { return s.Kind == "webinar" && s.Viewers == 1 })
		prompted(vic, 0)
	})
	// Covers F-055.
	t.Run("several wrong ones pause further tries", func(t *testing.T) {
		eve := New(t, "eve", Options{Width: 640, Height: 480})
		eve.Open(base + "/m/vault")
		eve.Type("#name", "Eve")
		for n := 0; n < 6; n++ {
			eve.Type("#password", "guess\r")
			if s := eve.until("has an answer", func(s State) bool { return s.Phase == "refused" && s.Door.Answer != "" }); s.Door.Answer == "pause" {
				break
			}
		}
		eve.says("Too many wrong tries.")
		eve.Shot("pause")
		accessible(t, eve)
	})
}

// secretless asks that nothing of what Ann typed is anywhere.
func secretless(t *testing.T, p *Page) {
	t.Helper()
	text, err := Eval[string](p, kept)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"tulip", "lily"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
}

// TestDoorStandsStill: what is there before the call stays where it is when the
// lists of devices come, in a window, a frame and on a phone.
// Covers F-043, F-142.
func TestDoorStandsStill(t *testing.T) {
	base := guarded(t)
	for name, o := range map[string]Options{"window": {}, "frame": {Width: 400, Height: 300}, "phone": {Width: 390, Height: 844}} {
		t.Run(name, func(t *testing.T) {
			o.Cameras, o.Scripts = 3, []string{lists, vitals}
			p := New(t, name, o)
			p.Open(base + "/m/vault")
			p.shows("the preview, and that lists are asked for", `!!document.querySelector("video.shown") && window.lists?.asked > 0`)
			p.Shot("before")
			const places = `JSON.stringify([...document.querySelectorAll("main *:not(option)")].map(e => [e.tagName, ...["x", "y", "width", "height"].map(k => Math.round(e.getBoundingClientRect()[k]))]))`
			before, err := Eval[string](p, places)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Eval[bool](p, `(window.lists.tell(), true)`); err != nil {
				t.Fatal(err)
			}
			p.shows("three cameras to choose from", `document.querySelectorAll('select[aria-label="Camera"] option').length === 3`)
			after, err := Eval[string](p, places)
			if err != nil || after != before {
				t.Errorf("moved, %v:\n%s\n%s", err, before, after)
			}
			if v := p.vitals(); v.Shift != 0 || len(v.Wrong) > 0 {
				t.Errorf("shifted by %.4f, went wrong: %q", v.Shift, v.Wrong)
			}
			p.Shot("after")
		})
	}
}
