package entry

import "encoding/hex"

// PhotoSource is where pictures of people come from, the first that has one.
type PhotoSource string

// The sources of pictures. The empty one is what somebody of the company or its
// partner chose, and nobody is asked by an e-mail address unless a company says
// so: that tells a third party that its owner meets here.
const (
	CustomPhoto   PhotoSource = "custom"   // chosen, else by e-mail address
	GravatarPhoto PhotoSource = "gravatar" // by e-mail address alone
	Initials      PhotoSource = "initials" // none
)

const (
	maxPhoto = 1024 // bytes of an address, as rooms keep them
	hashSize = 32   // bytes of SHA-256
)

// photo decides on the picture of who comes in.
func (d *decision) photo() {
	from := d.in.Company.Photos
	if at := httpsURL(d.a[Photo]); len(at) <= maxPhoto && (from == "" || from == CustomPhoto) {
		d.out.Photo = at
	}
	if d.out.Photo == "" && (from == CustomPhoto || from == GravatarPhoto) {
		if b, err := hex.DecodeString(d.a[MailHash]); err == nil && len(b) == hashSize {
			d.out.MailHash = hex.EncodeToString(b)
		}
	}
}
