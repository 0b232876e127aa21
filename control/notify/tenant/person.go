package tenant

import (
	"strings"

	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/state"
)

// guest is who an attendee is; false for those whom nobody writes to: deleted, inactive or silent.
func guest(v *state.View, a state.Attendee, locale string) (letter.Person, bool) {
	switch {
	case a.User != "":
		u, ok := state.GetOwned[state.User](v, a.Company, a.User)
		return user(u, locale), ok && !u.Inactive && !u.Silent
	case a.Customer != "":
		c, ok := state.GetOwned[state.Customer](v, a.Company, a.Customer)
		return letter.Person{Name: c.DisplayName(), Email: c.Email, Phone: c.Phone, Language: locale}, ok && !c.Inactive
	}
	return letter.Person{Name: a.Name, Email: a.Email, Language: locale}, true
}

// user is one as letters name people; whose own locale is absent reads the company's.
func user(u state.User, locale string) letter.Person {
	if u.Locale != "" {
		locale = u.Locale
	}
	return letter.Person{Name: u.DisplayName(), Email: u.Email, Phone: u.Phone, Language: locale}
}

// tongue is the language of a tag, as templates are kept under: pt-BR is pt, none is English.
func tongue(tag string) string {
	name, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if name == "" {
		return "en"
	}
	return name
}

// template is a company's own for a letter in a language; "" is none.
func template(v *state.View, company string, k letter.Kind, language string) string {
	t, _ := state.Find[state.Template](v, "letter", company, string(k), tongue(language))
	return t.Text
}
