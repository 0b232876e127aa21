package state

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of fields, in bytes unless said otherwise.
const (
	maxID       = 64
	maxName     = 200
	maxPublicID = 128
	maxPEM      = 8 << 10
	maxURL      = 2048
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

// checkNames judges pairs of field and value, in their order: equal commands are refused for equal reasons.
func checkNames(pairs ...string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := checkName(pairs[i], pairs[i+1], false); err != nil {
			return err
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

// checkLimits judges the capacities of a company or a room; 0 is the level above's.
func checkLimits(participants, speakers, viewers int) error {
	if err := checkCount("max_participants", participants, MaxParticipants); err != nil {
		return err
	}
	if err := checkCount("max_speakers", speakers, 1000); err != nil {
		return err
	}
	return checkCount("max_viewers", viewers, MaxParticipants)
}

func checkCount(field string, n, most int) error {
	if n < 0 || n > most {
		return invalid(field, fmt.Sprintf("must be between 0 and %d", most))
	}
	return nil
}

// checkBitrate wants bit/s that a voice fits into; 0 is no bound.
func checkBitrate(field string, n int) error {
	if n != 0 && (n < 30_000 || n > 100_000_000) {
		return invalid(field, "must be 0 or between 30000 and 100000000 bit/s")
	}
	return nil
}

func checkStatus(s *string) error {
	setDefault(s, StatusActive)
	return checkOneOf("status", s, StatusActive, StatusSuspended)
}

func setDefault(s *string, to string) {
	if *s == "" {
		*s = to
	}
}

func checkOneOf(field string, s *string, words ...string) error {
	if s == nil || slices.Contains(words, *s) {
		return nil
	}
	return invalid(field, "must be one of "+strings.Join(words, ", "))
}

func checkDigits(field, s string, least, most int) error {
	if len(s) < least || len(s) > most || strings.Trim(s, "0123456789") != "" {
		return invalid(field, fmt.Sprintf("must have %d to %d digits", least, most))
	}
	return nil
}

// checkText wants text of several lines.
func checkText(field, s string, most int) error {
	if len(s) > most {
		return invalid(field, fmt.Sprintf("must have at most %d bytes", most))
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f }) {
		return invalid(field, "must be UTF-8 text without control characters")
	}
	return nil
}

// checkEmail wants the addresses that people have: a dot-atom and a host name (RFC 5321, section 4.1.2, without
// quoted local parts and address literals).
func checkEmail(field, s string) error {
	local, host, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 || local == "" || len(local) > 64 || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return invalid(field, "must be an e-mail address")
	}
	for _, r := range local {
		if r < 0x80 && !alphanumeric(byte(r)) && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r) || !utf8.ValidString(local) {
			return invalid(field, "must be an e-mail address")
		}
	}
	if checkFQDN(field, strings.ToLower(host)) != nil || !strings.Contains(host, ".") && host != "localhost" {
		return invalid(field, "must be an e-mail address")
	}
	return nil
}

// fold is the form in which e-mail addresses are compared. Case in the local part means nothing to anybody.
func fold(email string) string { return strings.ToLower(email) }

// checkPhone wants E.164.
func checkPhone(field, s string) error {
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 5 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' {
		return invalid(field, "must be an international number such as +442071234567 (E.164)")
	}
	return nil
}

// checkHTTPS wants an absolute URL without user and fragment.
func checkHTTPS(field, s string) error {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return invalid(field, "must be an https URL of at most 2048 bytes, without user and fragment")
	}
	return nil
}

// maxPicture bounds a picture that stands in the state itself, in bytes of text: a logo, no photograph, since every
// edge holds it and every page carries it.
const maxPicture = 16 << 10

// checkPicture wants nothing, the https URL of a picture, or one as a data URL (RFC 2397).
func checkPicture(field, s string) error {
	rest, isData := strings.CutPrefix(s, "data:")
	if !isData {
		if s == "" {
			return nil
		}
		return checkHTTPS(field, s)
	}
	kind, data, _ := strings.Cut(rest, ";base64,")
	_, err := base64.StdEncoding.DecodeString(data)
	if err != nil || data == "" || len(s) > maxPicture || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}, kind) {
		return invalid(field, "must be an https URL, or data:image/(png|jpeg|gif|webp|svg+xml);base64 of at most 16384 bytes")
	}
	return nil
}

func checkColour(field, s string) error {
	if len(s) != 7 || s[0] != '#' || strings.Trim(strings.ToLower(s[1:]), "0123456789abcdef") != "" {
		return invalid(field, "must be a colour #rrggbb")
	}
	return nil
}

// checkLocale wants a language tag's shape (RFC 5646, section 2.1).
func checkLocale(field, s string) error {
	if len(s) > 35 {
		return invalid(field, "must be a language tag such as en or pt-BR")
	}
	for part := range strings.SplitSeq(s, "-") {
		if part == "" || len(part) > 8 || strings.ContainsFunc(part, func(r rune) bool { return r >= 0x80 || !alphanumeric(byte(r)) }) {
			return invalid(field, "must be a language tag such as en or pt-BR")
		}
	}
	return nil
}

// checkZoneName wants the shape of an IANA time zone name; whether there is such a zone depends on a node's
// tables, so that the proposer judges it.
func checkZoneName(field, s string) error {
	if len(s) > 64 || strings.Contains(s, "..") || strings.ContainsFunc(s, func(r rune) bool {
		return r >= 0x80 || !alphanumeric(byte(r)) && !strings.ContainsRune("/_+-", r)
	}) {
		return invalid(field, "must be a time zone such as Europe/Berlin")
	}
	return nil
}

// checkLabel wants one label of a host name.
func checkLabel(field, s string) error {
	if strings.Contains(s, ".") || checkFQDN(field, s) != nil {
		return invalid(field, "must be one lower-case label of a host name")
	}
	return nil
}

// checkOrigin wants https://host or https://*.host, with or without a port.
func checkOrigin(field, s string) error {
	rest, ok := strings.CutPrefix(s, "https://")
	host, port, hasPort := strings.Cut(strings.TrimPrefix(rest, "*."), ":")
	if !ok || checkFQDN(field, host) != nil || strings.HasPrefix(rest, "*.") && !strings.Contains(host, ".") {
		return invalid(field, "must be https://host or https://*.host")
	}
	if n, err := strconv.ParseUint(port, 10, 16); hasPort && (err != nil || n == 0 || port[0] == '0' || n == 443) {
		return invalid(field, "has no such port; 443 is left out")
	}
	return nil
}

// checkCIDR wants an address range in its one spelling.
func checkCIDR(field, s string) error {
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Masked() != p || p.String() != s {
		return invalid(field, "must be an address range such as 192.0.2.0/24 or 2001:db8::/32")
	}
	return nil
}

// checkScope wants thing:read or thing:write.
func checkScope(field, s string) error {
	thing, verb, ok := strings.Cut(s, ":")
	if !ok || checkID(field, thing) != nil || verb != "read" && verb != "write" {
		return invalid(field, "must be a thing and read or write, as rooms:read")
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
