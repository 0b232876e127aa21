package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/signin"
)

const (
	pathOpenID     = "/sessions/openid"
	pathCallback   = pathOpenID + "/callback"
	cookieFlow     = "__Host-meridian-openid" // a sealed flow, until the browser is back
	pageSignedIn   = "/admin"
	fragmentFailed = "#sign-in-failed" // of the page, where nobody is signed in
)

func (a *API) registerOpenID() {
	text := &huma.Schema{Type: huma.TypeString, MaxLength: new(2048)}
	a.browse(pathOpenID, "begin-openid", "Sign in at the company's OpenID Connect provider",
		"Sends a browser to the provider. It comes back with the cookie "+cookieSession+".", []*huma.Param{
			{Name: "company", In: "query", Description: "Id or host name; absent = the company of the host that is called.", Schema: text},
			{Name: "to", In: "query", Description: "Path to go on with; absent = " + pageSignedIn + ".", Schema: text},
		}, a.beginOpenID)
	a.browse(pathCallback, "end-openid", "Come back from the provider", "The provider's redirect URI: its path at the host where it began.", []*huma.Param{
		{Name: "code", In: "query", Schema: text}, {Name: "state", In: "query", Schema: text}, {Name: "iss", In: "query", Schema: text},
		{Name: "error", In: "query", Schema: text},
	}, a.endOpenID)
}

// browse adds a call of a browser's address line, which is answered with another place.
func (a *API) browse(path, id, summary, about string, params []*huma.Param, serve handler) {
	op := a.describe(operation{method: http.MethodGet, path: path, id: id, summary: summary, about: about, tag: "sign-in", open: true, status: http.StatusFound})
	op.Parameters = params
	op.Responses[strconv.Itoa(http.StatusFound)] = &huma.Response{Description: "To the provider, or to a page of ours."}
	a.handle(op, serve)
}

func (a *API) beginOpenID(ctx context.Context, w http.ResponseWriter, r *http.Request) (answer, error) {
	q := r.URL.Query()
	to, ok := ownPath(q.Get("to"))
	if !ok {
		return answer{}, invalid(ctx, "to", "must be a path of this host")
	}
	back := url.URL{Scheme: "https", Host: r.Host, Path: prefix + pathCallback}
	d, err := a.signin.Depart(ctx, companyName(q.Get("company"), r), back.String(), to)
	if err != nil {
		return answer{}, unsigned(ctx, err)
	}
	c := sessionCookie(base64.RawURLEncoding.EncodeToString(d.Sealed))
	c.Name, c.MaxAge = cookieFlow, int(d.Ends.Sub(a.now()).Seconds())
	http.SetCookie(w, &c)
	return answer{status: http.StatusFound, place: d.URL}, nil
}

func (a *API) endOpenID(ctx context.Context, w http.ResponseWriter, r *http.Request) (answer, error) {
	q := r.URL.Query()
	arrival := signin.Arrival{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss")}
	if c, err := r.Cookie(cookieFlow); err == nil {
		arrival.Sealed, _ = base64.RawURLEncoding.DecodeString(c.Value) // what does not decode does not open
	}
	gone := sessionCookie("")
	gone.Name, gone.MaxAge = cookieFlow, -1
	http.SetCookie(w, &gone)
	w.Header().Set("Referrer-Policy", "no-referrer")
	o, to, err := a.signin.Arrive(ctx, arrival, address(r))
	switch {
	case err != nil && to == "":
		return answer{}, unsigned(ctx, err)
	case err != nil:
		return answer{status: http.StatusFound, place: to + fragmentFailed}, nil
	}
	c := sessionCookie(o.Token.Text())
	http.SetCookie(w, &c)
	return answer{status: http.StatusFound, place: to}, nil
}

// ownPath takes a path of the host that is called, and nothing that a browser takes for another host.
func ownPath(to string) (string, bool) {
	if to == "" {
		return pageSignedIn, true
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return "", false
	}
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\#") || len(to) > 1024 {
		return "", false
	}
	for _, b := range []byte(to) {
		if b <= ' ' || b > '~' { // browsers drop tabs and line ends
			return "", false
		}
	}
	return to, true
}
