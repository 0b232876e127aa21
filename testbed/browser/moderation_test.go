package browser

import (
	"fmt"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// meeting is a room with a lobby, a moderator and two participants over two POPs.
type meeting struct {
	*Room
	mod, ann, ben *Page
}

// gather opens the room: the moderator comes in first and turns the lobby on,
// where the two others wait.
func gather(t *testing.T) *meeting {
	room := NewRoom(cluster.Start(t, "fra", "iad"), "board", nil)
	m := &meeting{Room: room}
	m.mod = New(t, "mod", Options{Scripts: []string{bare}})
	m.mod.Open(room.In("fra", room.Moderator("Mara")))
	m.mod.isIn()
	m.mod.Click(`[aria-label^="People"]`)
	m.room("Waiting room")
	m.mod.until("has a lobby", func(s State) bool { return s.Rules.Lobby })

	m.ann = New(t, "ann", Options{Tone: 440, Width: 640, Height: 480})
	m.ben = New(t, "ben", Options{Tone: 700, Width: 640, Height: 480})
	m.knock(m.ann, "fra", "Ann")
	m.knock(m.ben, "iad", "Ben")
	return m
}

// knock asks to come in, as one who is to wait.
func (m *meeting) knock(p *Page, pop, name string) {
	p.t.Helper()
	p.Open(m.At(pop))
	p.Type("#name", name+"\r")
	p.until("waits", func(s State) bool { return s.Phase == "waiting" })
}

// room chooses in the moderator's menu for the room.
func (m *meeting) room(item string) {
	m.mod.t.Helper()
	m.mod.press("Manage")
	m.mod.press(item)
}

// about chooses in the moderator's menu for one person.
func (m *meeting) about(name, item string) {
	m.mod.t.Helper()
	m.mod.press("Actions for " + name)
	m.mod.press(item)
}

// rule sets one of the meeting's settings.
func (p *Page) rule(label, value string) {
	p.t.Helper()
	script := fmt.Sprintf(`(() => {
	  const list = [...document.querySelectorAll("label.setting")].find((l) => l.textContent.includes(%q))?.querySelector("select");
	  if (!list) return false;
	  list.value = %q;
	  return list.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, label, value)
	if ok, err := Eval[bool](p, script); err != nil || !ok {
		p.t.Fatalf("no list %q, %v", label, err)
	}
}

// until waits for what a page's state shows.
func (p *Page) until(what string, ok func(State) bool) State {
	p.t.Helper()
	return p.Until(startTimeout, what, func(s State) error {
		if !ok(s) {
			return fmt.Errorf("not yet")
		}
		return nil
	})
}

// named is somebody as a page sees them.
func (s State) named(name string) (found struct {
	Role, Mode string
	Hand       bool
	Mic        bool
}) {
	for _, p := range s.People {
		if p.Name == name {
			found.Role, found.Mode, found.Hand, found.Mic = p.Role, p.Mode, p.Hand != "", p.Media.Mic
		}
	}
	return found
}

// TestModeratorsPage is a meeting under a moderator from the lobby to its end,
// by what three people see, hear and press.
func TestModeratorsPage(t *testing.T) {
	t.Parallel()
	m := gather(t)
	// Covers F-093.
	t.Run("the lobby holds who comes, and lets in who is admitted", func(t *testing.T) {
		m.ann.within(t).says("The host will let you in soon")
		m.mod.within(t).says("2 waiting")
		m.mod.Shot("lobby")
		m.mod.within(t).press("Admit Ann")
		m.ann.within(t).isIn()
		if s, err := m.ben.State(); err != nil || s.Phase != "waiting" || len(s.People) > 0 {
			t.Errorf("Ben is %s and knows of %d, %v", s.Phase, len(s.People), err)
		}
		m.mod.within(t).press("Admit Ben")
		m.ben.within(t).isIn()
		m.ben.within(t).Hears(startTimeout, 440)
	})
	// Covers F-090.
	t.Run("who is muted falls silent, is told, and stays so", func(t *testing.T) {
		mod, ann, ben := m.mod.within(t), m.ann.within(t), m.ben.within(t)
		ann.until("is heard", func(s State) bool { return s.named("Ann").Mic })
		m.about("Ann", "Mute")
		ann.says("Mara muted you.")
		ben.Misses(startTimeout, 440)
		ann.Click(cameraButton) // any other change said the old microphone again
		mod.until("sees no camera", func(s State) bool { return s.Phase == "live" && !s.cameraOf("Ann") })
		if s, err := mod.State(); err != nil || s.named("Ann").Mic {
			t.Errorf("Ann's microphone is on again, %v", err)
		}
		ann.Click(cameraButton)
	})
	t.Run("an ask switches nothing on but by hand", func(t *testing.T) {
		m.about("Ann", "Ask to unmute")
		m.ann.within(t).says("A moderator asks you to unmute.")
		m.ann.Shot("asked")
		if s, err := m.ann.State(); err != nil || s.named("Ann").Mic {
			t.Errorf("the microphone is on before the answer, %v", err)
		}
		m.ann.within(t).Click(".ask .primary")
		m.ben.within(t).Hears(startTimeout, 440)
	})
	// Covers F-070.
	t.Run("a hand goes up by a key and down by the moderator", func(t *testing.T) {
		if _, err := Eval[bool](m.ben, `document.body.dispatchEvent(new KeyboardEvent("keydown", {code: "KeyH", bubbles: true}))`); err != nil {
			t.Fatal(err)
		}
		m.mod.within(t).until("sees the hand", func(s State) bool { return s.named("Ben").Hand })
		m.about("Ben", "Lower hand")
		m.ben.within(t).until("has it down", func(s State) bool { return !s.named("Ben").Hand })
	})
	// Covers F-097.
	t.Run("a locked room takes nobody", func(t *testing.T) {
		m.room("Lock the meeting")
		m.ann.within(t).until("sees the lock", func(s State) bool { return s.Rules.Locked })
		late := New(t, "late", Options{Scripts: []string{bare}, Width: 480, Height: 360})
		late.Open(m.At("iad") + "&displayName=Late")
		// The page may say so before anybody has pressed Join, or after.
		late.shows("that it is locked", `(document.querySelector(".name-form button:enabled")?.click(), window.meridian?.state().code === "locked")`)
	})
	// Covers F-094.
	t.Run("a role changes live", func(t *testing.T) {
		ben := m.ben.within(t)
		ben.Click(`[aria-label^="People"]`)
		m.about("Ben", "Make moderator")
		ben.shows("the controls", `document.querySelector("[aria-label='Actions for Ann']") !== null`)
		if s, err := ben.State(); err != nil || s.Attachments != 1 || s.Negotiations != 1 {
			t.Errorf("%d attachments, %d exchanges, %v", s.Attachments, s.Negotiations, err)
		}
		m.about("Ben", "Make participant")
		ben.shows("no controls", `document.querySelector("[aria-label='Actions for Ann']") === null`)
	})
	t.Run("a rule that is set in the settings holds at once, with its reason", func(t *testing.T) {
		m.room("Meeting settings…")
		m.mod.within(t).rule("Who may write in the chat", "moderators")
		ann := m.ann.within(t)
		ann.until("knows the rule", func(s State) bool { return s.Rules.Chat == "moderators" })
		ann.Click(`[aria-label^="Chat"]`)
		ann.says("Only moderators may write.")
		m.mod.within(t).rule("Video of each participant", "300000")
		ann.until("knows the bound", func(s State) bool { return s.Rules.Bitrate == 300_000 })
		m.mod.press("Back to people")
	})
	// Covers F-142.
	t.Run("the call page is accessible", func(t *testing.T) {
		for _, dark := range []bool{false, true} {
			m.mod.Scheme(dark)
			for _, v := range m.mod.within(t).Axe(t) {
				t.Errorf("dark %v: %v", dark, v)
			}
		}
	})
	// Covers F-088.
	t.Run("who is removed reads that", func(t *testing.T) {
		m.about("Ann", "Remove")
		m.ann.within(t).until("is out", func(s State) bool { return s.Phase == "ended" && s.Code == "kicked" })
		m.ann.within(t).says("Mara removed you from this meeting.")
	})
	// Covers F-096.
	t.Run("the end is everybody's", func(t *testing.T) {
		m.room("End for everyone…")
		m.mod.within(t).press("End meeting")
		for _, p := range []*Page{m.mod, m.ben} {
			p.within(t).until("is at the end", func(s State) bool { return s.Phase == "ended" && s.Code == "room_closed" })
		}
		m.ben.within(t).says("Mara ended it for everyone.")
		m.mod.within(t).says("You ended it for everyone.")
	})
}
