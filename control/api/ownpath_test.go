package api

import (
	"net/url"
	"testing"
)

// Whatever passes leads a browser to the host that it came from.
func FuzzOwnPath(f *testing.F) {
	for _, to := range []string{"", "/admin", "/admin?a=b", "//evil", "/\\evil", "/..//evil", "https://evil", "/\t/evil"} {
		f.Add(to)
	}
	base, err := url.Parse("https://meet.acme.example/api/v1/sessions/openid/callback")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		path, ok := ownPath(to)
		if !ok {
			return
		}
		u, err := base.Parse(path)
		if err != nil || u.Host != base.Host || u.Scheme != "https" || path[0] != '/' || len(path) > 1 && (path[1] == '/' || path[1] == '\\') {
			t.Errorf("%q leads to %v (%v)", to, u, err)
		}
	})
}
