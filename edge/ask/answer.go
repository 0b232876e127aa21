package ask

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts of a server's that visitors are shown, in characters.
const (
	maxReason  = 500
	maxContact = 200
)

// verdict reads an answer; nil lets the visitor in.
func verdict(status int, contentType string, body []byte) *Refusal {
	r := &Refusal{Status: status}
	switch {
	case 200 <= status && status < 300:
		return nil
	case status == http.StatusLocked:
		r.Code = Locked
	case status == http.StatusTooEarly:
		r.Code = TooEarly
	case 400 <= status && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout:
		r.Code = Denied
	default:
		r.Code = Unreachable
	}
	if r.Code == Locked || r.Code == TooEarly {
		r.Reason, r.Contact = words(contentType, body)
	}
	return r
}

// words are what an answer says to the visitor: JSON with message and contact,
// or text. What is markup is for nobody's eyes.
func words(contentType string, body []byte) (reason, contact string) {
	kind, _, _ := mime.ParseMediaType(contentType)
	var said struct{ Message, Contact string }
	switch {
	case json.Unmarshal(body, &said) == nil:
		return plain(said.Message, maxReason), plain(said.Contact, maxContact)
	case kind == "application/json", kind == "text/html", kind == "application/xhtml+xml":
		return "", ""
	case utf8.Valid(body):
		return plain(string(body), maxReason), ""
	}
	return "", ""
}

// plain makes one line of a text, without control characters and marks that turn
// the direction of what follows, and bounds its characters.
func plain(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}), " ")
	n := 0
	for i := range s {
		if n++; n > limit {
			return s[:i]
		}
	}
	return s
}
