package edge

import (
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/edge/room"
)

// GC-H3, GC-A34: registered servers are control's to know, signed ones go with
// the presence, and what is too long to be kept is left out.
func TestWhatIsToldOfAnEnd(t *testing.T) {
	registered := entry.Endpoint{URL: "https://acme.example/", Registered: "w"}
	signed := entry.Endpoint{URL: "https://jwt.example/", Authorization: "Bearer j"}
	withHeader := entry.Endpoint{URL: "https://jwt.example/", Registered: "w"}
	for name, c := range map[string]struct {
		tells, close entry.Endpoint
		token        string
		want         record.Farewell
	}{
		"nobody":                   {token: "t"},
		"a registered server":      {tells: registered, close: registered, token: "t", want: record.Farewell{Token: "t"}},
		"a signed one":             {tells: signed, close: registered, token: "t", want: record.Farewell{Token: "t", URL: signed.URL, Authorization: "Bearer j"}},
		"a signed one, its header": {tells: withHeader, close: registered, token: "t", want: record.Farewell{Token: "t", URL: signed.URL, Webhook: "w"}},
		"a long token":             {tells: signed, token: strings.Repeat("t", 3000), want: record.Farewell{URL: signed.URL, Authorization: "Bearer j"}},
		"a long address":           {tells: entry.Endpoint{URL: "https://x/" + strings.Repeat("y", 2000)}, token: "t", want: record.Farewell{}},
	} {
		d := considered{Admission: entry.Admission{Tells: c.tells}}
		d.input.Company = &entry.Company{Close: c.close}
		text := farewell(d, visit{token: c.token})
		got, err := record.ParseFarewell(text)
		if got != c.want || err != nil || len(text) > room.MaxFarewell {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
