package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/meridian-video/meridian/control/state"
)

const (
	// discoveredFor is how long a provider's addresses are believed; its keys are asked for when a new one turns up.
	discoveredFor = time.Hour
	// silentFor is how long a provider that does not answer is left alone.
	silentFor = 15 * time.Second
	// manyProviders bounds those that are remembered.
	manyProviders = 1000
	// maxAnswer bounds what is read of a provider's answer, in bytes.
	maxAnswer = 1 << 20
)

// provider is a company's, ready to be asked.
type provider struct {
	*oidc.Provider
	config oauth2.Config
}

// providers remembers what was discovered, by issuer.
type providers struct {
	mu    sync.Mutex
	found map[string]*discovery
}

// discovery is one look at a provider. Those who come during it wait for it.
type discovery struct {
	done     chan struct{}
	provider *oidc.Provider
	err      error
	until    time.Time // once done
}

// provider gives the company's provider. The error is ErrRefused where there is none.
func (s *Signin) provider(ctx context.Context, of state.Company, redirect string) (provider, error) {
	if of.OpenID == nil || !of.OpenID.Enabled || of.Secret == nil || s.cfg.Client == nil {
		return provider{}, ErrRefused
	}
	secret, err := s.cfg.Seal.Open(of.Secret.OpenID, string(state.KindCompany), of.ID, "openid")
	if err != nil {
		return provider{}, fmt.Errorf("client secret of %s: %w", of.ID, err)
	}
	d := s.discover(ctx, of.OpenID.Issuer)
	select {
	case <-d.done:
	case <-ctx.Done():
		return provider{}, context.Cause(ctx)
	}
	if d.err != nil {
		s.cfg.Log.Warn("a company's OpenID Connect provider cannot be asked", "company", of.ID, "err", d.err)
		return provider{}, ErrRefused
	}
	return provider{d.provider, oauth2.Config{
		ClientID: of.OpenID.ClientID, ClientSecret: string(secret), Endpoint: d.provider.Endpoint(), RedirectURL: redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}}, nil
}

// discover asks a provider for its addresses (OpenID Connect Discovery 1.0), or remembers them.
func (s *Signin) discover(ctx context.Context, issuer string) *discovery {
	now := s.cfg.Now()
	d, known := s.known.find(issuer, now)
	if known {
		return d
	}
	defer close(d.done)
	// Others wait for it: it does not end with the call that happens to be the first.
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.WithoutCancel(ctx), s.cfg.Client), writeDeadline)
	defer cancel()
	d.provider, d.err = oidc.NewProvider(ctx, issuer)
	if d.until = now.Add(discoveredFor); d.err != nil {
		d.until = now.Add(silentFor)
	}
	return d
}

// find gives what is known of a provider, or a place for what is not.
func (p *providers) find(issuer string, now time.Time) (d *discovery, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d, ok := p.found[issuer]; ok && !d.stale(now) {
		return d, true
	}
	if len(p.found) >= manyProviders {
		clear(p.found)
	}
	d = &discovery{done: make(chan struct{})}
	p.found[issuer] = d
	return d, false
}

func (d *discovery) stale(now time.Time) bool {
	select {
	case <-d.done:
		return now.After(d.until)
	default:
		return false
	}
}

// errTooLong is returned for a provider's answer that does not end.
var errTooLong = errors.New("the answer is too long")

// short reads no more of an answer than a provider has to say. Its libraries read to the end.
type short struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s short) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.next.RoundTrip(r)
	if err == nil {
		answer.Body = &shortBody{answer.Body, maxAnswer}
	}
	return answer, err
}

type shortBody struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *shortBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}
