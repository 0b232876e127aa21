package guard

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

var (
	// ErrAddress is returned when an address may not be called.
	ErrAddress = errors.New("this address may not be called")
	// ErrURL is returned when a URL may not be called.
	ErrURL = errors.New("this URL may not be called")
	// ErrRedirect is returned when an answer leads elsewhere: a redirect would be judged by nobody.
	ErrRedirect = errors.New("the answer is a redirect")
)

// Guard says whom outside calls may reach. The zero value lets public addresses pass and https alone. It must
// not be changed while it is used.
type Guard struct {
	// Allow are networks that the operator lets tenants reach although they are special: an intranet, a test.
	// To them http is allowed, too.
	Allow []netip.Prefix
	// Own are addresses of this cluster, which nobody may call through us; a port of 0 is every port. They count
	// before Allow.
	Own []netip.AddrPort
	// Dial connects to an address that has passed, never to a name; nil is the system's. Roots are who vouches
	// for the servers; nil are the system's.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
}

// Check judges an address.
func (g *Guard) Check(to netip.AddrPort) error {
	a := to.Addr()
	if v4, ok := Embedded(a); ok && g.own(netip.AddrPortFrom(v4, to.Port())) {
		return fmt.Errorf("%w: it is our own", ErrAddress)
	}
	if g.own(netip.AddrPortFrom(a.Unmap(), to.Port())) {
		return fmt.Errorf("%w: it is our own", ErrAddress)
	}
	if g.allowed(a) {
		return nil
	}
	if why := Special(a); why != "" {
		return fmt.Errorf("%w: %s", ErrAddress, why)
	}
	return nil
}

func (g *Guard) own(to netip.AddrPort) bool {
	return slices.ContainsFunc(g.Own, func(o netip.AddrPort) bool {
		return o.Addr().Unmap() == to.Addr() && (o.Port() == 0 || o.Port() == to.Port())
	})
}

func (g *Guard) allowed(a netip.Addr) bool {
	a = a.Unmap()
	return slices.ContainsFunc(g.Allow, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Control implements net.Dialer.Control: it judges what is about to be connected to.
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" && network != "tcp" {
		return fmt.Errorf("%w: not TCP", ErrAddress)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: not resolved", ErrAddress)
	}
	return g.Check(to)
}

// CheckURL judges a URL before anything is resolved: https (or http, which Control lets out to Allow alone), a
// host, no user and password.
func (g *Guard) CheckURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%w: it does not parse", ErrURL) // its text may hold a secret
	case u.Scheme != "https" && (u.Scheme != "http" || len(g.Allow) == 0):
		return fmt.Errorf("%w: not https", ErrURL)
	case u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("%w: no host", ErrURL)
	case u.User != nil:
		return fmt.Errorf("%w: user and password belong into a header", ErrURL)
	}
	return nil
}

// clear is Control for connections without TLS: they may lead to Allow alone.
func (g *Guard) clear(network, address string, c syscall.RawConn) error {
	if err := g.Control(network, address, c); err != nil {
		return err
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil || !g.allowed(to.Addr()) {
		return fmt.Errorf("%w: not https", ErrURL)
	}
	return nil
}

// Client makes an HTTP client whose every connection is judged. It follows no redirects, uses no proxy, and a
// call with its answer ends after timeout. Whoever uses it limits what is read of an answer.
func (g *Guard) Client(timeout time.Duration) *http.Client {
	secure, plain := g.dialer(timeout, g.Control), g.dialer(timeout, g.clear)
	transport := &http.Transport{
		Proxy: nil, // it would connect in our place
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if direct, _ := ctx.Value(plainCall{}).(bool); direct {
				return plain(ctx, network, address)
			}
			return secure(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{RootCAs: g.Roots},
		TLSHandshakeTimeout:    timeout,
		ResponseHeaderTimeout:  timeout,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second, // a name may move, and is judged again then
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // an answer is as long as it came
	}
	return &http.Client{
		Transport:     &transportOf{guard: g, next: transport},
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type judge func(network, address string, _ syscall.RawConn) error

// dialer connects to what a judge lets pass.
func (g *Guard) dialer(timeout time.Duration, pass judge) func(ctx context.Context, network, address string) (net.Conn, error) {
	if g.Dial == nil {
		return (&net.Dialer{Timeout: timeout, Control: pass}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if err := pass(network, address, nil); err != nil {
			return nil, err
		}
		return g.Dial(ctx, network, address)
	}
}

type plainCall struct{}

// transportOf judges the URL of each request and tells the dialer whether it is in the clear.
type transportOf struct {
	guard *Guard
	next  *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t *transportOf) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.guard.CheckURL(r.URL.String()); err != nil {
		if r.Body != nil {
			err = errors.Join(err, r.Body.Close())
		}
		return nil, err
	}
	if r.URL.Scheme == "http" {
		r = r.WithContext(context.WithValue(r.Context(), plainCall{}, true))
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if 300 <= answer.StatusCode && answer.StatusCode < 400 && answer.Header.Get("Location") != "" {
		return nil, errors.Join(fmt.Errorf("%w (%d)", ErrRedirect, answer.StatusCode), answer.Body.Close())
	}
	return answer, nil
}

// CloseIdleConnections serves http.Client's method of this name.
func (t *transportOf) CloseIdleConnections() { t.next.CloseIdleConnections() }
