// Package certs serves a certificate and its key from two PEM files and takes
// up a renewed pair without a restart.
//
// It does not obtain certificates; whoever writes the files does.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// Poll is how often Run looks at the files. Half a minute is soon enough for a
// renewal that comes days before the end, and polling also sees the swapped
// symbolic links by which orchestrators mount secrets.
const Poll = 30 * time.Second

// Pair is a certificate on disk. Its methods may be called from any goroutine.
type Pair struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[loaded]
}

// loaded is a certificate and what the files looked like when it was read.
type loaded struct {
	certificate *tls.Certificate
	stamp       stamp
}

// stamp tells one state of the two files from another.
type stamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

// Load reads the pair; it fails where the files do not fit together.
func Load(certFile, keyFile string, log *slog.Logger) (*Pair, error) {
	p := &Pair{certFile: certFile, keyFile: keyFile, log: log}
	if err := p.Reload(); err != nil {
		return nil, err
	}
	return p, nil
}

// Reload reads the files again, as on SIGHUP. On an error the pair in use
// stays.
func (p *Pair) Reload() error {
	seen, err := p.look()
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	certificate, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return fmt.Errorf("load certificate %s: %w", p.certFile, err)
	}
	p.current.Store(&loaded{&certificate, seen})
	return nil
}

// GetCertificate fits tls.Config.
func (p *Pair) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return p.current.Load().certificate, nil
}

// Leaf returns the certificate in use, for its names and its end.
func (p *Pair) Leaf() *x509.Certificate { return p.current.Load().certificate.Leaf }

// Check is a health check: it complains once the certificate has run out.
func (p *Pair) Check() error {
	if end := p.Leaf().NotAfter; time.Now().After(end) {
		return fmt.Errorf("certificate %s ended on %s", p.certFile, end.Format(time.DateOnly))
	}
	return nil
}

// Run takes up changed files, and reloads whenever something arrives on hup,
// until ctx ends.
func (p *Pair) Run(ctx context.Context, hup <-chan os.Signal) {
	ticker := time.NewTicker(Poll)
	defer ticker.Stop()
	refused := p.current.Load().stamp
	for {
		forced := false
		select {
		case <-ctx.Done():
			return
		case <-hup:
			forced = true
		case <-ticker.C:
		}
		seen, err := p.look()
		if err == nil && !forced && (seen == p.current.Load().stamp || seen == refused) {
			continue
		}
		if err == nil {
			err = p.Reload()
		}
		if err != nil {
			refused = seen // said once, until the files change again
			p.log.Warn("certificate not reloaded, the old one stays", "file", p.certFile, "err", err)
			continue
		}
		p.log.Info("certificate reloaded", "file", p.certFile, "ends", p.Leaf().NotAfter)
	}
}

func (p *Pair) look() (stamp, error) {
	certificate, err := os.Stat(p.certFile)
	if err != nil {
		return stamp{}, err
	}
	key, err := os.Stat(p.keyFile)
	if err != nil {
		return stamp{}, err
	}
	return stamp{certificate.ModTime(), key.ModTime(), certificate.Size(), key.Size()}, nil
}
