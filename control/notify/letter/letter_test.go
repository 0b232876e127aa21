package letter

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func sample(k Kind, language string) Occasion {
	return Occasion{
		Kind: k, Brand: "Acme", From: "meet@acme.example", To: Person{"Boris", "boris@example.org", "+491234", language},
		Meeting: Meeting{
			ID: "m-81.acme", Sequence: 1, Subject: "Budget & <plan>", Agenda: "1. Numbers\n2. <b>Dates</b>", Start: noon, Duration: 45 * time.Minute, Zone: "Europe/Berlin",
			Link: "https://meet.acme.example/m/daily?t=a&u=b", PIN: "4711", DialIn: "+49 30 1234", Code: "998877", Organizer: Person{Name: "Ann", Email: "ann@acme.example"},
		},
		PasswordLink: "https://meet.acme.example/password/x",
	}
}

func TestLettersAreGolden(t *testing.T) {
	for tag := range languages {
		for _, k := range Kinds {
			l, err := Compose(sample(k, tag), "", noon)
			if err != nil {
				t.Fatal(err)
			}
			sms, err := SMS(sample(k, tag), "")
			if err != nil {
				t.Fatal(err)
			}
			got := "Subject: " + l.Subject + "\n\n" + l.Text + "\n--- html\n" + l.HTML + "\n--- sms\n" + sms + "\n"
			file := filepath.Join("testdata", tag, string(k)+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil || got != string(want) {
				t.Errorf("%s is not as kept (-update rewrites it): %v\n%s", file, err, got)
			}
			if strings.Contains(l.HTML, "<b>Dates</b>") || strings.Contains(l.HTML, "<plan>") {
				t.Errorf("%s: a user's text is markup: %s", file, l.HTML)
			}
		}
	}
}

func TestCalendarsGoWithWhatChangesThem(t *testing.T) {
	want := map[Kind]string{Invitation: "REQUEST", Update: "REQUEST", Cancellation: "CANCEL", Reminder: "", Welcome: ""}
	for _, k := range Kinds {
		l, err := Compose(sample(k, "en"), "", noon)
		if err != nil || l.Method != want[k] || (l.Calendar != "") != (want[k] != "") {
			t.Errorf("%s: method %q, %v", k, l.Method, err)
		}
		if l.Calendar != "" && (!strings.Contains(l.Calendar, "\r\nUID:m-81.acme\r\nSEQUENCE:1\r\n") || !strings.Contains(l.Calendar, "METHOD:"+want[k])) {
			t.Errorf("%s: %s", k, l.Calendar)
		}
	}
}

func TestOtherLanguagesGetEnglish(t *testing.T) {
	for tag, want := range map[string]string{"": "Invitation", "de-DE": "Invitation", "ru-RU": "Приглашение", "RU": "Приглашение", "ru_RU": "Приглашение", "en-GB": "Invitation"} {
		if l, err := Compose(sample(Invitation, tag), "", noon); err != nil || !strings.HasPrefix(l.Subject, want) {
			t.Errorf("%q: %q, %v", tag, l.Subject, err)
		}
	}
}

func TestACompanysPartsReplaceOurs(t *testing.T) {
	own := `{{define "subject"}}Come to {{.Brand}}{{if and .PIN (ne .Code "")}} ({{.PIN}}){{end}}{{end}}{{define "html"}}<a href="{{.Link}}">{{.Agenda}}</a>{{end}}`
	if err := Check(own); err != nil {
		t.Fatal(err)
	}
	l, err := Compose(sample(Invitation, "en"), own, noon)
	if err != nil || l.Subject != "Come to Acme (4711)" || !strings.Contains(l.HTML, "&lt;b&gt;") || !strings.HasPrefix(l.Text, "Hello Boris") {
		t.Errorf("%v: %+v", err, l)
	}
}

func TestATemplateThatFailsLeavesOurs(t *testing.T) {
	for _, own := range []string{`{{define "text"}}{{.Nothing}}{{end}}`, `{{define "text"}}{{`, `{{define "text"}}{{.Brand.X}}{{end}}`} {
		l, err := Compose(sample(Invitation, "en"), own, noon)
		if !errors.Is(err, ErrTemplate) || !strings.HasPrefix(l.Text, "Hello Boris") || l.Subject == "" {
			t.Errorf("%s: %v, %q", own, err, l.Text)
		}
	}
}

func TestTemplatesCannotRunAway(t *testing.T) {
	for _, bad := range []string{
		`{{define "text"}}{{range 1000000000}}{{end}}{{end}}`,
		`{{define "text"}}{{range $i, $c := .Brand}}x{{end}}{{end}}`,
		`{{define "text"}}{{template "text"}}{{end}}`,
		`{{define "text"}}{{block "html" .}}x{{end}}{{end}}`,
		`{{define "text"}}{{printf "%999999d" 1}}{{end}}`,
		`{{define "text"}}{{$x := .Brand}}{{$x}}{{end}}`,
		`{{define "text"}}{{if true}}{{range 9}}{{end}}{{end}}{{end}}`,
		`{{define "text"}}{{with .Brand}}{{. | len}}{{end}}{{end}}`,
		`{{define "text"}}{{if eq (len .Brand) 3}}{{end}}{{end}}`,
		`{{define "text"}}{{break}}{{end}}`,
		`{{define "text"}}{{call .Brand}}{{end}}`,
		`{{define "footer"}}x{{end}}`,
		`{{define "html"}}<script>{{end}}`,
		strings.Repeat("x", maxTemplate+1),
	} {
		if err := Check(bad); !errors.Is(err, ErrTemplate) {
			t.Errorf("%.80s: %v", bad, err)
		}
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	for name, change := range map[string]func(*Occasion){
		"zone": func(o *Occasion) { o.Meeting.Zone = "Mars/Olympus" },
		"id":   func(o *Occasion) { o.Meeting.ID = "" },
		"kind": func(o *Occasion) { o.Kind = "advertisement" },
		"to":   func(o *Occasion) { o.To.Email = "x" },
	} {
		o := sample(Invitation, "en")
		change(&o)
		if _, err := Compose(o, "", noon); !errors.Is(err, ErrOccasion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzCheck holds that what is accepted writes within bounds, and that no template breaks anything.
func FuzzCheck(f *testing.F) {
	for _, k := range Kinds {
		source, err := builtIn.ReadFile("templates/en/" + string(k) + ".tmpl")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(source))
	}
	f.Add(`{{define "html"}}<a href={{.Link}} onclick="{{.Brand}}">{{if .PIN}}{{else if .Code}}{{end}}{{end}}`)
	f.Fuzz(func(t *testing.T, own string) {
		if Check(own) != nil {
			return
		}
		l, err := Compose(sample(Update, "en"), own, noon)
		if err != nil && !errors.Is(err, ErrTemplate) {
			t.Fatal(err)
		}
		if len(l.Text)+len(l.HTML)+len(l.Subject) > 3*maxWritten || strings.Contains(l.Text, "\x00") && utf8.ValidString(own) && !strings.Contains(own, "\x00") {
			t.Errorf("%d bytes", len(l.Text))
		}
	})
}
