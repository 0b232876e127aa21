package node

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/meridian-video/meridian/ops/certs"
	"github.com/meridian-video/meridian/ops/config"
)

// page is the listener of what browsers and partners open, with a certificate
// that is read again when its files change and on SIGHUP.
type page struct {
	listener net.Listener
	check    func() error // nil without a certificate
	stop     func()       // ends the reloading, not the listener
}

// secure puts TLS on a listener where files are configured. Without them SIGHUP
// is taken all the same, so that one sent to every node ends none.
func secure(l net.Listener, files config.TLS, log *slog.Logger) (page, error) {
	hup := make(chan os.Signal, 1)
	if !files.Enabled() {
		signal.Notify(hup, syscall.SIGHUP)
		return page{listener: l, stop: func() { signal.Stop(hup) }}, nil
	}
	pair, err := certs.Load(files.Cert, files.Key, log)
	if err != nil {
		return page{}, err
	}
	signal.Notify(hup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { pair.Run(ctx, hup) })
	return page{
		listener: tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.GetCertificate}),
		check:    pair.Check,
		stop:     func() { signal.Stop(hup); cancel(); wg.Wait() },
	}, nil
}
