package entry

import (
	"strings"
	"testing"
)

func TestPhotoIsWhatIsSignedAndTheCompanyWants(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	const chosen = "https://pictures.example/ada.png"
	for _, test := range []struct {
		name         string
		from         PhotoSource
		signed, url  Attributes
		photo, hashd string
	}{
		{"chosen", "", Attributes{Photo: chosen, MailHash: hash}, nil, chosen, ""},
		{"by address where nobody says otherwise", "", Attributes{MailHash: hash}, nil, "", hash},
		{"chosen first", CustomPhoto, Attributes{Photo: chosen, MailHash: hash}, nil, chosen, ""},
		{"then by address", CustomPhoto, Attributes{MailHash: hash}, nil, "", hash},
		{"by address alone", GravatarPhoto, Attributes{Photo: chosen, MailHash: strings.ToUpper(hash)}, nil, "", hash},
		{"initials", Initials, Attributes{Photo: chosen, MailHash: hash}, nil, "", ""},
		{"never from the URL", CustomPhoto, nil, Attributes{Photo: chosen, MailHash: hash}, "", ""},
		{"https alone", CustomPhoto, Attributes{Photo: "http://pictures.example/a", MailHash: hash}, nil, "", hash},
		{"no password in it", "", Attributes{Photo: "https://a:b@pictures.example/a"}, nil, "", ""},
		{"not too long", "", Attributes{Photo: "https://pictures.example/" + strings.Repeat("x", maxPhoto)}, nil, "", ""},
		{"no hash", CustomPhoto, Attributes{MailHash: "ada@example.com"}, nil, "", ""},
	} {
		for _, source := range []Source{Native, GCore, ImMail, Callbridge} {
			d := decision{in: Input{Company: &Company{Photos: test.from}}, rules: sources[source]}
			d.a = merge(d.rules.origins, test.signed, test.url)
			d.photo()
			if d.out.Photo != test.photo || d.out.MailHash != test.hashd {
				t.Errorf("%s, %s: %q and %q", source, test.name, d.out.Photo, d.out.MailHash)
			}
		}
	}
}
