package edge

import (
	"iter"
	"net/url"
	"strings"
	"unicode"
)

// maxLeaveURL bounds an address in bytes.
const maxLeaveURL = 2048

// leaveURL is where a page may go after the call: a path on the page's own host,
// or an https address of a site that the company has listed. A link that could
// send people anywhere would lend the company's name to whoever made it
// (CB-A46), so that what is neither is nothing. Without a scheme it is a path
// (CB-A47).
func leaveURL(s string, listed iter.Seq[string]) string {
	if s == "" || len(s) > maxLeaveURL || strings.ContainsFunc(s, odd) {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.User != nil || u.Opaque != "":
		return ""
	case u.Scheme == "" && u.Host == "":
		return "/" + strings.TrimLeft(u.String(), "/")
	case u.Scheme != "https" || u.Host == "":
		return ""
	}
	for pattern := range listed {
		if covers(pattern, u) {
			return u.String()
		}
	}
	return ""
}

// odd are characters that browsers drop from addresses, or read as others: what
// is judged here has to be what is gone to (URL Standard, sections 4.1 and 4.4).
func odd(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }

// covers tells whether a pattern of a company's list, https://name with an
// asterisk for what is left of a domain and a port perhaps, names an address.
func covers(pattern string, u *url.URL) bool {
	host, ok := strings.CutPrefix(pattern, "https://")
	if !ok {
		return false
	}
	have := strings.ToLower(strings.TrimSuffix(u.Host, ":443"))
	host = strings.ToLower(strings.TrimSuffix(host, ":443"))
	if below, wild := strings.CutPrefix(host, "*."); wild {
		return strings.HasSuffix(have, "."+below) && len(have) > len(below)+1
	}
	return have == host
}
