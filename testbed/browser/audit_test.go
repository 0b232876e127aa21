package browser

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
)

const (
	// scriptBudget bounds the page's script on its way, gzipped.
	scriptBudget = 120 << 10
	// paintSlack is the least that must hold on the busiest of machines; the
	// promise is 1 s, and the log has the figure.
	paintSlack = 15 * time.Second
	// shiftLimit is where web.dev begins to call a page restless.
	shiftLimit = 0.1
	// target is the least side of what a finger has to meet (WCAG 2.5.8).
	target = 24
)

// Vitals is what scripts/vitals.js writes down; times in ms.
type Vitals struct {
	First, Largest, Shift float64
	Wrong                 []string
}

// TestPageAudit looks at the page as a browser's own audit does: how soon it
// stands, what it costs, what it is served with, and whether fingers and keys
// reach all of it.
// Covers F-142.
func TestPageAudit(t *testing.T) {
	c := cluster.Start(t, "fra")
	site := c.Edges["fra"].URL
	other := New(t, "other", Options{Tone: 440, Width: 480, Height: 270})
	join(other, site+"/m/audit", "Other")

	p := New(t, "audit", Options{Scripts: []string{vitals}})
	p.Open(site + "/m/audit")
	p.shows("the preview", `document.querySelector("video.shown") !== null`)
	t.Run("it stands soon and stays where it is", func(t *testing.T) {
		v := p.within(t).vitals()
		t.Logf("first paint %.0f ms, largest %.0f ms, shifted by %.3f", v.First, v.Largest, v.Shift)
		if limit := float64(paintSlack.Milliseconds()); v.First <= 0 || v.First > limit || v.Largest > limit {
			t.Errorf("painted after %.0f ms, all of it after %.0f", v.First, v.Largest)
		}
		if v.Shift >= shiftLimit {
			t.Errorf("what was shown moved by %.3f", v.Shift)
		}
	})
	t.Run("it says what it is", func(t *testing.T) {
		head, err := Eval[string](p, `[document.characterSet, document.documentElement.lang, document.title, document.querySelector("meta[name=viewport]").content].join(" | ")`)
		if want := regexp.MustCompile(`^UTF-8 \| en \| audit\b.* \| width=device-width, initial-scale=1\b`); err != nil || !want.MatchString(head) || strings.Contains(head, "user-scalable") {
			t.Errorf("%q, %v", head, err)
		}
	})
	p.Type("#name", "Auditor")
	reached(t, p, "prejoin")
	p.Click(`form.name-form button[type="submit"]`)
	p.isIn()
	s := p.Until(startTimeout, "sees the other", decodes(1))
	t.Logf("first remote frame %.0f ms after the click", s.Timings.FirstRemoteFrame)
	reached(t, p, "call")
	// Covers F-079.
	t.Run("figures of the connection are shown, and go on", func(t *testing.T) {
		p := p.within(t)
		p.Click(`[aria-label^="Connection"]`)
		const figures = `[...document.querySelectorAll(".figures dd")].map(d => d.innerText)`
		p.shows("rate, loss, round trip and resolution", `(f => /\d [km]?bit\/s/i.test(f) && /\d\s?%/.test(f) && /\d\s?ms/.test(f) && /\d+ × \d+/.test(f))(`+figures+`.join(" "))`)
		for range 3 {
			before, err := Eval[string](p, figures+`.join("|")`)
			if err != nil {
				t.Fatal(err)
			}
			p.shows("newer figures", fmt.Sprintf("%s.join('|') !== %q", figures, before))
		}
	})
	t.Run("it asks for little, of nobody else, and nothing goes wrong", func(t *testing.T) {
		asked, err := Eval[[]string](p, `performance.getEntriesByType("resource").map(e => e.name)`)
		if err != nil || len(asked) == 0 || len(asked) > 30 {
			t.Errorf("%d requests, %v", len(asked), err)
		}
		for _, address := range asked {
			if !strings.HasPrefix(address, site+"/") {
				t.Errorf("asks for %s", address)
			}
		}
		carried, err := Eval[float64](p, `performance.getEntriesByType("resource").filter(e => /\.js$/.test(e.name)).reduce((sum, e) => sum + e.encodedBodySize, 0)`)
		if err != nil || carried == 0 || carried > scriptBudget {
			t.Errorf("%.0f bytes of script were carried, %v", carried, err)
		}
		t.Logf("%d requests from the address to the call, %.0f bytes of script carried", len(asked), carried)
		if v := p.within(t).vitals(); len(v.Wrong) > 0 || v.Shift >= shiftLimit {
			t.Errorf("went wrong: %q; moved by %.3f", v.Wrong, v.Shift)
		}
	})
	t.Run("it is served strictly", func(t *testing.T) { served(t, site) })
	// Covers F-063.
	t.Run("a phone's web view joins by touch", func(t *testing.T) {
		p := New(t, "phone", Options{Scripts: []string{vitals}})
		p.phone()
		p.Open(site + "/m/audit")
		p.shows("the preview", `document.querySelector("video.shown") !== null`)
		p.Type("#name", "Phone")
		p.targets("phone-prejoin")
		p.touch(`form.name-form button[type="submit"]`)
		p.isIn()
		p.Until(startTimeout, "sees both others", decodes(2))
		p.targets("phone-call")
		p.touch(micButton)
		p.shows("a muted microphone", `window.meridian.state().media.mic === false`)
		if v := p.vitals(); len(v.Wrong) > 0 {
			t.Errorf("went wrong: %q", v.Wrong)
		}
	})
	// Covers F-063.
	t.Run("a browser without WebRTC reads why not", func(t *testing.T) {
		p := New(t, "old", Options{Scripts: []string{old}})
		p.Open(site + "/m/audit")
		p.says("This browser is too old")
		p.Shot("old")
	})
}

// reached asks that keys get to every control, and that nothing is without a name.
func reached(t *testing.T, p *Page, name string) {
	t.Run(name+" by keyboard and by name", func(t *testing.T) {
		p := p.within(t)
		p.tabs()
		for _, dark := range []bool{false, true} {
			p.Scheme(dark)
			for _, v := range p.Axe(t) {
				t.Errorf("dark %v: %v", dark, v)
			}
		}
		p.Shot(name)
	})
}

// tabs walks by the Tab key, and asks that every control was in focus.
func (p *Page) tabs() {
	p.t.Helper()
	// The script begins where the document does, and names what was not reached.
	const missing = `(() => {
		const all = [...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex]")].filter((e) =>
			e.tabIndex >= 0 && !e.disabled && !e.closest("[inert]") && e.checkVisibility({visibilityProperty: true}));
		window.visited ??= (document.activeElement?.blur(), getSelection()?.collapse(document.body, 0), new Set());
		visited.add(document.activeElement);
		return all.filter((e) => !visited.has(e)).map((e) => e.outerHTML.slice(0, 90));
	})()`
	if _, err := Eval[bool](p, `delete window.visited`); err != nil {
		p.t.Fatal(err)
	}
	left, err := Eval[[]string](p, missing)
	if err != nil || len(left) < 4 {
		p.t.Fatalf("%d controls, %v", len(left), err)
	}
	count := len(left)
	for n := 0; len(left) > 0 && n < 2*count+4; n++ {
		p.tabKey()
		if left, err = Eval[[]string](p, missing); err != nil {
			p.t.Fatal(err)
		}
	}
	if len(left) > 0 {
		p.t.Errorf("Tab does not reach %q", left)
	}
}

// targets asks that what a finger is to meet is large enough.
func (p *Page) targets(name string) {
	p.t.Helper()
	p.Shot(name)
	small, err := Eval[[]string](p, fmt.Sprintf(`[...document.querySelectorAll("a[href], button, input, select, textarea, [role=button], [role=menuitem]")]
		.filter((e) => e.checkVisibility({visibilityProperty: true})).map((e) => [e, e.getBoundingClientRect()])
		.filter(([e, b]) => b.width > 1 && (b.width < %[1]d || b.height < %[1]d)).map(([e, b]) => e.outerHTML.slice(0, 90) + " " + b.width + " × " + b.height)`, target))
	if err != nil || len(small) > 0 {
		p.t.Errorf("%s: smaller than %d px: %q, %v", name, target, small, err)
	}
}

func (p *Page) vitals() Vitals {
	p.t.Helper()
	v, err := Eval[Vitals](p, `({First: vitals.first, Largest: vitals.largest, Shift: vitals.shift, Wrong: vitals.wrong})`)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// served looks at the answers themselves: what the page may do, what may be kept
// and for how long, and how much script there is.
func served(t *testing.T, site string) {
	page, head := fetch(t, site+"/m/audit")
	for name, want := range map[string]string{
		"Content-Security-Policy": `(^|; )default-src 'self'(;.*)? frame-ancestors `,
		"Permissions-Policy":      `camera=`,
		"Referrer-Policy":         `^no-referrer$`,
		"X-Content-Type-Options":  `^nosniff$`,
		"Cache-Control":           `^(no-cache|no-store)`,
		"Content-Type":            `^text/html; charset=utf-8$`,
	} {
		if got := head.Get(name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if policy := head.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "object-src 'none'") || !strings.Contains(policy, "base-uri 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	script, assets := 0, regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllSubmatch(page, -1)
	if len(assets) < 2 {
		t.Fatalf("%d assets in\n%s", len(assets), page)
	}
	for _, m := range assets {
		body, head := fetch(t, site+string(m[1]))
		if kept := head.Get("Cache-Control"); !strings.Contains(kept, "immutable") || !strings.Contains(kept, "max-age=31536000") {
			t.Errorf("%s is kept %q", m[1], kept)
		}
		if bytes.HasSuffix(m[1], []byte(".js")) {
			script += gzipped(body)
		}
	}
	t.Logf("%d bytes of script, gzipped", script)
	if script == 0 || script > scriptBudget {
		t.Errorf("%d bytes of script, gzipped; at most %d are promised", script, scriptBudget)
	}
}

func fetch(t *testing.T, url string) ([]byte, http.Header) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, res.Status, err)
	}
	return body, res.Header
}

func gzipped(b []byte) int {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one it knows
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Len()
}
