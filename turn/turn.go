// Package turn is the TURN server beside the SFU (RFC 8656), for clients
// whose networks let no other traffic out. Its relayed addresses are virtual:
// they exist inside the process and lead to the node's own media socket and
// nowhere else, so it needs no port range and is no way into anybody's
// network. Names and passwords are time-limited, see package credential.
//
// It does not relay between clients or to the Internet.
package turn

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/turn/credential"
)

// Config is what a Server needs.
type Config struct {
	// UDP and TCP are where clients connect; either may be nil, TCP may be a
	// TLS listener. The Server owns them from New on and closes them.
	UDP net.PacketConn
	TCP net.Listener
	// Bridge leads to the media socket. It outlives the Server, and its
	// owner closes it.
	Bridge *Bridge
	// Realm is told to clients; empty means "meridian".
	Realm string
	// Secret is what credential.Mint was given.
	Secret []byte
	// Log receives transitions; nil discards.
	Log *slog.Logger
	// Registerer takes the metrics; nil means none.
	Registerer prometheus.Registerer
	// Now is the wall clock names expire by; nil means time.Now.
	Now func() time.Time
	// MaxPerName bounds the allocations of one name at a time; zero means 12
	// (a browser makes one per server address, transport and interface).
	MaxPerName int
	// MaxAllocations bounds all allocations; zero means 4096.
	MaxAllocations int
	// MaxTCP bounds TCP connections, with an allocation or without; zero
	// means 4096.
	MaxTCP int
	// Lifetime is that of an allocation between refreshes; zero means 10 min.
	Lifetime time.Duration
	// IdleTimeout is how long a TCP connection may take to its first
	// allocation; zero means 15 s. Later it may be silent for Lifetime.
	IdleTimeout time.Duration
}

// Server is a running TURN server. Its methods may be called from any
// goroutine.
type Server struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	pion    *turn.Server
	tcp     *listener
	living  sync.WaitGroup // allocations

	mu     sync.Mutex
	names  map[string]int // allocations by name
	total  int
	closed bool
}

var errQuota = errors.New("allocation quota reached")

// errTCPRelay answers requests for RFC 6062, relaying over TCP.
var errTCPRelay = errors.New("only UDP is relayed")

// New starts serving.
func New(cfg Config) (*Server, error) {
	if cfg.Bridge == nil || len(cfg.Secret) == 0 {
		return nil, errors.New("turn: a bridge and a secret are needed")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Realm == "" {
		cfg.Realm = "meridian"
	}
	cfg.MaxPerName = orDefault(cfg.MaxPerName, 12)
	cfg.MaxAllocations = orDefault(cfg.MaxAllocations, 4096)
	cfg.MaxTCP = orDefault(cfg.MaxTCP, 4096)
	if cfg.Lifetime <= 0 {
		cfg.Lifetime = 10 * time.Minute
	}
	if cfg.IdleTimeout <= 0 {
		cfg.IdleTimeout = 15 * time.Second
	}
	s := &Server{cfg: cfg, log: cfg.Log, names: make(map[string]int)}
	s.metrics = newMetrics(cfg.Registerer, s)
	config := turn.ServerConfig{
		LoggerFactory:      loggers{cfg.Log},
		Realm:              cfg.Realm,
		AuthHandler:        s.authenticate,
		QuotaHandler:       s.quota,
		AllocationLifetime: cfg.Lifetime,
	}
	if cfg.UDP != nil {
		config.PacketConnConfigs = []turn.PacketConnConfig{{
			PacketConn: steady{cfg.UDP}, RelayAddressGenerator: generator{s}, PermissionHandler: s.permit,
		}}
	}
	if cfg.TCP != nil {
		s.tcp = newListener(cfg.TCP, cfg, s)
		config.ListenerConfigs = []turn.ListenerConfig{{
			Listener: s.tcp, RelayAddressGenerator: generator{s}, PermissionHandler: s.permit,
		}}
		config.EventHandler.OnAllocationCreated = s.tcp.allocated
	}
	var err error
	if s.pion, err = turn.NewServer(config); err != nil {
		return nil, err
	}
	return s, nil
}

func orDefault(n, d int) int {
	if n <= 0 {
		return d
	}
	return n
}

// Allocations counts those alive.
func (s *Server) Allocations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// Close stops serving and ends all allocations. It is idempotent.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	err := s.pion.Close()
	if s.tcp != nil {
		s.tcp.drain()
	}
	s.living.Wait()
	return err
}

// authenticate gives pion/turn the key of a name. The name's expiry counts
// at Allocate only: what was allocated in time lives as long as the client
// refreshes it, and requests of a name without an allocation fail anyway.
func (s *Server) authenticate(r *turn.RequestAttributes) (user string, key []byte, ok bool) {
	_, password, err := credential.Check(s.cfg.Secret, r.Username, s.cfg.Now())
	switch {
	case errors.Is(err, credential.ErrExpired) && r.Method != stun.MethodAllocate:
	case errors.Is(err, credential.ErrExpired):
		s.metrics.expired.Inc()
		return "", nil, false
	case err != nil:
		s.metrics.malformed.Inc()
		return "", nil, false
	}
	return r.Username, turn.GenerateAuthKey(r.Username, s.cfg.Realm, password), true
}

// quota refuses an allocation with 486 (RFC 8656 section 7.2).
func (s *Server) quota(name, _ string, _ net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.total >= s.cfg.MaxAllocations || s.names[name] >= s.cfg.MaxPerName {
		s.metrics.quota.Inc()
		return false
	}
	return true
}

// permit lets allocations speak to our media addresses alone.
func (s *Server) permit(_ net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer)
	if ok && s.cfg.Bridge.reaches(ip.Unmap()) {
		return true
	}
	s.metrics.forbidden.Inc()
	return false
}

// generator makes the relayed ends of allocations. It implements
// turn.RelayAddressGenerator.
type generator struct{ s *Server }

// Validate implements turn.RelayAddressGenerator.
func (generator) Validate() error { return nil }

// AllocatePacketConn implements turn.RelayAddressGenerator.
func (g generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	return g.s.allocate(c.UserID, c.Network == "udp6")
}

// AllocateListener implements turn.RelayAddressGenerator.
func (generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errTCPRelay
}

// AllocateConn implements turn.RelayAddressGenerator.
func (generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errTCPRelay }

// allocate counts and makes an allocation.
func (s *Server) allocate(name string, v6 bool) (net.PacketConn, net.Addr, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, net.ErrClosed
	}
	if s.names[name] >= s.cfg.MaxPerName { // connections race after the quota
		return nil, nil, errQuota
	}
	a, err := s.cfg.Bridge.allocate(v6)
	if err != nil {
		return nil, nil, err
	}
	s.names[name]++
	s.total++
	s.living.Add(1)
	a.onGone = func() { s.deallocated(name) }
	return a, a.relayed(), nil
}

func (s *Server) deallocated(name string) {
	s.mu.Lock()
	if s.names[name]--; s.names[name] <= 0 {
		delete(s.names, name)
	}
	s.total--
	s.mu.Unlock()
	s.living.Done()
}
