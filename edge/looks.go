package edge

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/meridian-video/meridian/control/client"
)

// looks is how the pages of a company look, in a room perhaps, in the words of
// the page: it gets them as it is served, so that nothing changes before the
// person's eyes.
type looks struct {
	Name       string `json:"name,omitempty"` // instead of ours
	Logo       string `json:"logo,omitempty"` // URL
	Link       string `json:"link,omitempty"` // behind the logo
	Background string `json:"background,omitempty"`
	Colour     string `json:"colour,omitempty"`
	Lang       string `json:"lang,omitempty"` // where the address names none
}

// looksOf reads the looks of a host and a room from this node's copy; under a
// host of no company it is the zero looks.
func looksOf(v *client.View, host, room string) looks {
	c, ok := v.CompanyByHost(host)
	if !ok {
		return looks{}
	}
	r, _ := v.Room(c.ID, room)
	var out looks
	s := v.Settings(c, r)
	if b := s.Branding; b != nil {
		out = looks{Name: b.Name, Logo: picture(b.Logo), Link: b.Link, Background: b.Background, Colour: b.Colour}
		if !strings.HasPrefix(b.Background, "#") {
			out.Background = picture(b.Background)
		}
		if origin(b.Link) == "" {
			out.Link = ""
		}
	}
	if s.Locale != nil {
		out.Lang = *s.Locale
	}
	return out
}

// picture is the address of a picture that the page may show, else nothing.
func picture(s string) string {
	if strings.HasPrefix(s, "data:image/") || origin(s) != "" {
		return s
	}
	return ""
}

// origin is that of an https address as a source expression (CSP Level 3,
// section 2.3.1). It is empty for all others, and for hosts with characters that
// would end the expression.
func origin(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsFunc(u.Host, unlikeHost) {
		return ""
	}
	return "https://" + u.Host
}

func unlikeHost(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == ':')
}

// sources are where the pictures come from, as source expressions with a space
// before each.
func (l looks) sources() string {
	var out string
	for _, s := range []string{l.Logo, l.Background} {
		if o := origin(s); o != "" && !strings.Contains(out+" ", " "+o+" ") {
			out += " " + o
		}
	}
	return out
}

func (l looks) json() string {
	b, _ := json.Marshal(l) // of texts alone: cannot fail
	return string(b)
}

// title is what the window is called until the page knows the person's language.
func (l looks) title() string { return l.Name }
