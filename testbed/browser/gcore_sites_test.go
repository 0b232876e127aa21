package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// framedRoom is a partner's page with a room's frame and what it is allowed.
const framedRoom = `<iframe onload="window.loaded = true" allow="camera; microphone; display-capture; MORE" style="width:800px;height:500px"
	src="MEET/call/?roomId=shop&displayName=Ann&nameScreenDisabled=false&startWithFS=true"></iframe>`

// blocked waits until the browser has refused to show what the frame is to hold.
func (p *Page) blocked() {
	p.t.Helper()
	p.shows("that the frame is done", `window.loaded === true`)
	cluster.Wait(p.t, startTimeout, "the frame shows nothing of ours", func() error {
		inner, err := p.drive.(*chromium).frame()
		if err != nil {
			return nil // not even a document
		}
		in := *p
		in.drive = inner
		if href, err := Eval[string](&in, `location.href`); err != nil || !strings.HasPrefix(href, "chrome-error:") {
			return fmt.Errorf("it shows %q, %v", href, err)
		}
		return nil
	})
}

// TestSitesThatShowAPartnersRoom: pages of listed sites show the frame, those of
// others are refused it by the browser, and a frame takes the whole screen where
// its page lets it.
func TestSitesThatShowAPartnersRoom(t *testing.T) {
	t.Parallel()
	s := newSites(t, "fra")
	port := strings.TrimPrefix(s.partner, "https://"+partnerSite)
	s.c.Call("POST", "/companies/"+s.c.Company+"/origins", object{"pattern": "https://www.exact.invalid" + port}, nil)
	s.c.WaitKnown()
	s.serve("/plain", strings.Replace(framedRoom, "MORE", "autoplay", 1), nil)
	s.serve("/full", strings.Replace(framedRoom, "MORE", "fullscreen", 1), nil)
	p := New(t, "site", Options{Sites: s.pin, Width: 900, Height: 600})

	// Covers GC-A80.
	t.Run("listed sites show it, names below a wildcard and not the domain itself", func(t *testing.T) {
		for _, host := range []string{"shop.partner.test", "a.b.partner.test", "www.exact.invalid"} {
			p := p.within(t)
			p.Open("https://" + host + port + "/plain")
			p.inside().shows("the door", `document.body.innerText.includes("Ann")`)
		}
		p.Shot("shown")
		for _, host := range []string{"partner.test", "notpartner.test", "exact.invalid", "a.www.exact.invalid", strangeSite} {
			p := p.within(t)
			p.Open("https://" + host + port + "/plain")
			p.blocked()
		}
		p.Shot("blocked")
	})
	// Covers GC-A80.
	t.Run("every address of a room says who may show it", func(t *testing.T) {
		want := "frame-ancestors https://*.partner.test" + port + " https://www.exact.invalid" + port
		for _, path := range []string{"/call/?roomId=a", "/webinar/?roomId=a", "/new", "/m/a"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.c.Edges["fra"].URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = meetSite
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if policy := res.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, want) {
				t.Errorf("%s: %s", path, policy)
			}
		}
	})
	// Covers GC-A44.
	t.Run("a frame has the whole screen at the first gesture, where it may", func(t *testing.T) {
		for path, may := range map[string]bool{"/plain": false, "/full": true} {
			p := p.within(t)
			p.Open(s.partner + path)
			in := p.inside()
			in.shows("a button", `document.querySelector("button[type=submit]:not([disabled])") !== null`)
			in.tap("button[type=submit]")
			in.isIn()
			in.answers("may have it", `document.fullscreenEnabled`, fmt.Sprint(may))
			in.until("has what it may", func(s State) bool { return s.Stage.FullScreen == may })
		}
	})
	// Covers GC-A41.
	t.Run("the site around changes the language without a reload", func(t *testing.T) {
		s.serve("/bridge", strings.NewReplacer("POP", "fra", "PERSON", "displayName=Ann&lang=en").Replace(gcorePage), nil)
		page := partner{p.within(t), nil}
		page.Open(s.partner + "/bridge")
		page.shows("a bridge", "typeof meetIframeBridge === 'object'")
		page.in = page.inside()
		page.in.answers("is marked", `(window.mark = 1)`, `1`)
		for _, lang := range []string{"ru", "en"} {
			page.call("setLocale", `"`+lang+`"`, `true`)
			page.in.until("speaks "+lang, func(s State) bool { return s.Lang == lang })
		}
		page.in.answers("the same document", `window.mark`, `1`)
	})
}
