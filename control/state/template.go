package state

import "strings"

// Template is a company's own wording of a letter in one language.
type Template struct {
	Meta
	TemplateSpec
}

// TemplateSpec is what a letter says. Whether its text is a template that works is the proposer's to judge: a log
// must not depend on a parser's mood.
type TemplateSpec struct {
	Letter   string `json:"letter" enum:"invitation,update,cancellation,reminder,welcome,reset" doc:"Which letter it is for."`
	Language string `json:"language" minLength:"2" maxLength:"8" pattern:"^[a-z]{2,8}$" doc:"Of the people who get it: the first part of their locale (BCP 47)." example:"en"`
	Text     string `json:"text" minLength:"1" maxLength:"65536" doc:"Parts {{define \"subject\"}}, \"text\", \"html\" and \"sms\"; what it leaves out is the built-in one's. Fields: .Brand .Name .Organizer .Subject .Agenda .When .Zone .Minutes .Link .PIN .DialIn .Code .PasswordLink, and {{if}} over them."`
}

func (t *Template) spec() any { return &t.TemplateSpec }

// maxTemplateText bounds a template, in bytes.
const maxTemplateText = 64 << 10

func (t *Template) check(_ *tx, was Entity) error {
	if err := checkOneOf("letter", &t.Letter, "invitation", "update", "cancellation", "reminder", "welcome", "reset"); err != nil {
		return err
	}
	if len(t.Language) < 2 || len(t.Language) > 8 || strings.Trim(t.Language, "abcdefghijklmnopqrstuvwxyz") != "" {
		return invalid("language", "must be a language such as en, without a region")
	}
	if t.Text == "" {
		return invalid("text", "must not be empty")
	}
	if old, ok := was.(*Template); ok && (old.Letter != t.Letter || old.Language != t.Language) {
		return invalid("letter", "letter and language cannot be changed; add another template")
	}
	return checkText("text", t.Text, maxTemplateText)
}
