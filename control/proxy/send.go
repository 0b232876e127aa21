package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// RoundTrip implements http.RoundTripper: it sends a request to whom the route says, and again where that is
// harmless. A body that is sent again needs GetBody.
func (p *Proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	until := time.NewTimer(p.cfg.Wait)
	defer until.Stop()
	for {
		addr, local := p.cfg.Route.Pick()
		if local && p.cfg.Local != nil {
			return nil, ErrLocal
		}
		if addr != "" {
			res, err := p.try(r, addr)
			if err == nil || !errors.Is(err, errHarmless) {
				return res, err
			}
		}
		next := time.NewTimer(pause)
		select {
		case <-p.cfg.Route.Changed():
		case <-next.C:
		case <-until.C:
			next.Stop()
			return nil, ErrNoLeader
		case <-r.Context().Done():
			next.Stop()
			return nil, fmt.Errorf("%w: %w", ErrNoLeader, context.Cause(r.Context()))
		}
		next.Stop()
	}
}

// errHarmless marks an attempt that had no effect.
var errHarmless = errors.New("attempt without effect")

// try sends a request once. An error without errHarmless means that it may have had an effect.
func (p *Proxy) try(r *http.Request, addr string) (*http.Response, error) {
	var left atomic.Bool // some of it may have reached somebody
	ctx, cancel := context.WithCancelCause(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { left.Store(true) },
	}))
	out, err := copyFor(ctx, r, addr)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	answered := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { p.watch(answered, addr, cancel) })
	res, err := p.transport.RoundTrip(out)
	close(answered)
	watching.Wait()
	switch {
	case err == nil && refused(res):
		cancel(nil)
		_ = res.Body.Close()
		return nil, errHarmless
	case err == nil:
		res.Body = &body{res.Body, func() { cancel(nil) }}
		return res, nil
	}
	cancel(nil)
	if !left.Load() {
		p.cfg.Route.Failed(addr)
		return nil, fmt.Errorf("%w: %w", errHarmless, err)
	}
	if safe(r.Method) && r.Context().Err() == nil {
		p.cfg.Route.Failed(addr)
		return nil, fmt.Errorf("%w: %w", errHarmless, err)
	}
	return nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}

// copyFor is the request as it goes to one address.
func copyFor(ctx context.Context, r *http.Request, addr string) (out *http.Request, err error) {
	out = r.Clone(ctx)
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = "http", addr
	if r.GetBody != nil {
		out.Body, err = r.GetBody()
	}
	return out, err
}

const (
	// grace is how long a node that leads no more may take to say so.
	grace = 250 * time.Millisecond
	// answerTimeout is how long a node may take to begin an answer: longer than any call of the API may.
	answerTimeout = 20 * time.Second
)

// watch gives an attempt up when another node must be asked: the one that was may be frozen, or we cut off.
func (p *Proxy) watch(answered <-chan struct{}, addr string, cancel context.CancelCauseFunc) {
	t := time.NewTimer(answerTimeout)
	defer t.Stop()
	for {
		changed := p.cfg.Route.Changed()
		switch now, local := p.cfg.Route.Pick(); {
		case local || now != "" && now != addr:
			t.Reset(grace)
			changed = nil
		case now == "":
			t.Reset(p.cfg.Wait)
		default:
			t.Reset(answerTimeout)
		}
		select {
		case <-answered:
			return
		case <-t.C:
			cancel(errMoved)
			return
		case <-changed:
		}
	}
}

func refused(res *http.Response) bool {
	return res.StatusCode == http.StatusServiceUnavailable && res.Header.Get(RefusedHeader) == RefusedNoLeader
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// body ends the attempt when the answer has been read.
type body struct {
	io.ReadCloser
	done func()
}

// Close implements io.Closer.
func (b *body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
