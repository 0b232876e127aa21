package edge

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/meridian-video/meridian/control/client"
)

const servedIndex = `<head><meta name="embed-origins" content=""><meta name="looks" content=""><title></title></head>`

// dressed serves the page with these looks.
func dressed(t *testing.T, l looks, target string) (policy, body, room string) {
	t.Helper()
	p, err := newPages(fstest.MapFS{"index.html": {Data: []byte(servedIndex)}}, func() *client.View { return nil })
	if err != nil {
		t.Fatal(err)
	}
	p.looks = func(_, r string) looks { room = r; return l }
	w := httptest.NewRecorder()
	p.meeting(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w.Header().Get("Content-Security-Policy"), w.Body.String(), room
}

// Covers F-133.
func TestAPageIsServedWithItsLooks(t *testing.T) {
	want := looks{
		Name: `Acme "&" <Sons>`, Logo: "https://cdn.acme.example/l.png?a=1&b=2", Link: "https://acme.example/",
		Background: "https://img.example:8443/b.jpg", Colour: "#aa0044", Lang: "ru",
	}
	policy, body, room := dressed(t, want, "/m/%D1%8F%20b/?roomId=other")
	if !strings.Contains(policy, "; img-src 'self' data: blob: https://cdn.acme.example https://img.example:8443; frame-ancestors ") {
		t.Errorf("policy %s", policy)
	}
	if room != "я b" {
		t.Errorf("the room is %q", room)
	}
	_, rest, _ := strings.Cut(body, looksMark)
	content, rest, _ := strings.Cut(rest, `"`)
	var got looks
	if err := json.Unmarshal([]byte(html.UnescapeString(content)), &got); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if rest != `><title>Acme &#34;&amp;&#34; &lt;Sons&gt;</title></head>` {
		t.Errorf("behind it comes %s", rest)
	}
	if _, _, room := dressed(t, want, "/call/?roomId=a%2Fb"); room != "a/b" {
		t.Errorf("the room is %q", room)
	}
}

// Whatever is configured, no directive and no markup comes of it.
func TestLooksStayWhereTheyBelong(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x":              "https://a.example",
		"https://A.example:8443":           "https://A.example:8443",
		"https://a.example;sandbox/":       "",
		"https://a.example,b/":             "",
		"https://*/":                       "",
		"https://'self'/":                  "",
		"https://u@a.example/":             "",
		"http://a.example/":                "",
		"javascript:alert(1)":              "",
		"data:image/png;base64,AAAA":       "",
		"":                                 "",
		"https://a.example script-src */ ": "",
	} {
		if got := origin(in); got != want {
			t.Errorf("%q is of %q, want %q", in, got, want)
		}
	}
	same := looks{Logo: "https://a.example/l", Background: "https://a.example/b"}
	if got := same.sources(); got != " https://a.example" {
		t.Errorf("sources %q", got)
	}
	if got := (looks{Logo: "data:image/png;base64,AAAA", Background: "#112233"}).sources(); got != "" {
		t.Errorf("sources %q", got)
	}
	for in, shown := range map[string]bool{"data:image/png;base64,AAAA": true, "https://a.example/l": true, "data:text/html,x": false, "javascript:x": false, "http://a.example/": false} {
		if got := picture(in) != ""; got != shown {
			t.Errorf("%q is shown: %v", in, got)
		}
	}
	if (looksOf(nil, "x", "y") != looks{}) {
		t.Error("a host of no company has looks")
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add("https://a.example/b")
	f.Add("https://a;b'c d/")
	f.Fuzz(func(t *testing.T, s string) {
		if o := origin(s); strings.ContainsAny(o, " ;,'\"*\n\r") {
			t.Errorf("%q gives the source %q", s, o)
		}
	})
}
