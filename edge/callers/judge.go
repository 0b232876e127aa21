package callers

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/client"
)

// Why a call is refused.
var (
	// ErrUnknown is returned for a call without a credential that opens anything.
	ErrUnknown = errors.New("an API key or a call from a listed address is required")
	// ErrForeign is returned for a key of another company than the host's.
	ErrForeign = errors.New("the API key is another company's")
	// ErrScope is returned for a key that does not have the scope.
	ErrScope = errors.New("the API key does not have the scope")
	// ErrAddress is returned for a good key from an address that the company, which
	// demands both, has not listed.
	ErrAddress = errors.New("the API key may not be used from this address")
	// ErrSuspended is returned for a company that holds no meetings for now.
	ErrSuspended = errors.New("the company is suspended")
	// ErrPage is returned for a call that a page of another site makes a browser do
	// from a listed address.
	ErrPage = errors.New("a page may not call by its visitor's address")
	// ErrTooMany is returned for calls, or refusals, beyond the rate.
	ErrTooMany = errors.New("too many calls")
)

// Status is the one place where a refusal becomes an HTTP status; 0 for what is none.
func Status(err error) int {
	switch {
	case errors.Is(err, ErrUnknown):
		return http.StatusUnauthorized
	case errors.Is(err, ErrTooMany):
		return http.StatusTooManyRequests
	case errors.Is(err, ErrForeign), errors.Is(err, ErrScope), errors.Is(err, ErrAddress), errors.Is(err, ErrSuspended), errors.Is(err, ErrPage):
		return http.StatusForbidden
	}
	return 0
}

// Call is what is judged of a request.
type Call struct {
	Host  string     // without port
	Key   string     // of the Authorization header; empty: none
	From  netip.Addr // whom we talk to
	Page  bool       // a browser says that a page of another site made it
	Scope string
}

// Of reads a request. Cookies count for nothing.
func Of(r *http.Request, scope string) Call {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return Call{Host: r.Host, Key: bearer(r), From: from.Addr(), Page: fromPage(r), Scope: scope}
}

// bearer is the credential of the Authorization header (RFC 6750, section 2.1).
func bearer(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

// fromPage tells a call by a page, or by a link on one, from an address that was
// typed and from programs, by what browsers add (Fetch Metadata).
func fromPage(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "none" || r.Header.Get("Origin") != ""
}

// Caller is who may call.
type Caller struct {
	Company string
	Name    string // for counting calls
	Rate    int    // calls a second; 0: the default
}

// Configuration is what control/client.View says of companies and their programs.
type Configuration interface {
	APIKey(text string, at time.Time) (client.APIKey, bool)
	Calls(company string, from netip.Addr) bool
	Company(id string) (client.Company, bool)
	CompanyByHost(host string) (client.Company, bool)
	Names(host string) bool
	Settings(c client.Company, r client.Room) client.Settings
}

// Judge says who calls, by a copy of the configuration. The company is that of the
// host; under a host that is nobody's, or the default company's, it is the key's.
func Judge(v Configuration, c Call, now time.Time) (Caller, error) {
	key, keyed := v.APIKey(c.Key, now)
	company, hosted := v.CompanyByHost(c.Host)
	if keyed && key.Company != company.ID {
		if v.Names(c.Host) {
			return Caller{}, ErrForeign
		}
		company, hosted = v.Company(key.Company)
	}
	listed := hosted && v.Calls(company.ID, c.From)
	both := client.On(v.Settings(company, client.Room{}).KeyAndCaller)
	switch {
	case !hosted, !keyed && (both || !listed), c.Key != "" && !keyed:
		return Caller{}, ErrUnknown
	case company.Suspended():
		return Caller{}, ErrSuspended
	case keyed && !client.Covers(key.Scopes, c.Scope):
		return Caller{}, ErrScope
	case both && !listed:
		return Caller{}, ErrAddress
	case keyed:
		return Caller{company.ID, "key:" + key.ID, key.Rate}, nil
	case c.Page:
		return Caller{}, ErrPage
	}
	return Caller{company.ID, "address:" + c.From.Unmap().String(), 0}, nil
}
