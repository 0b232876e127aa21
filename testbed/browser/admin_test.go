package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// office is a network of one POP, with what its API says to whom.
type office struct {
	t    *testing.T
	url  string // of the POP
	root string // the platform's key
}

func startOffice(t *testing.T) *office {
	t.Helper()
	cmd := exec.Command(cluster.Binary(t), "dev", "--json", "--pops", "1", "--port", strconv.Itoa(freePort(t)), "--data", t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	var ready struct {
		APIKey string `json:"api_key"`
		POPs   []struct{ URL string }
	}
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	return &office{t, ready.POPs[0].URL, ready.APIKey}
}

// ask calls the API and gives the status.
func (o *office) ask(key, method, path string, body, into any) int {
	o.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			o.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return res.StatusCode
}

func (o *office) make(path string, body map[string]any) map[string]any {
	o.t.Helper()
	var made map[string]any
	if status := o.ask(o.root, "POST", path, body, &made); status != http.StatusCreated {
		o.t.Fatalf("POST %s: %d %v", path, status, made)
	}
	return made
}

// furnish gives a company something of everything.
func (o *office) furnish(company string) {
	o.t.Helper()
	of := "/companies/" + company
	for _, room := range []map[string]any{
		{"public_id": "standup", "name": "Daily stand-up", "open": true},
		{"public_id": "all-hands", "name": "All hands", "kind": "webinar"},
		{"public_id": "interviews-in-a-room-with-a-long-name", "name": "Interviews", "password": "secret"},
		{"public_id": "board"},
	} {
		o.make(of+"/rooms", room)
	}
	for _, user := range []map[string]any{
		{"first_name": "Ada", "last_name": "Lovelace", "email": "ada@acme.example", "role": "COMPANY_ADMIN", "password": officePassword},
		{"first_name": "Grace", "last_name": "Hopper", "email": "grace@acme.example", "password": officePassword},
		{"name": "Александра Константинопольская", "email": "alexandra.konstantinopolskaya@acme.example", "inactive": true},
	} {
		o.make(of+"/users", user)
	}
	o.make(of+"/api-keys", map[string]any{"name": "booking server", "scopes": []string{"rooms:write", "tokens:write"}, "expires": "2099-01-01T00:00:00Z"})
	o.make(of+"/api-keys", map[string]any{"name": "dashboard"})
	o.make(of+"/origins", map[string]any{"pattern": "https://*.acme.example"})
	o.make(of+"/callers", map[string]any{"cidr": "192.0.2.0/24"})
	o.make(of+"/webhooks", map[string]any{"url": "https://hooks.acme.example/meridian", "events": []string{"session.opened", "session.closed"}})
}

const officePassword = "correct horse battery"

// says waits until a page shows a text.
func (p *Page) says(text string) {
	p.t.Helper()
	p.shows(fmt.Sprintf("the text %q", text), fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// shows waits until an expression holds in the page.
func (p *Page) shows(what, js string) {
	p.t.Helper()
	cluster.Wait(p.t, startTimeout, p.Name+" shows "+what, func() error {
		ok, err := Eval[bool](p, js)
		if err == nil && !ok {
			text, _ := Eval[string](p, "document.body.innerText")
			err = fmt.Errorf("not in:\n%s", text)
		}
		return err
	})
}

// press presses the button or link that has a label and is on top.
func (p *Page) press(label string) {
	p.t.Helper()
	const find = `(label => { const top = document.querySelector("dialog") ?? document;
		const el = [...top.querySelectorAll("button, a")].find(b => (b.ariaLabel ?? b.innerText).trim() === label);
		if (!el) return false; el.focus(); el.click(); return true; })`
	p.shows("a button "+label, fmt.Sprintf("%s(%q)", find, label))
}

// byKey signs in with an API key.
func (p *Page) byKey(url, key string) {
	p.t.Helper()
	p.Open(url + "/admin/")
	p.shows("a form", `document.querySelector("main.signin form") !== null`)
	if other, err := Eval[bool](p, `document.querySelector("input[name=email]") !== null`); err == nil && other {
		p.press("Use an API key")
	}
	p.Type("input[name=key]", key)
	p.press("Sign in")
	p.shows("the sections", `document.querySelector("nav.side a") !== null`)
}

// sections are those that the page offers.
func (p *Page) sections() []string {
	p.t.Helper()
	names, err := Eval[[]string](p, `[...document.querySelectorAll("nav.side a")].map(a => a.innerText.trim())`)
	if err != nil {
		p.t.Fatal(err)
	}
	return names
}

// TestAdministrators is what a company does on its page: it makes a room, opens
// its link, makes a key that works, replaces and revokes it, and turns a switch.
func TestAdministrators(t *testing.T) {
	t.Parallel()
	o := startOffice(t)
	p := New(t, "admin", Options{Width: 1280, Height: 800})
	p.byKey(o.url, o.root)
	p.says("No rooms yet")

	t.Run("a room opens by its link", func(t *testing.T) {
		p := p.within(t)
		p.press("New room")
		p.Type("dialog input[name=name]", "Stand-up")
		p.Type("dialog input[name=public_id]", "bad id!")
		p.press("Save")
		p.shows("what is wrong with the field", `document.querySelector("dialog [name=public_id]")?.ariaInvalid === "true"`)
		p.Shot("refused-field")
		p.enter("dialog input[name=public_id]", "standup")
		p.Click("dialog input[name=open]")
		p.press("Save")
		p.shows("the room", `document.querySelector("dialog") === null && [...document.querySelectorAll(".row-item strong")].some(s => s.innerText === "Stand-up")`)
		link, err := Eval[string](p, `document.querySelector("a[aria-label='Open room: Stand-up']").href`)
		if err != nil || link != o.url+"/m/standup" {
			t.Fatalf("the link is %q (%v), want %s/m/standup", link, err, o.url)
		}
		guest := New(t, "guest", Options{})
		join(guest, link, "Guest")
		guest.Until(startTimeout, "is in the room", func(s State) error {
			if s.Phase != "live" {
				return fmt.Errorf("the phase is %s %s", s.Phase, s.Code)
			}
			return nil
		})
	})

	t.Run("a key works, is replaced and revoked", func(t *testing.T) {
		p := p.within(t)
		p.press("Keys")
		p.press("New API key")
		p.Type("dialog input[name=name]", "server")
		p.Click("dialog input[name='rooms:write']")
		p.press("Save")
		first := p.secret()
		rooms := "/companies/dev/rooms"
		if got := o.ask(first, "POST", rooms, map[string]any{"public_id": "by-key"}, nil); got != http.StatusCreated {
			t.Errorf("the key makes a room: %d", got)
		}
		if got := o.ask(first, "GET", "/companies/dev/users", nil, nil); got != http.StatusForbidden {
			t.Errorf("the key reads users: %d, want 403", got)
		}
		p.press("Rotate: server")
		p.press("Rotate")
		second := p.secret()
		for _, key := range []string{first, second} {
			if got := o.ask(key, "GET", rooms, nil, nil); got != http.StatusOK {
				t.Errorf("after the change a key reads rooms: %d", got)
			}
		}
		for _, key := range []string{first, second} {
			id := strings.Split(key, "_")[1]
			p.pressIn(id, "Revoke: server")
			p.press("Revoke")
			p.shows("the key gone", fmt.Sprintf(`document.querySelector("dialog") === null && document.querySelector("[data-id='%s']") === null`, id))
			if got := o.ask(key, "GET", rooms, nil, nil); got != http.StatusUnauthorized {
				t.Errorf("a revoked key: %d, want 401", got)
			}
		}
		if kept, err := Eval[bool](p, fmt.Sprintf("document.documentElement.outerHTML.includes(%q)", second)); err != nil || kept {
			t.Errorf("the secret is still in the page (%v)", err)
		}
	})

	// Covers GC-A81.
	t.Run("a site that may embed is https and a host alone", func(t *testing.T) {
		p := p.within(t)
		const sites = "/companies/dev/origins"
		p.press("Domains")
		for _, bad := range []string{"http://shop.example", "shop.example", "https://shop.example/", "https://*.shop.example/calls"} {
			if got := o.ask(o.root, "POST", sites, map[string]any{"pattern": bad}, nil); got != http.StatusUnprocessableEntity {
				t.Errorf("%s by the API: %d", bad, got)
			}
			p.press("New site")
			p.Type("dialog input[name=pattern]", bad)
			p.press("Save")
			p.shows("what is wrong with "+bad, `document.querySelector("dialog [name=pattern]")?.ariaInvalid === "true"`)
			p.Shot("refused-site")
			p.press("Cancel")
			p.shows("no window", `document.querySelector("dialog") === null`)
		}
		p.press("New site")
		p.Type("dialog input[name=pattern]", "https://*.shop.example")
		p.press("Save")
		p.shows("the site", `document.querySelector("dialog") === null && document.body.innerText.includes("https://*.shop.example")`)
		var list struct{ Items []struct{ Pattern string } }
		if o.ask(o.root, "GET", sites, nil, &list); len(list.Items) != 1 {
			t.Errorf("listed are %+v", list)
		}
	})

	t.Run("a switch says where it comes from", func(t *testing.T) {
		p := p.within(t)
		p.press("Switches")
		from := `(document.querySelector("[data-setting=lobby] .from")?.innerText ?? "")`
		p.shows("an untouched switch", from+`.includes("Default")`)
		p.Click("[data-setting=lobby] input")
		p.shows("the choice", from+`.includes("Your choice")`)
		var c struct{ Settings struct{ Lobby *bool } }
		if o.ask(o.root, "GET", "/companies/dev", nil, &c); c.Settings.Lobby == nil || !*c.Settings.Lobby {
			t.Errorf("the company has %v", c.Settings.Lobby)
		}
		p.Click("[data-setting=lobby] button.link")
		p.shows("no choice", from+`.includes("Default")`)
	})

	t.Run("who signs out leaves nothing behind", func(t *testing.T) {
		p := p.within(t)
		p.press("Sign out")
		p.shows("the form", `document.querySelector("main.signin form") !== null`)
		left, err := Eval[string](p, `JSON.stringify([document.documentElement.outerHTML.includes("mrk_"), localStorage.length, sessionStorage.length])`)
		if err != nil || left != "[false,0,0]" {
			t.Errorf("left behind: %s (%v)", left, err)
		}
	})
}

// TestRolesSeeWhatTheyMay has people sign in with their passwords: an
// administrator of the company, and a host, who has rooms and themselves.
func TestRolesSeeWhatTheyMay(t *testing.T) {
	t.Parallel()
	o := startOffice(t)
	o.make("/companies", map[string]any{"id": "other", "name": "Another company"})
	o.furnish("dev")
	p := New(t, "people", Options{Width: 1280, Height: 800})
	p.Open(o.url + "/admin/")
	p.byPassword("ada@acme.example", "wrong password")
	p.says("nobody’s address and password")
	p.Shot("refused")

	p.byPassword("ada@acme.example", officePassword)
	p.shows("the sections", `document.querySelector("nav.side a") !== null`)
	if got := strings.Join(p.sections(), " "); !strings.HasPrefix(got, "Rooms Users Keys Domains Webhooks") || !strings.HasSuffix(got, "Switches") {
		t.Errorf("an administrator sees %s", got)
	}
	p.says("Signed in as Ada Lovelace")
	if text, err := Eval[string](p, "document.body.innerText"); err != nil || strings.Contains(text, "Another company") {
		t.Errorf("another company shows (%v)", err)
	}
	p.press("Sign out")

	p.byPassword("grace@acme.example", officePassword)
	p.shows("the sections", `document.querySelector("nav.side a") !== null`)
	if got := strings.Join(p.sections(), " "); got != "Rooms Users" {
		t.Errorf("a host sees %s", got)
	}
	p.press("Users")
	p.says("Grace Hopper")
	p.Shot("host")
	if text, err := Eval[string](p, "document.querySelector('main').innerText"); err != nil || strings.Contains(text, "Ada") || strings.Contains(text, "New user") {
		t.Errorf("a host sees others, or may make some (%v):\n%s", err, text)
	}
	p.Open("about:blank")
	p.Open(o.url + "/admin/#/other/keys")
	p.shows("something of the own company", `document.querySelector("main.signin") !== null || document.querySelector(".company")?.innerText === "Development"`)
}

// byPassword signs in as a person.
func (p *Page) byPassword(email, password string) {
	p.t.Helper()
	p.shows("a form", `document.querySelector("input[name=email]") !== null`)
	p.enter("input[name=email]", email)
	p.enter("input[name=password]", password)
	p.enter("input[name=company]", "dev")
	p.press("Sign in")
}

// enter replaces what a field holds.
func (p *Page) enter(selector, text string) {
	p.t.Helper()
	p.shows("a field", fmt.Sprintf(`(f => { f.focus(); f.select(); return true })(document.querySelector(%q))`, selector))
	p.Type(selector, text)
}

// pressIn presses a button within the entry that has an id.
func (p *Page) pressIn(id, label string) {
	p.t.Helper()
	p.shows(label+" of "+id, fmt.Sprintf(`(b => { b?.click(); return !!b })(document.querySelector("[data-id='%s'] button[aria-label='%s']"))`, id, label))
}

// secret reads what is shown once, and puts the window away.
func (p *Page) secret() string {
	p.t.Helper()
	p.shows("a secret", `document.querySelector("input[name=secret]") !== null`)
	text, err := Eval[string](p, `document.querySelector("input[name=secret]").value`)
	if err != nil || !strings.HasPrefix(text, "mrk_") {
		p.t.Fatalf("the secret is %q (%v)", text, err)
	}
	p.press("Done")
	return text
}

// TestAdminPageIsForEverybody walks through every section in each size, scheme
// and language: no rule of accessibility is broken, nothing stands out of the
// window, and every picture is kept.
func TestAdminPageIsForEverybody(t *testing.T) {
	t.Parallel()
	o := startOffice(t)
	o.furnish("dev")
	t.Run("in Russian", func(t *testing.T) {
		p := New(t, "admin", Options{Width: 1280, Height: 800})
		p.byKey(o.url, o.root)
		p.shows("another language", `(s => { s.value = "ru"; s.dispatchEvent(new Event("change", {bubbles: true})); return document.documentElement.lang === "ru" })(document.querySelector("select[name=language]"))`)
		for i := range p.sections() {
			look(t, p, "russian", p.goTo(i), false)
		}
		english, err := Eval[string](p, `(document.querySelector("main").innerText.match(/\\b(the|your|with|from)\\b/gi) ?? []).join(" ")`)
		if err != nil || english != "" {
			t.Errorf("still English: %s (%v)", english, err)
		}
	})
	sizes := map[string][2]int{"tiny": {200, 480}, "phone": {390, 844}, "desk": {1280, 800}, "wall": {3840, 2160}}
	for size, px := range sizes {
		t.Run(size, func(t *testing.T) {
			p := New(t, "admin", Options{Width: px[0], Height: px[1]})
			for _, dark := range []bool{false, true} {
				if dark && size == "wall" {
					continue // large pictures take long, and show nothing more
				}
				p.Scheme(dark)
				p.Open("about:blank")
				p.Open(o.url + "/admin/")
				p.shows("a form", `document.querySelector("main.signin form") !== null`)
				look(t, p, size, "signin", dark)
				p.byKey(o.url, o.root)
				for i := range p.sections() {
					name := p.goTo(i)
					look(t, p, size, name, dark)
				}
				p.goTo(0)
				p.press("New room")
				p.opened()
				look(t, p, size, "form", dark)
				p.press("Cancel")
				p.shows("no window", `document.querySelector("dialog") === null`)
				p.goTo(2)
				p.press("New API key")
				p.opened()
				look(t, p, size, "scopes", dark)
				p.press("Cancel")
				p.shows("no window", `document.querySelector("dialog") === null`)
				p.press("Revoke: dashboard")
				p.opened()
				look(t, p, size, "confirm", dark)
			}
		})
	}
}

// opened waits for a window over the page.
func (p *Page) opened() {
	p.t.Helper()
	p.shows("a window", `document.querySelector("dialog[open] footer") !== null`)
}

// goTo opens a section by its place in the list and gives its id.
func (p *Page) goTo(n int) string {
	p.t.Helper()
	id, err := Eval[string](p, fmt.Sprintf(`(a => { a.click(); return a.hash.split("/").pop() })(document.querySelectorAll("nav.side a")[%d])`, n))
	if err != nil {
		p.t.Fatal(err)
	}
	p.shows("the section "+id, fmt.Sprintf(`document.querySelector("nav.side a[aria-current]")?.hash.endsWith(%q) && document.querySelector(".waiting") === null && document.querySelector("main .card") !== null`, id))
	return id
}

// look checks and keeps what is on screen.
func look(t *testing.T, p *Page, size, name string, dark bool) {
	t.Helper()
	scheme := map[bool]string{false: "light", true: "dark"}[dark]
	p.shows("an end of movement", `document.getAnimations().every(a => a.playState !== "running" || a.effect.getTiming().iterations === Infinity)`)
	for _, v := range p.Axe(t) {
		t.Errorf("%s %s %s: %v", size, name, scheme, v)
	}
	wide, err := Eval[float64](p, `Math.max(document.documentElement.scrollWidth, document.querySelector("dialog .sheet")?.scrollWidth ?? 0) - innerWidth`)
	if err != nil || wide > 0 {
		t.Errorf("%s %s %s is %.0f px wider than the window (%v)", size, name, scheme, wide, err)
	}
	p.Shot(strings.Join([]string{name, size, scheme}, "-"))
}
