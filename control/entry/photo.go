package entry

import (
	"cmp"
	"encoding/hex"
)

// PhotoSource is where pictures of people come from, the first that has one.
type PhotoSource string

// The sources of pictures; the empty one is the first. To ask by an e-mail address
// tells a third party its hash: a company that does not want that has initials.
const (
	CustomPhoto   PhotoSource = "custom"   // chosen, else by e-mail address, else initials
	GravatarPhoto PhotoSource = "gravatar" // by e-mail address alone
	Initials      PhotoSource = "initials" // none
)

const (
	maxPhoto = 1024 // bytes of an address, as rooms keep them
	hashSize = 32   // bytes of SHA-256
)

// photo decides on the picture of who comes in.
func (d *decision) photo() {
	from := cmp.Or(d.in.Company.Photos, CustomPhoto)
	if at := httpsURL(d.a[Photo]); len(at) <= maxPhoto && from == CustomPhoto {
		d.out.Photo = at
	}
	if d.out.Photo == "" && (from == CustomPhoto || from == GravatarPhoto) {
		if b, err := hex.DecodeString(d.a[MailHash]); err == nil && len(b) == hashSize {
			d.out.MailHash = hex.EncodeToString(b)
		}
	}
}
