package client

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Transport carries requests of this edge to a control node, with the edge's certificate. The host of a URL does
// not matter. It stays with the control node that answers, and goes on to the next after one that does not, or
// that answers 5xx: whoever asks, asks again.
func (c *Client) Transport() http.RoundTripper {
	t := &transport{client: c}
	t.http = &http.Transport{
		DialTLSContext: t.dial, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second,
		ResponseHeaderTimeout: time.Minute, DisableCompression: true,
	}
	return t
}

type transport struct {
	client *Client
	http   *http.Transport
	at     atomic.Uint32 // which of the control nodes known
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if len(t.client.control()) == 0 {
		return nil, ErrNoControl
	}
	at := t.at.Load()
	res, err := t.http.RoundTrip(req)
	if err != nil || res.StatusCode >= http.StatusInternalServerError {
		t.leave(at)
	}
	return res, err
}

// leave goes on to the next control node, once for all who were with one.
func (t *transport) leave(at uint32) {
	if t.at.CompareAndSwap(at, at+1) {
		t.http.CloseIdleConnections()
	}
}

// CloseIdleConnections lets http.Client end what is kept open.
func (t *transport) CloseIdleConnections() { t.http.CloseIdleConnections() }

func (t *transport) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	control := t.client.control()
	return t.client.dialControl(ctx, "tcp", control[t.at.Load()%uint32(len(control))])
}
