// Package proxy passes HTTP requests on to the node that can answer them: a control node to its leader, an edge
// to any control node.
//
// A request is sent again only where it surely had no effect: it never left, the other node said so, or its
// method is safe (RFC 9110, section 9.2.1). While nobody can answer, it waits, for a bounded time. It decides
// nothing about requests and keeps none.
package proxy

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

const (
	// RefusedHeader is on a refusal that had no effect for want of a leader: it may be sent again.
	RefusedHeader = "Meridian-Refused"
	// RefusedNoLeader is its value.
	RefusedNoLeader = "no_leader"

	maxBody = 1<<20 + 1 // bytes that are kept to send again; the API takes one less
	pause   = 25 * time.Millisecond
)

var (
	// ErrNoLeader is returned when nobody could answer in time. The request had no effect.
	ErrNoLeader = errors.New("no control node can decide now")
	// ErrUnknownOutcome is returned when a request was sent and its answer lost.
	ErrUnknownOutcome = errors.New("outcome of the request is unknown")
	// ErrTooLarge is returned for a body of more than a mebibyte.
	ErrTooLarge = errors.New("request body too large")
	// ErrLocal is returned by RoundTrip when this node itself must answer.
	ErrLocal = errors.New("this node can answer by itself")

	errMoved = errors.New("another node leads now")
)

// Route says where requests go.
type Route interface {
	// Pick is the address to ask now; local means this node itself, empty that nobody is known.
	Pick() (addr string, local bool)
	// Failed hears that an address could not be reached.
	Failed(addr string)
	// Changed is closed when Pick may say something else; nil when that is not known.
	Changed() <-chan struct{}
}

// Config of a Proxy.
type Config struct {
	Route Route
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error) // to an address of Route, secured
	Local http.Handler                                                      // answers what Route says is local; nil = nothing is
	Wait  time.Duration                                                     // how long a request waits for somebody to answer; 0 = 5 s
	Log   *slog.Logger
}

// Proxy implements http.Handler and http.RoundTripper.
type Proxy struct {
	cfg       Config
	transport *http.Transport
	reverse   *httputil.ReverseProxy
}

// New makes a Proxy. Close it.
func New(cfg Config) *Proxy {
	if cfg.Wait == 0 {
		cfg.Wait = 5 * time.Second
	}
	p := &Proxy{cfg: cfg, transport: &http.Transport{
		DialContext: cfg.Dial, MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
	}}
	p.reverse = &httputil.ReverseProxy{
		Transport: p, Rewrite: rewrite, ErrorHandler: p.refuse, FlushInterval: -1,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return p
}

// Close gives up idle connections.
func (p *Proxy) Close() { p.transport.CloseIdleConnections() }

// rewrite tells the next node who asks; what the client says of that counts for nothing.
func rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host = "http", "control" // RoundTrip finds out whom to ask
	r.Out.Host = r.In.Host
	r.SetXForwarded()
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, local := p.cfg.Route.Pick(); local && p.cfg.Local != nil {
		p.cfg.Local.ServeHTTP(w, r)
		return
	}
	if err := keep(r); err != nil {
		p.refuse(w, r, err)
		return
	}
	p.reverse.ServeHTTP(w, r)
}

// keep reads the whole body, so that it can be sent more than once.
func keep(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody || r.GetBody != nil {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return err
	case len(b) > maxBody:
		return ErrTooLarge
	}
	r.ContentLength = int64(len(b))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	r.Body, _ = r.GetBody()
	return nil
}

// refuse answers for nobody (RFC 9457).
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, code, detail := http.StatusGatewayTimeout, "timeout", "The outcome is not known; read before trying again."
	switch {
	case errors.Is(err, ErrLocal):
		if r.GetBody != nil {
			r.Body, _ = r.GetBody()
		}
		p.cfg.Local.ServeHTTP(w, r)
		return
	case errors.Is(err, ErrTooLarge):
		status, code, detail = http.StatusRequestEntityTooLarge, "body_too_large", ""
	case errors.Is(err, ErrNoLeader):
		status, code, detail = http.StatusServiceUnavailable, RefusedNoLeader, "The control plane cannot decide now. Try again."
		w.Header().Set("Retry-After", "1")
		w.Header().Set(RefusedHeader, RefusedNoLeader)
	}
	p.cfg.Log.Warn("request not passed on", "method", r.Method, "err", err)
	writeProblem(w, r.Header.Get("X-Request-Id"), status, code, detail)
}

func writeProblem(w http.ResponseWriter, id string, status int, code, detail string) {
	if id == "" || len(id) > 64 {
		id = strings.ToLower(rand.Text())
	}
	w.Header().Set("X-Request-Id", id)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client is gone: nobody to tell
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail, "request_id": id,
	})
}
