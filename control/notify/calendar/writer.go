package calendar

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"
)

// Forms of time (RFC 5545 section 3.3.5).
const (
	instant = "20060102T150405Z"
	local   = "20060102T150405"
)

// maxLine is how many octets a line may have without its end (RFC 5545 section 3.1).
const maxLine = 75

// writer writes content lines.
type writer struct{ bytes.Buffer }

// line writes one, folded between runes.
func (w *writer) line(s string) {
	room := maxLine
	for len(s) > room {
		n := room
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		if n == 0 { // no UTF-8
			n = room
		}
		w.WriteString(s[:n] + "\r\n ")
		s, room = s[n:], maxLine-1
	}
	w.WriteString(s + "\r\n")
}

// escapes are those of RFC 5545 section 3.3.11.
var escapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

func (w *writer) text(name, value string) {
	value = escapes.Replace(strings.ToValidUTF8(value, "\uFFFD"))
	w.line(name + ":" + drop(value))
}

func (w *writer) time(name string, t time.Time, zone *time.Location) {
	if zone == time.UTC {
		w.line(name + ":" + t.UTC().Format(instant))
		return
	}
	w.line(name + ";TZID=" + zone.String() + ":" + t.In(zone).Format(local))
}

// quotable makes a name fit for quotes: none may be in it (RFC 5545 section 3.2), and some readers take a backslash
// before the closing one for an escape.
var quotable = strings.NewReplacer(`"`, "'", `\`, "/")

// person writes an address with its name as a parameter.
func (w *writer) person(name, parameters string, p Person) {
	called := quotable.Replace(drop(strings.ToValidUTF8(p.Name, "\uFFFD")))
	if called == "" {
		called = p.Email
	}
	w.line(name + `;CN="` + called + `"` + parameters + ":mailto:" + p.Email)
}

// drop leaves control characters out.
func drop(s string) string {
	return strings.Map(func(r rune) rune {
		if control(r) {
			return -1
		}
		return r
	}, s)
}

func control(r rune) bool { return r < ' ' || r == 0x7F }
