package rtc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	_ "crypto/sha256" // hashes of fingerprints
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/edge/sfu"
)

// Config is what an Engine needs.
type Config struct {
	// Media is the node's media socket, which all transports share. It may be
	// wrapped, for instance by a turn.Bridge. The Engine owns it from New on
	// and closes it.
	Media net.PacketConn
	// Beside are further sockets on Media's port, as Listen opens them, each
	// of which gets a reader of its own. They are owned likewise.
	Beside []net.PacketConn
	// Announce holds the addresses put into answers, best first; empty means
	// Media's own, or those of the interfaces when it listens on all.
	Announce []netip.AddrPort
	// Streams takes the TCP connections of clients that UDP does not reach (RFC
	// 6544, passive candidates); nil means none are taken. The Engine owns it
	// from New on and closes it.
	Streams net.Listener
	// AnnounceStreams holds its addresses put into answers, best first; empty
	// means its own. Each is of a family that Announce has.
	AnnounceStreams []netip.AddrPort
	// Log receives transitions of transports; nil discards.
	Log *slog.Logger
	// Registerer takes the metrics; nil means none.
	Registerer prometheus.Registerer
	// Now is the node's monotonic clock; nil means time since New.
	Now func() time.Duration
	// SFU is handed to every track; may be nil.
	SFU *sfu.Metrics
	// ConnectTimeout bounds ICE and DTLS together; zero means 15 s.
	ConnectTimeout time.Duration
	// ConsentTimeout is how long a client may be silent; zero means 20 s
	// (RFC 7675 allows 30 s).
	ConsentTimeout time.Duration
	// MaxTransports bounds the transports at a time; zero means 4096.
	MaxTransports int
	// Relayed says whether a remote address belongs to a TURN allocation,
	// for Stats; nil means none does.
	Relayed func(netip.AddrPort) bool
}

// ErrFull is returned when the Engine holds Config.MaxTransports.
var ErrFull = errors.New("too many transports")

// hashes are those a client's fingerprint may use (RFC 8122 section 5); MD5
// and SHA-1 are not taken.
var hashes = map[string]crypto.Hash{
	"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512,
}

// Engine holds the transports of a node. Its methods may be called from any
// goroutine.
type Engine struct {
	cfg      Config
	log      *slog.Logger
	metrics  *metrics
	mux      *mux
	net      transport.Net // the interfaces, listed once instead of at each join
	announce []netip.AddrPort
	streams  *streams // nil where none are taken
	// streamAnnounce is as announce, for streams.
	streamAnnounce []netip.AddrPort
	cert           tls.Certificate
	fingerprint    string
	handshakes     chan struct{} // holds one for each in progress
	pacer          *pacer
	ctx            context.Context
	cancel         context.CancelFunc
	wg             sync.WaitGroup

	mu         sync.Mutex
	transports map[*Transport]struct{}
	closed     bool
}

// New returns an Engine that reads the media port.
func New(cfg Config) (*Engine, error) {
	if cfg.Media == nil {
		return nil, errors.New("rtc: no media socket")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		start := time.Now()
		cfg.Now = func() time.Duration { return time.Since(start) }
	}
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if cfg.ConsentTimeout <= 0 {
		cfg.ConsentTimeout = consentTimeout
	}
	if cfg.MaxTransports <= 0 {
		cfg.MaxTransports = 4096
	}
	for _, s := range cfg.Beside {
		if s.LocalAddr().String() != cfg.Media.LocalAddr().String() {
			return nil, fmt.Errorf("rtc: media socket at %v beside %v", s.LocalAddr(), cfg.Media.LocalAddr())
		}
	}
	announce, err := announced(cfg)
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, log: cfg.Log, announce: announce, transports: make(map[*Transport]struct{}),
		handshakes: make(chan struct{}, runtime.GOMAXPROCS(0)+1), pacer: newPacer()}
	if e.cert, e.fingerprint, err = newCertificate(); err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	if e.streamAnnounce, err = announcedStreams(cfg, announce); err != nil {
		return nil, err
	}
	e.metrics = newMetrics(cfg.Registerer, e.Transports, e.openStreams, e.memory)
	if e.net, err = stdnet.NewNet(); err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	e.mux = newMux(cfg, announce, e.metrics)
	if cfg.Streams != nil {
		e.streams = newStreams(cfg.Streams, e.mux, 2*cfg.MaxTransports)
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.wg.Go(e.tick)
	e.wg.Go(func() { e.pacer.run(e.ctx, cfg.Now) })
	return e, nil
}

// Transports counts those that are not yet closed.
func (e *Engine) Transports() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.transports)
}

// Accept answers an offer: the transport it returns waits for the client's
// checks. ctx bounds Accept alone, not the transport. It fails with
// ErrBadOffer, ErrFull or ErrClosed.
func (e *Engine) Accept(ctx context.Context, in Offer) (*Transport, error) {
	o, err := parseOffer(in.SDP)
	if err != nil {
		return nil, err
	}
	t, err := newTransport(e, in, o)
	if err != nil {
		return nil, err
	}
	if err := t.gather(ctx); err != nil {
		t.abandon()
		return nil, fmt.Errorf("gather: %w", err)
	}
	if err := e.add(t); err != nil {
		t.abandon()
		return nil, err
	}
	return t, nil
}

// add takes t in and starts it.
func (e *Engine) add(t *Transport) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return ErrClosed
	case len(e.transports) >= e.cfg.MaxTransports:
		return ErrFull
	}
	e.transports[t] = struct{}{}
	e.wg.Go(func() {
		t.run()
		e.mu.Lock()
		delete(e.transports, t)
		e.mu.Unlock()
		close(t.done)
	})
	return nil
}

// Close ends all transports, waits for them and closes the media sockets. It
// is idempotent.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	all := make([]*Transport, 0, len(e.transports))
	for t := range e.transports {
		all = append(all, t)
	}
	e.mu.Unlock()
	for _, t := range all {
		t.Close(ErrClosed)
	}
	e.cancel()
	e.wg.Wait()
	if e.streams != nil {
		return errors.Join(e.streams.Close(), e.mux.Close())
	}
	return e.mux.Close()
}

// openStreams counts the clients' TCP connections.
func (e *Engine) openStreams() int {
	if e.streams == nil {
		return 0
	}
	return e.streams.Open()
}

// tick drives what is due by time in all transports.
func (e *Engine) tick() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	var all []*Transport
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-ticker.C:
		}
		e.mu.Lock()
		all = all[:0]
		for t := range e.transports {
			all = append(all, t)
		}
		e.mu.Unlock()
		for _, t := range all {
			t.tick(e.cfg.Now())
		}
		clear(all)
	}
}

// announced is Announce, or what stands in for it.
func announced(cfg Config) ([]netip.AddrPort, error) {
	var list []netip.AddrPort
	for _, a := range cfg.Announce {
		if !a.IsValid() || a.Addr().IsUnspecified() || a.Port() == 0 {
			return nil, fmt.Errorf("rtc: cannot announce %v", a)
		}
		list = append(list, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
	}
	if len(list) > 0 {
		return list, nil
	}
	u, ok := cfg.Media.LocalAddr().(*net.UDPAddr)
	if !ok {
		return nil, fmt.Errorf("rtc: media socket has address %v", cfg.Media.LocalAddr())
	}
	own := netip.AddrPortFrom(u.AddrPort().Addr().Unmap(), u.AddrPort().Port())
	if !own.Addr().IsUnspecified() {
		return []netip.AddrPort{own}, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var loopback []netip.AddrPort
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || p.Addr().IsLinkLocalUnicast() || own.Addr().Is4() && !p.Addr().Is4() {
			continue
		}
		if p.Addr().IsLoopback() {
			loopback = append(loopback, netip.AddrPortFrom(p.Addr(), own.Port()))
		} else {
			list = append(list, netip.AddrPortFrom(p.Addr(), own.Port()))
		}
	}
	if len(list) == 0 {
		list = loopback
	}
	if len(list) == 0 {
		return nil, errors.New("rtc: no address to announce")
	}
	return list, nil
}

// announcedStreams is AnnounceStreams, or what stands in for it. Checks are
// told apart by family, so a family without media has no streams either.
func announcedStreams(cfg Config, media []netip.AddrPort) ([]netip.AddrPort, error) {
	if cfg.Streams == nil {
		return nil, nil
	}
	list := cfg.AnnounceStreams
	if len(list) == 0 {
		list = []netip.AddrPort{tcpAddr(cfg.Streams.Addr())}
	}
	var out []netip.AddrPort
	for _, a := range list {
		a = unmap(a)
		sameFamily := func(m netip.AddrPort) bool { return family(m) == family(a) }
		if !a.IsValid() || a.Addr().IsUnspecified() || a.Port() == 0 || !slices.ContainsFunc(media, sameFamily) {
			return nil, fmt.Errorf("rtc: cannot announce %v for TCP", a)
		}
		out = append(out, a)
	}
	return out, nil
}

// newCertificate makes the ECDSA P-256 certificate that all transports of
// the Engine share, and its fingerprint as SDP has it.
func newCertificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "WebRTC"},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	h := crypto.SHA256.New()
	h.Write(der)
	sum := h.Sum(nil)
	parts := make([]string, len(sum))
	for i, c := range sum {
		parts[i] = strings.ToUpper(hex.EncodeToString([]byte{c}))
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, "sha-256 " + strings.Join(parts, ":"), nil
}
