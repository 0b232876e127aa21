package entry

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxName = 128 // runes
	maxID   = 256 // bytes, of room and peer ids
	maxURL  = 2048
)

// CleanName makes a name fit for showing: one line, no control characters, no
// marks that turn the direction of the text after it, at most 128 runes.
func CleanName(s string) string {
	var b strings.Builder
	runes, space := 0, false
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size <= 1 {
				continue // not UTF-8
			}
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.IsControl(r), isBidi(r):
			continue
		}
		if space {
			if runes++; runes >= maxName {
				break
			}
			b.WriteByte(' ')
			space = false
		}
		if runes++; runes > maxName {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isBidi are the explicit formatting characters of the bidirectional algorithm
// (UAX #9 section 2) and the two marks.
func isBidi(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0x061C
}

// validID accepts ids of any characters up to 256 bytes.
func validID(s string) bool { return len(s) <= maxID && utf8.ValidString(s) }

// startTime reads ISO 8601 as leniently as partners write it: surrounding
// blanks and odd fractions are no matter, a missing zone means UTC.
func startTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// lifetime reads milliseconds; 0 where nothing sensible is given.
func lifetime(s string) time.Duration {
	ms, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(ms > 0) || ms > float64(100*365*24*time.Hour/time.Millisecond) {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// httpsURL accepts absolute https addresses only (GC-A48).
func httpsURL(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return s
}

// CleanAddress is the form in which e-mail addresses are compared: letter case
// and surrounding blanks do not matter (MB-A14). Empty where it is none.
func CleanAddress(s string) string {
	s = strings.TrimSpace(s)
	if at := strings.LastIndexByte(s, '@'); at < 1 || at == len(s)-1 || !validID(s) {
		return ""
	}
	return strings.ToLower(s)
}
