package state

import (
	"strings"
	"unicode/utf8"
)

// Limits of fields, in bytes unless said otherwise.
const (
	maxID       = 64
	maxName     = 200
	maxPublicID = 128
	maxPEM      = 8 << 10
	// MaxParticipants is the upper bound of what a company or room may be configured for.
	MaxParticipants = 100_000
)

// checkID wants the characters of our own ids and of operators' short names.
func checkID(field, id string) error {
	if id == "" || len(id) > maxID {
		return invalid(field, "must have 1 to 64 characters")
	}
	for _, r := range []byte(id) {
		if !alphanumeric(r) && r != '-' && r != '.' {
			return invalid(field, "may hold letters, digits, '-' and '.' only")
		}
	}
	return nil
}

func checkName(field, name string, required bool) error {
	switch {
	case required && strings.TrimSpace(name) == "":
		return invalid(field, "must not be empty")
	case len(name) > maxName:
		return invalid(field, "must have at most 200 bytes")
	case !utf8.ValidString(name):
		return invalid(field, "must be UTF-8")
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f {
			return invalid(field, "must not hold control characters")
		}
	}
	return nil
}

// checkPublicID wants characters that stand in a path or query as they are (RFC 3986, section 2.3).
func checkPublicID(field, id string) error {
	if id == "" || len(id) > maxPublicID {
		return invalid(field, "must have 1 to 128 characters")
	}
	if id == "." || id == ".." {
		return invalid(field, "must not be a dot segment")
	}
	for _, r := range []byte(id) {
		if !alphanumeric(r) && !strings.ContainsRune("-._~", rune(r)) {
			return invalid(field, "may hold letters, digits, '-', '.', '_' and '~' only")
		}
	}
	return nil
}

func checkMaxParticipants(n int) error {
	if n < 0 || n > MaxParticipants {
		return invalid("max_participants", "must be between 0 and 100000")
	}
	return nil
}

func checkStatus(s string) error {
	if s != StatusActive && s != StatusSuspended {
		return invalid("status", "must be active or suspended")
	}
	return nil
}

func checkRoomKind(k string) error {
	if k != KindCall && k != KindWebinar {
		return invalid("kind", "must be call or webinar")
	}
	return nil
}

// checkFQDN wants a host name of letters, digits and hyphens (RFC 1123, section 2.1), lower case, at most
// 253 bytes. Names in other scripts are given in their A-label form (RFC 5890).
func checkFQDN(field, name string) error {
	if name == "" || len(name) > 253 {
		return invalid(field, "must have 1 to 253 characters")
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return invalid(field, "must be a host name, without a trailing dot")
		}
		for _, r := range []byte(label) {
			if !alphanumeric(r) && r != '-' || r >= 'A' && r <= 'Z' {
				return invalid(field, "must be a lower-case host name")
			}
		}
	}
	return nil
}

func alphanumeric(r byte) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// NormalizeHost gives the form in which room domains are kept: lower case, no port, no trailing dot.
func NormalizeHost(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
