package state

import (
	"maps"
	"strings"
	"testing"
)

func TestPortraitNamesThePictureAndNeverTheAddress(t *testing.T) {
	const hash = "84059b07d4be67b806386c0aad8070a23f18836bbaae342275dc0a83414c32ee" // of myemailaddress@example.com, by sha256sum
	for _, test := range []struct {
		photo, email string
		photoed      bool
		hashed       bool
	}{
		{"https://pictures.example/a", "MyEmailAddress@example.com ", true, true},
		{"", " myemailaddress@EXAMPLE.com", false, true},
		{"https://pictures.example/" + strings.Repeat("x", maxPortrait), "", false, false},
	} {
		got := Portrait(test.photo, test.email)
		if (got["photo"] != "") != test.photoed || (got["photoHash"] != "") != test.hashed {
			t.Errorf("%q, %q: %v", test.photo, test.email, got)
		}
		if test.hashed && got["photoHash"] != hash {
			t.Errorf("%q: the hash is %s", test.email, got["photoHash"])
		}
		for v := range maps.Values(got) {
			if strings.Contains(v, "@") {
				t.Errorf("the address is in %v", got)
			}
		}
	}
}
