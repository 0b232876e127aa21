package photo

import (
	"encoding/hex"
	"net/url"
	"strings"
)

// Source is where a picture is: an https URL, or by the hash of an e-mail
// address at a service for such. As text it is the URL, or "mail:" and the hash.
// Empty: there is none.
type Source string

const (
	byMail    = "mail:"
	hashBytes = 32 // of SHA-256
	// MaxSource is the length of the longest source, in bytes.
	MaxSource = 1024
)

// ByMail is the source for an address of which SHA-256 in hexadecimal digits is
// given, after blanks around it are cut and it is in lower case. It is empty
// for what is no such hash.
func ByMail(hash string) Source {
	if b, err := hex.DecodeString(hash); err != nil || len(b) != hashBytes {
		return ""
	}
	return Source(byMail + strings.ToLower(hash))
}

// address is the URL to fetch; gravatar is the base URL of the service.
func (s Source) address(gravatar string) (string, bool) {
	if len(s) > MaxSource {
		return "", false
	}
	if hash, ok := strings.CutPrefix(string(s), byMail); ok {
		return gravatar + "/" + hash + "?s=256&d=404&r=g", gravatar != "" && ByMail(hash) == s
	}
	u, err := url.Parse(string(s))
	return string(s), err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}
