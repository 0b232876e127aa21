package state

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Names of a token's attributes that say where a picture of its bearer is.
const (
	photoAttribute = "photo"
	hashAttribute  = "photoHash"
)

// maxPortrait is the longest address of a photo that a token carries, in bytes;
// rooms keep no longer one.
const maxPortrait = 1024

// Portrait is what a token says of its bearer's picture: where it is, and
// SHA-256 of the e-mail address, by which services for such have one. The address
// itself is not in it: tokens stand in links.
func Portrait(photo, email string) map[string]string {
	out := map[string]string{}
	if photo != "" && len(photo) <= maxPortrait {
		out[photoAttribute] = photo
	}
	if email = strings.ToLower(strings.TrimSpace(email)); email != "" {
		sum := sha256.Sum256([]byte(email))
		out[hashAttribute] = hex.EncodeToString(sum[:])
	}
	return out
}

// PortraitOf is that of an invited person, as the company knows them.
func (v *View) PortraitOf(a Attendee) map[string]string {
	if u, ok := GetOwned[User](v, a.Company, a.User); a.User != "" && ok {
		return Portrait(u.Photo, u.Email)
	}
	if c, ok := GetOwned[Customer](v, a.Company, a.Customer); a.Customer != "" && ok {
		return Portrait(c.Photo, c.Email)
	}
	return Portrait("", a.Email)
}
