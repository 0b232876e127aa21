package node

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardedFor is the header in which proxies say whom a request is from.
const forwardedFor = "X-Forwarded-For"

// behind gives requests that come through trusted proxies the address of whom
// they are from. Nobody else is believed.
func behind(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, ok := origin(trusted, r); ok {
			r = r.Clone(r.Context())
			r.RemoteAddr = net.JoinHostPort(from.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

// origin is the last address that no trusted proxy has: what stands before it
// anybody may have written.
func origin(trusted []netip.Prefix, r *http.Request) (netip.Addr, bool) {
	ours := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !ours(peer.Addr().Unmap()) {
		return netip.Addr{}, false
	}
	var last netip.Addr
	said := strings.Split(strings.Join(r.Header.Values(forwardedFor), ","), ",")
	for _, text := range slices.Backward(said) {
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break
		}
		if last = a.Unmap().WithZone(""); !ours(last) {
			break
		}
	}
	return last, last.IsValid()
}
