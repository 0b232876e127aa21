package browser

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/mailbox"
)

// post is a network of one POP with a company whose letters arrive.
type post struct {
	*cluster.Cluster
	t    *testing.T
	box  *mailbox.Box
	page string // base URL of the POP
}

func startPost(t *testing.T) *post {
	t.Helper()
	certificate, roots := mailbox.Certify(t)
	box := mailbox.Open(t, certificate)
	c := cluster.StartMailing(t, box, roots, "fra")
	return &post{c, t, box, c.Edges["fra"].URL}
}

// hire makes a user who has an address and no password.
func (o *post) hire(name, email, role string) {
	o.t.Helper()
	o.Call("POST", "/companies/"+o.Company+"/users", map[string]any{"first_name": name, "email": email, "role": role}, nil)
}

// link waits for a letter with a password link that is not among the old ones, and gives it at the POP's port:
// letters name the company's host alone.
func (o *post) link(to string, old ...string) (link string) {
	o.t.Helper()
	find := regexp.MustCompile(`https://127\.0\.0\.1/admin/password#mrl_[\w-]+`)
	cluster.Wait(o.t, startTimeout, "a letter to "+to, func() error {
		for _, l := range o.box.Got(to) {
			u, err := url.Parse(find.FindString(l.Text))
			if err != nil || u.Fragment == "" {
				continue
			}
			link = o.page + u.Path + "#" + u.Fragment
			if !strings.Contains(strings.Join(old, " "), link) {
				return nil
			}
		}
		return fmt.Errorf("%+v", o.box.Got(to))
	})
	return link
}

// follow opens a link from a letter; the page must keep its secret out of the address and the history.
func (p *Page) follow(link string) {
	p.t.Helper()
	p.Open("about:blank")
	p.Open(link)
	p.shows("a card", `document.querySelector("main.signin h1") !== null`)
	_, secret, _ := strings.Cut(link, "#")
	left, err := Eval[bool](p, fmt.Sprintf(`[location.href, document.documentElement.outerHTML, ...Object.values(localStorage), ...Object.values(sessionStorage)].some(x => x.includes(%q))`, secret))
	if err != nil || left {
		p.t.Errorf("the link's secret is still there (%v)", err)
	}
}

// choose types a new password, twice.
func (p *Page) choose(password, again string) {
	p.t.Helper()
	p.enter("input[name=new]", password)
	p.enter("input[name=again]", again)
	p.press("Save the password")
}

// enters signs in at the company's own address.
func (p *Page) enters(email, password string) {
	p.t.Helper()
	p.shows("a form", `document.querySelector("main.signin input[name=password]") !== null`)
	p.enter("input[name=email]", email)
	p.enter("input[name=password]", password)
	p.press("Sign in")
}

const (
	sectionsShow = `document.querySelector("nav.side a") !== null`
	firstChoice  = "a sentence of mine"
	secondChoice = "another sentence of mine"
	thirdChoice  = "yet another sentence"
)

// TestPeopleChooseTheirPasswords is what somebody does who is new, then forgets the password, then changes it: all
// by letters that arrive and links that are followed.
func TestPeopleChooseTheirPasswords(t *testing.T) {
	t.Parallel()
	o := startPost(t)
	const ada = "ada@acme.example"
	o.hire("Ada", ada, "COMPANY_ADMIN")
	welcome := o.link(ada)
	p := New(t, "newcomer", Options{Width: 1280, Height: 800})

	p.follow(welcome)
	p.says("Choose a password")
	p.choose("short", "short")
	p.says("at least 8 characters")
	p.choose(firstChoice, "a sentence of yours")
	p.shows("which field is wrong", `document.querySelector("[name=again]").ariaInvalid === "true" && document.activeElement.name === "again"`)
	p.Click("input[name=shown]")
	p.shows("what is typed", `[...document.querySelectorAll("[name=new], [name=again]")].every(f => f.type === "text" && f.autocomplete === "new-password")`)
	p.Shot("differs")
	p.choose(firstChoice, firstChoice)
	p.says("Your password is saved")
	p.press("Sign in")
	p.enters(ada, firstChoice)
	p.shows("the sections", sectionsShow)
	p.says("Signed in as Ada")

	t.Run("a link works once", func(t *testing.T) {
		p := p.within(t)
		p.follow(welcome)
		p.choose(secondChoice, secondChoice)
		p.says("This link does not work")
		p.press("Ask for a new link")
		p.says("We send you a link")
	})

	t.Run("who forgot is sent a link, who is nobody hears the same", func(t *testing.T) {
		p := p.within(t)
		p.enter("input[name=email]", "nobody@acme.example")
		p.press("Send the link")
		p.says("If nobody@acme.example is somebody’s here")
		p.press("Back to signing in")
		p.press("Forgot your password?")
		p.enter("input[name=email]", ada)
		p.press("Send the link")
		p.says("If " + ada + " is somebody’s here")
		p.follow(o.link(ada, welcome))
		p.choose(secondChoice, secondChoice)
		p.says("Your password is saved")
		p.press("Sign in")
		p.enters(ada, firstChoice)
		p.says("nobody’s address and password")
		p.enters(ada, secondChoice)
		p.shows("the sections", sectionsShow)
		if got := o.box.Got("nobody@acme.example"); len(got) > 0 {
			t.Errorf("a letter to nobody: %+v", got)
		}
	})

	t.Run("one's own password is changed by who knows it", func(t *testing.T) {
		p := p.within(t)
		p.press("Change password")
		p.enter("dialog input[name=password]", firstChoice)
		p.choose(thirdChoice, thirdChoice)
		p.says("This is not your password")
		p.Shot("wrong")
		p.enter("dialog input[name=password]", secondChoice)
		p.press("Save the password")
		p.says("Your password is changed")
		p.enters(ada, thirdChoice)
		p.shows("the sections", sectionsShow)
	})

	t.Run("a company without a provider says so", func(t *testing.T) {
		p := p.within(t)
		p.press("Sign out")
		p.press("Sign in with your company’s account")
		p.says("no account of its own")
		p.Open("about:blank")
		p.Open(o.page + "/admin/#sign-in-failed")
		p.says("could not sign you in here")
		if hash, err := Eval[string](p, "location.hash"); err != nil || hash != "" {
			t.Errorf("the address still says %q (%v)", hash, err)
		}
	})
}

// TestPasswordPageIsForEverybody looks at each state of the page in each size, scheme and language.
func TestPasswordPageIsForEverybody(t *testing.T) {
	t.Parallel()
	o := startPost(t)
	const bob = "bob@acme.example"
	o.hire("Bob", bob, "HOST")
	link, used := o.link(bob), false
	for _, size := range []struct {
		name          string
		width, height int
	}{{"tiny", 200, 480}, {"phone", 390, 844}, {"desk", 1280, 800}} {
		p := New(t, "password", Options{Width: size.width, Height: size.height})
		for _, dark := range []bool{false, true} {
			p.Scheme(dark)
			p.follow(link)
			p.shows("a form", `document.querySelector("input[name=new]") !== null`)
			look(t, p, size.name, "choose", dark)
			p.choose("x", "x")
			look(t, p, size.name, "short", dark)
			if !used {
				used = true
				p.choose(firstChoice, firstChoice)
				p.says("Your password is saved")
				look(t, p, size.name, "done", dark)
			}
			p.follow(o.page + "/admin/password#lost") // the used one, often, is a guesser's
			p.says("This link does not work")
			look(t, p, size.name, "over", dark)
			p.press("Ask for a new link")
			p.shows("a form", `document.querySelector("input[name=email]") !== null`)
			look(t, p, size.name, "forgot", dark)
			p.press("Back to signing in")
			p.enters(bob, firstChoice)
			p.shows("the sections", sectionsShow)
			p.press("Change password")
			p.opened()
			look(t, p, size.name, "change", dark)
		}
	}
	p := New(t, "password", Options{Width: 390, Height: 844})
	p.follow(link)
	p.shows("another language", `(s => { s.value = "ru"; s.dispatchEvent(new Event("change", {bubbles: true})); return document.documentElement.lang === "ru" })(document.querySelector("select[name=language]"))`)
	look(t, p, "russian", "choose", false)
	p.enter("input[name=new]", firstChoice)
	p.enter("input[name=again]", firstChoice)
	p.press("Сохранить пароль")
	p.says("Ссылка не действует")
	look(t, p, "russian", "over", false)
}
