package browser

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestWordsAndDevicesInTheCall: a person changes the language, the devices and
// what they hear in the middle of a call, which goes on as if nothing happened.
// Covers F-080.
func TestWordsAndDevicesInTheCall(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, "fra")
	ann := New(t, "ann", Options{Tone: 440, Cameras: 3})
	ben := New(t, "ben", Options{Tone: 700, Width: 640, Height: 480})
	join(ann, c.Edges["fra"].URL+"/m/words", "Ann")
	join(ben, c.Edges["fra"].URL+"/m/words", "Ben")
	for _, p := range []*Page{ann, ben} {
		p.Until(startTimeout, "sees the other", decodes(1))
	}
	ann.Click(`[aria-label="Settings"]`)
	before := ann.until("has settings", func(s State) bool { return s.Lang == "en" })

	for _, want := range []struct{ lang, dir string }{{"ru", "ltr"}, {"ar", "rtl"}} {
		t.Run("the page speaks "+want.lang, func(t *testing.T) {
			ann := ann.within(t)
			ann.set(`.choice.globe select`, "change", want.lang)
			ann.until("speaks it", func(s State) bool { return s.Lang == want.lang })
			if html, err := Eval[string](ann, `document.documentElement.lang + " " + document.documentElement.dir`); err != nil || html != want.lang+" "+want.dir {
				t.Errorf("the document is %q, %v; want %s %s", html, err, want.lang, want.dir)
			}
			if left := ann.english(); len(left) > 0 {
				t.Errorf("left in English: %q", left)
			}
			for _, v := range ann.Axe(t) {
				t.Error(v)
			}
			ann.goesOn(before)
			ann.Shot(want.lang)
		})
	}
	ann.set(`.choice.globe select`, "change", "en")
	ann.until("speaks English again", func(s State) bool { return s.Lang == "en" })

	// Covers F-067.
	t.Run("a new microphone leaves the picture alone, a new camera the sound", func(t *testing.T) {
		ann, ben := ann.within(t), ben.within(t)
		for _, kind := range []string{"Microphone", "Camera"} {
			had := ben.state()
			device, err := Eval[string](ann, fmt.Sprintf(`(s => [...s.options].findLast(o => o.value !== s.value).value)(document.querySelector('select[aria-label=%q]'))`, kind))
			if err != nil {
				t.Fatalf("another %s: %v", kind, err)
			}
			ann.set(fmt.Sprintf(`select[aria-label=%q]`, kind), "change", device)
			ann.until("uses the other "+kind, func(State) bool {
				now, err := Eval[string](ann, fmt.Sprintf(`document.querySelector('select[aria-label=%q]').value`, kind))
				return err == nil && now == device
			})
			ben.Until(startTimeout, "gets sound and picture on", func(s State) error {
				was, _ := had.Picture()
				is, _ := s.Picture()
				if is.Frames < was.Frames+3 || s.packets() < had.packets()+20 {
					return fmt.Errorf("%.0f frames after %.0f, %.0f packets after %.0f", is.Frames, was.Frames, s.packets(), had.packets())
				}
				return nil
			})
			ann.goesOn(before)
		}
		ben.Hears(startTimeout, 440)
	})

	// Covers F-077.
	t.Run("volume and silence are for own ears", func(t *testing.T) {
		ann, ben := ann.within(t), ben.within(t)
		ann.Hears(startTimeout, 700)
		for _, percent := range []int{0, 100, 50} {
			ann.set(`.slider input`, "input", fmt.Sprint(percent))
			ann.until(fmt.Sprintf("plays at %d %%", percent), func(s State) bool { return s.plays(float64(percent)/100, false) })
		}
		ann.Click(`.check.deaf input`)
		ann.until("plays nothing", func(s State) bool { return s.plays(0.5, true) })
		if !ben.state().plays(1, false) {
			t.Error("the other is not heard as before")
		}
		ben.Hears(startTimeout, 440)
		ann.Click(`.check.deaf input`)
		ann.until("plays again", func(s State) bool { return s.plays(0.5, false) })
	})

	// Covers F-080.
	t.Run("the choice is remembered, the address is before it", func(t *testing.T) {
		ann := ann.within(t)
		ann.set(`.choice.globe select`, "change", "de")
		ann.until("speaks German", func(s State) bool { return s.Lang == "de" })
		for _, want := range []struct{ query, lang string }{{"", "de"}, {"?lang=fr-CA", "fr"}, {"?lang=tlh", "en"}} {
			ann.Open(c.Edges["fra"].URL + "/m/words" + want.query)
			ann.until("speaks "+want.lang, func(s State) bool { return s.Phase == "idle" && s.Lang == want.lang })
		}
	})
}

// set gives a field a value as a person would.
func (p *Page) set(selector, event, value string) {
	p.t.Helper()
	ok, err := Eval[bool](p, fmt.Sprintf(`(f => { f.value = %q; f.dispatchEvent(new Event(%q, {bubbles: true})); return true })(document.querySelector(%q))`, value, event, selector))
	if err != nil || !ok {
		p.t.Fatalf("set %s to %s: %v", selector, value, err)
	}
}

func (p *Page) state() State {
	p.t.Helper()
	return p.until("has a state", func(State) bool { return true })
}

// goesOn asks that pictures and sound keep coming over the connection there was.
func (p *Page) goesOn(before State) {
	p.t.Helper()
	now := p.state()
	p.Until(startTimeout, "gets sound and picture on", func(s State) error {
		was, _ := now.Picture()
		is, _ := s.Picture()
		if is.Frames < was.Frames+3 || s.packets() <= now.packets() {
			return fmt.Errorf("%.0f frames after %.0f", is.Frames, was.Frames)
		}
		return nil
	})
	if now.Attachments != before.Attachments || now.Negotiations != before.Negotiations || now.Phase != "live" {
		p.t.Errorf("%d attachments, %d negotiations, phase %s; want %d, %d, live", now.Attachments, now.Negotiations, now.Phase, before.Attachments, before.Negotiations)
	}
}

// packets of all sound so far.
func (s State) packets() (sum float64) {
	for _, a := range s.Slots.Audio {
		sum += a.Packets
	}
	return sum
}

// plays reports whether all sound is played so.
func (s State) plays(volume float64, muted bool) bool {
	for _, e := range s.Hearing.Elements {
		if e.Volume != volume || e.Muted != muted {
			return false
		}
	}
	return len(s.Hearing.Elements) > 0
}

// english lists what the page says in words of the English texts: what is
// written, and the names of what is not.
func (p *Page) english() (left []string) {
	p.t.Helper()
	said, err := Eval[[]string](p, `(() => {
		const out = new Set();
		const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (texts.nextNode()) if (!texts.currentNode.parentElement.closest("noscript")) out.add(texts.currentNode.data.trim());
		for (const e of document.querySelectorAll("[aria-label], [title], [placeholder]"))
			for (const name of ["aria-label", "title", "placeholder"]) out.add((e.getAttribute(name) ?? "").trim());
		return [...out, document.title];
	})()`)
	if err != nil {
		p.t.Fatal(err)
	}
	texts := englishTexts(p.t)
	for _, s := range said {
		if texts.MatchString(s) {
			left = append(left, s)
		}
	}
	return left
}

var (
	text   = regexp.MustCompile(`(?m)(?:^  "[a-z][^"]*"|one|other): "([^"]*)"`)
	marked = regexp.MustCompile(`\\\{\w+\\\}`)
	letter = regexp.MustCompile(`[A-Za-z]{3}`)
)

// englishTexts matches whatever is one of the page's English texts.
func englishTexts(t testing.TB) *regexp.Regexp {
	t.Helper()
	file, err := os.ReadFile("../../edge/web/src/i18n/en.ts")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range text.FindAllSubmatch(file, -1) {
		pattern := marked.ReplaceAllString(regexp.QuoteMeta(string(m[1])), `.+`)
		if letter.MatchString(marked.ReplaceAllString(regexp.QuoteMeta(string(m[1])), "")) {
			all = append(all, pattern)
		}
	}
	if len(all) < 200 {
		t.Fatalf("only %d English texts were found", len(all))
	}
	return regexp.MustCompile(`^(?:` + strings.Join(all, "|") + `)$`)
}
