package entry

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Attributes are named values of one person's entry, as text. Booleans and
// numbers stand as they were spelt.
type Attributes map[string]string

// Names of attributes.
const (
	RoomID                    = "roomId"
	PeerID                    = "peerId"
	DisplayName               = "displayName"
	Role                      = "role"
	CanRecord                 = "canRecord"
	WaitingRoom               = "waitingRoom"
	StartTime                 = "startTime"
	ItIsParticipant           = "itisparticipant"
	TokenLifetime             = "tokenLifetime"
	Video                     = "video"
	Lang                      = "lang"
	NameScreenDisabled        = "nameScreenDisabled"
	ControlsDisabled          = "controlsDisabled"
	DisableChat               = "disableChat"
	MinimizeTiles             = "minimizeTiles"
	SortPeers                 = "sortPeers"
	StartWithFS               = "startWithFS"
	AutoplayWithoutAudioTrack = "autoplayWithoutAudioTrack"
)

// where says which origin of an attribute counts (INV-06).
type where int

const (
	signedOnly where = iota + 1
	signedFirst
	urlOnly
)

// origins is the table of all attributes that mean something.
var origins = map[string]where{
	RoomID: signedFirst, PeerID: signedFirst, DisplayName: signedFirst,
	ItIsParticipant: signedFirst, TokenLifetime: signedFirst, Video: signedFirst,

	Role: signedOnly, CanRecord: signedOnly, WaitingRoom: signedOnly, StartTime: signedOnly,

	Lang: urlOnly, NameScreenDisabled: urlOnly, ControlsDisabled: urlOnly, DisableChat: urlOnly,
	MinimizeTiles: urlOnly, SortPeers: urlOnly, StartWithFS: urlOnly, AutoplayWithoutAudioTrack: urlOnly,
}

// aliases are second spellings, which yield to the first where both are given.
var aliases = map[string]string{"peerID": PeerID, "disbleChat": DisableChat}

// ReadURL takes the attributes out of a page's query: the first value of each
// name, exact names and their aliases, nothing else. The token is not among
// them.
func ReadURL(q url.Values) Attributes {
	a := make(Attributes)
	for name := range origins {
		if v, ok := q[name]; ok && len(v) > 0 {
			a[name] = v[0]
		}
	}
	for alias, name := range aliases {
		if v, ok := q[alias]; ok && len(v) > 0 {
			if _, given := a[name]; !given {
				a[name] = v[0]
			}
		}
	}
	return a
}

// merge joins what was signed with what the URL says.
func merge(signed, fromURL Attributes) Attributes {
	out := make(Attributes)
	for name, rule := range origins {
		v, isSigned := get(signed, name)
		u, inURL := get(fromURL, name)
		switch {
		case isSigned && rule != urlOnly:
			out[name] = v
		case inURL && rule != signedOnly:
			out[name] = u
		}
	}
	return out
}

// get finds an attribute under its name or an alias. An empty text counts as
// not given, except for booleans, where the bare name means true.
func get(a Attributes, name string) (string, bool) {
	v, ok := a[name]
	if !ok {
		for alias, of := range aliases {
			if of == name && !ok {
				v, ok = a[alias]
			}
		}
	}
	if ok && isText[name] && strings.TrimSpace(v) == "" {
		return "", false
	}
	return v, ok
}

// isText are the attributes that are not booleans.
var isText = map[string]bool{
	RoomID: true, PeerID: true, DisplayName: true, Role: true, StartTime: true,
	TokenLifetime: true, Video: true, Lang: true,
}

// Bool reads a boolean: true, 1 or nothing is true, false or 0 is false,
// anything else is the default.
func (a Attributes) Bool(name string, otherwise bool) bool {
	v, ok := a[name]
	if !ok {
		return otherwise
	}
	switch v {
	case "true", "1", "":
		return true
	case "false", "0":
		return false
	}
	return otherwise
}

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

// watchURL accepts absolute https addresses only (GC-A48).
func watchURL(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return s
}
