package edge

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

var listed = []string{"https://acme.example", "https://*.acme.example", "https://shop.example:8443"}

func TestWhereAPageMayGo(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"/thanks?room=a":                    "/thanks?room=a",
		"thanks":                            "/thanks", // CB-A47
		"https://acme.example":              "https://acme.example",
		"https://ACME.example:443/bye?x#y":  "https://ACME.example:443/bye?x#y",
		"https://a.b.acme.example/":         "https://a.b.acme.example/",
		"https://shop.example:8443/":        "https://shop.example:8443/",
		"https://shop.example/":             "",
		"https://evilacme.example/":         "",
		"https://acme.example.evil.example": "",
		"https://acme.example@evil.example": "",
		"http://acme.example/":              "",
		"javascript:alert(1)":               "",
		"data:text/html,x":                  "",
		"//evil.example/":                   "",
		"///evil.example/":                  "/evil.example/",
		"/\\evil.example":                   "",
		"/\t/evil.example":                  "",
		"\\\\evil.example":                  "",
		"https:evil.example":                "",
		"/" + strings.Repeat("x", 3000):     "",
	} {
		if got := leaveURL(in, slices.Values(listed)); got != want {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
	if got := leaveURL("https://acme.example/", slices.Values([]string(nil))); got != "" {
		t.Errorf("a company without a list lets go to %q", got)
	}
}

// Wherever a link says: it is a path, or a site of the list over HTTPS.
func FuzzLeaveURL(f *testing.F) {
	for _, s := range []string{"/a", "https://acme.example/x", "//evil.example", "https://a.acme.example:1/", "/%09/evil.example", "..//evil.example", "?x", "#y", "a:b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := leaveURL(s, slices.Values(listed))
		if got == "" {
			return
		}
		u, err := url.Parse(got)
		if err != nil || strings.ContainsFunc(got, odd) {
			t.Fatalf("%q leads to %q: %v", s, got, err)
		}
		if strings.HasPrefix(got, "/") && !strings.HasPrefix(got, "//") && u.Host == "" {
			return
		}
		if host := u.Hostname(); u.Scheme != "https" || u.User != nil || host == "" ||
			!strings.EqualFold(host, "acme.example") && !strings.HasSuffix(strings.ToLower(host), ".acme.example") && u.Host != "shop.example:8443" {
			t.Fatalf("%q leads to %q", s, got)
		}
	})
}
