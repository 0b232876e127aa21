package gcore

import (
	"crypto/rsa"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed page.html
var source string

var page = template.Must(template.New("page").Parse(source))

// Site is the partner's web site.
type Site struct {
	Meet string // base URL of the rooms' domain
	Room string
	Key  *rsa.PrivateKey // nil: links without a token
	// Passes has links bring an access token that serves once, which the servers
	// ask about at /access.
	Passes bool
	Hooks
}

// Handler serves the page at /, for /?name=Tom&id=5 and, with &moderator=true, for
// somebody who moderates; and the hooks.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.open)
	mux.Handle("/webhook/", s.Hooks.Handler())
	mux.Handle("/access", s.Hooks.Handler())
	return mux
}

func (s *Site) open(w http.ResponseWriter, r *http.Request) {
	src, err := s.link(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]string{"Meet": s.Meet, "Room": s.Room, "Src": src})
}

// link is the address of the room for a visitor. Who moderates is said in the
// token alone; the rest may stand beside it.
func (s *Site) link(visitor url.Values) (string, error) {
	q := url.Values{"roomId": {s.Room}, "displayName": {visitor.Get("name")}, "peerId": {visitor.Get("id")}, "nameScreenDisabled": {"true"}}
	if s.Key != nil {
		attributes := map[string]any{"roomId": s.Room}
		if visitor.Get("moderator") == "true" {
			attributes["role"] = "moderator"
		}
		token, err := Sign(s.Key, attributes)
		if err != nil {
			return "", err
		}
		q.Set("token", token)
	}
	if s.Passes {
		q.Set("accessToken", s.Pass(visitor.Get("id")))
	}
	return s.Meet + "/call/?" + q.Encode(), nil
}
