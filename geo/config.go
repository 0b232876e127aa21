package geo

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/prometheus/client_golang/prometheus"
)

// KeySize is the length of the gossip key in bytes (AES-256).
const KeySize = 32

// ErrConfig is returned by Start when the configuration cannot work.
var ErrConfig = errors.New("bad geo configuration")

// Config is what a member needs to take part.
type Config struct {
	// Self describes this node. Load, Full, Draining and Coordinate are
	// ignored; a zero Started means now. The texts together must stay under
	// about 500 bytes, since they travel in every announcement.
	Self Node

	// Transport carries the gossip; nil means real UDP and TCP on Bind.
	Transport memberlist.Transport
	// Bind is the IP address and port of both sockets, e.g. "0.0.0.0:7946".
	// Port 0 lets the system choose (see Members.Addr). Unused with Transport.
	Bind string
	// Advertise is the host and port others reach this node at, when that is
	// not where it is bound (NAT); port 0 or none means the bound one.
	Advertise string

	// Keys encrypt and authenticate all gossip, KeySize bytes each. The first
	// encrypts, all of them open; see UseKeys.
	Keys [][]byte
	// Label keeps networks apart that share a key by accident; it is bound
	// into the encryption.
	Label string
	// Allow lists networks whose nodes are taken; none: any. Nodes that others
	// announce are judged by the address they announce, too.
	Allow []netip.Prefix

	// Seeds returns addresses of nodes to join through (host:port). It is
	// asked again in every round of the rejoin loop. May be nil.
	Seeds func() []string

	Log *slog.Logger // nil: silent
	// Registerer takes the metrics; nil: they are counted and not shown.
	Registerer prometheus.Registerer
}

// Timing of failure detection. What is promised: a node or a POP that falls
// silent is gone from every list within 10 s, a single node usually after 4 s,
// on links of up to 200 ms round trip. With interval P and n nodes the parts are
//
//	until somebody probes it      about P; 2 P at most for three nodes; when a
//	                              third of all fall silent, 5 P for the last
//	until the probe has failed    P
//	until the suspicion is ripe   m·max(1, log10 n)·P with one confirmation,
//	                              twice that without
//	until everybody has heard     2 to 3 gossip intervals
//
// which for 12 nodes gives 0.7 + 0.7 + 2.3 + 0.2 = 3.9 s usually and, without
// any confirmation, 1.4 + 0.7 + 4.5 + 0.3 = 6.9 s. At 100 nodes the usual time
// is 6 s. TestTimingAddsUp does the sum, TestSilentDeath tries it.
const (
	// probeInterval is how often a node probes the next one, and how long one
	// probe may take with all its detours.
	probeInterval = 700 * time.Millisecond
	// probeTimeout is how long the direct answer has before the detours start
	// (it is still taken until the interval is over, but no longer measured):
	// 200 ms round trip and half of that for a busy machine. The detours have
	// 400 ms, two such round trips.
	probeTimeout = 300 * time.Millisecond
	// indirectChecks is how many others are asked to try. With 10 % loss of
	// round trips a living node fails the direct way and three detours about
	// once in 1000 probes, and then still has the suspicion time to speak up.
	indirectChecks = 3
	// suspicionMult is m above. 3 leaves at least 2.1 s to refute, which takes
	// two gossip intervals and one round trip, and several tries of that. It
	// also sets the confirmations waited for, m - 2 = 1.
	suspicionMult = 3
	// suspicionMaxMult bounds the wait without confirmation.
	suspicionMaxMult = 2
	// awarenessMax 1 switches off that a node which misses answers slows its
	// probes: where a whole POP falls silent every survivor misses answers, and
	// would look for the rest of the dead at half the speed.
	awarenessMax = 1

	// gossipInterval and gossipNodes give 30 small packets a second at most and
	// news to 100 nodes in about four intervals. A refutation needs that twice,
	// with transit, inside the suspicion time.
	gossipInterval = 100 * time.Millisecond
	gossipNodes    = 3
	// retransmitMult times log10(n+1) is how often a node repeats news.
	retransmitMult = 4
	// gossipToDead is how long the dead are still spoken to, so that a short
	// cut heals by itself; after that they are the rejoin loop's.
	gossipToDead = 30 * time.Second
	// pushPullInterval repairs whatever gossip has lost; memberlist stretches it
	// above 32 nodes. One exchange takes about 450 bytes a node each way.
	pushPullInterval = 10 * time.Second
	// streamTimeout bounds a whole exchange over TCP: dial, state both ways,
	// five round trips of 200 ms, one lost packet. It also bounds Close.
	streamTimeout = 2 * time.Second
	// packetSize fits a WireGuard tunnel over IPv6 with all headers.
	packetSize = 1300
	// reclaimAfter lets a node that comes back under another address have its
	// name as soon as the old process is known to be dead.
	reclaimAfter = time.Millisecond

	// protocol is the version of what travels in metadata and user messages.
	protocol = 1
)

// Validate reports everything that is wrong, or nil.
func (c *Config) Validate() error {
	var errs []error
	if err := checkNode(c.Self); err != nil {
		errs = append(errs, err)
	}
	if n := len(appendMeta(nil, c.Self)); n > maxMeta {
		errs = append(errs, fmt.Errorf("description of this node takes %d bytes, at most %d fit", n, maxMeta))
	}
	if err := checkKeys(c.Keys); err != nil {
		errs = append(errs, err)
	}
	if len(c.Label) > memberlist.LabelMaxSize {
		errs = append(errs, fmt.Errorf("label is longer than %d bytes", memberlist.LabelMaxSize))
	}
	if c.Transport == nil {
		bind, err := netip.ParseAddrPort(c.Bind)
		if err != nil {
			errs = append(errs, fmt.Errorf("bind address %q must be an IP address and a port", c.Bind))
		} else if bind.Addr().IsUnspecified() && bind.Addr().Is6() && c.Advertise == "" {
			errs = append(errs, errors.New("bind address [::] needs an advertised address"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return nil
}

// memberlist turns the configuration into that of the library.
func (c *Config) memberlist() (*memberlist.Config, error) {
	m := memberlist.DefaultLANConfig()
	m.Name = string(c.Self.ID)
	m.Label = c.Label
	ring, err := memberlist.NewKeyring(c.Keys, c.Keys[0])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	m.Keyring = ring
	m.CIDRsAllowed = networks(c.Allow)
	m.Transport = c.Transport

	m.ProbeInterval, m.ProbeTimeout, m.IndirectChecks = probeInterval, probeTimeout, indirectChecks
	m.SuspicionMult, m.SuspicionMaxTimeoutMult = suspicionMult, suspicionMaxMult
	m.AwarenessMaxMultiplier = awarenessMax
	m.GossipInterval, m.GossipNodes, m.RetransmitMult = gossipInterval, gossipNodes, retransmitMult
	m.GossipToTheDeadTime, m.PushPullInterval = gossipToDead, pushPullInterval
	m.TCPTimeout, m.UDPBufferSize = streamTimeout, packetSize
	m.DeadNodeReclaimTime = reclaimAfter
	m.EnableCompression = false // encrypted packets of a few hundred bytes gain nothing
	m.DelegateProtocolMin, m.DelegateProtocolMax, m.DelegateProtocolVersion = protocol, protocol, protocol

	if c.Transport == nil {
		bind, err := netip.ParseAddrPort(c.Bind)
		if err != nil {
			return nil, fmt.Errorf("%w: bind: %w", ErrConfig, err)
		}
		m.BindAddr, m.BindPort = bind.Addr().String(), int(bind.Port())
		m.AdvertisePort = m.BindPort
	}
	if c.Advertise != "" {
		ip, port, err := resolve(c.Advertise)
		if err != nil {
			return nil, fmt.Errorf("%w: advertised address %q: %w", ErrConfig, c.Advertise, err)
		}
		m.AdvertiseAddr = ip
		if port != 0 {
			m.AdvertisePort = port
		}
	}
	return m, nil
}

// resolve splits host, host:port or an IP address, and looks the host up.
func resolve(address string) (ip string, port int, err error) {
	host := address
	if h, p, err := net.SplitHostPort(address); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return "", 0, err
		}
		host, port = h, int(n)
	}
	addr, err := net.ResolveIPAddr("ip", host)
	if err != nil {
		return "", 0, err
	}
	if addr.IP == nil || addr.IP.IsUnspecified() {
		return "", 0, errors.New("not an address others could reach")
	}
	return addr.IP.String(), port, nil
}
