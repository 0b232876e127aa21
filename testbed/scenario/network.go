package scenario

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/edge"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/node"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/simnet"
	"github.com/meridian-video/meridian/testbed/simnet/pionnet"
)

// POPs of every network here, and the one-way delays between them. Control
// stands beside Frankfurt.
var POPs = []string{"fra", "iad", "syd"}

var sites = map[string]string{"fra": "10.0.1", "iad": "10.0.2", "syd": "10.0.3"}

const controlIP = "10.0.0.1"

// partners is where companies' own servers stand.
var partners = netip.MustParsePrefix("10.0.9.0/24")

// access is the one-way delay between a client and its POP.
const access = 10 * time.Millisecond

// between is the one-way delay between two POPs.
func between(a, b string) time.Duration {
	switch {
	case a == b:
		return time.Millisecond / 2
	case a == "syd" && b == "fra" || a == "fra" && b == "syd":
		return 140 * time.Millisecond
	case a == "syd" || b == "syd":
		return 85 * time.Millisecond
	}
	return 45 * time.Millisecond
}

// The ports of a node.
const (
	portHTTP    = 80
	portRaft    = 7000
	portCluster = 7001
	portGossip  = 7946
	portMedia   = 3000
	portTURN    = 3478
	portRelay   = 4000
)

// epoch is when every network starts.
var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// patience bounds every wait, in simulated time. It says nothing about how long
// things take.
const patience = 60 * time.Second

// Network is a control node and an edge node in each POP. It lives in one bubble.
type Network struct {
	*simnet.Network
	Control *node.Control
	Edges   map[string]*node.Edge // by POP

	t       testing.TB
	dir     string
	trying  bool
	media   map[string]*deafened // by POP
	roots   *x509.CertPool       // of companies' own servers
	mu      sync.Mutex
	clients map[string]int // hosts made so far, by POP
}

// Start starts the network and returns when every POP takes joins and sees
// every other. It is called inside a bubble and ends with the test.
func Start(t testing.TB, seed uint64) *Network {
	t.Helper()
	return StartWith(t, seed, nil)
}

// StartWith is Start where nodes call companies' own servers, whose certificates
// these roots vouch for.
func StartWith(t testing.TB, seed uint64, roots *x509.CertPool) *Network {
	t.Helper()
	return start(t, seed, roots, false)
}

// StartTrying is Start where nodes call each other to find out whether they pass
// media, and Deafen takes effect.
func StartTrying(t testing.TB, seed uint64) *Network {
	t.Helper()
	return start(t, seed, nil, true)
}

func start(t testing.TB, seed uint64, roots *x509.CertPool, trying bool) *Network {
	t.Helper()
	time.Sleep(time.Until(epoch)) // a bubble begins in 2000, and history takes no such times
	n := &Network{
		Network: simnet.New(simnet.Config{Seed: seed}), Edges: map[string]*node.Edge{},
		t: t, clients: map[string]int{}, roots: roots, trying: trying, media: map[string]*deafened{},
	}
	for i, a := range POPs {
		n.SetLink(controlIP, n.edgeIP(a), simnet.Link{Delay: between("fra", a)})
		for _, b := range POPs[i+1:] {
			n.SetLink(n.edgeIP(a), n.edgeIP(b), simnet.Link{Delay: between(a, b)})
		}
	}
	file, err := os.Create(filepath.Join(cluster.Artifacts(t), "network.log"))
	n.must(err)
	log := slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelDebug}))
	t.Cleanup(func() {
		n.close()
		_ = file.Close()
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	n.dir = t.TempDir()
	n.startControl(ctx, n.dir, log)
	for _, pop := range POPs {
		n.startEdge(ctx, pop, n.dir, log)
	}
	n.Wait("every POP takes joins and sees all others", n.ready)
	return n
}

func (n *Network) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// edgeIP is the address of a POP's node.
func (n *Network) edgeIP(pop string) string { return sites[pop] + ".1" }

// opener opens sockets on a host and keeps the first error.
type opener struct {
	*simnet.Host
	err error
}

func (o *opener) tcp(port int) *simnet.Listener {
	l, err := o.Listen(port)
	o.err = errors.Join(o.err, err)
	return l
}

func (o *opener) udp(port int) *simnet.PacketConn {
	c, err := o.ListenPacket(port)
	o.err = errors.Join(o.err, err)
	return c
}

func (o *opener) gossip() node.Gossip {
	g, err := newGossip(o.Host, portGossip)
	o.err = errors.Join(o.err, err)
	return node.Gossip{Transport: g}
}

func (n *Network) startControl(ctx context.Context, dir string, log *slog.Logger) {
	n.t.Helper()
	o := opener{Host: n.Host(controlIP)}
	options := node.ControlOptions{
		Self: geo.Node{ID: "control-1", POP: "ctl", Role: geo.RoleControl, Cluster: fmt.Sprintf("%s:%d", controlIP, portCluster)},
		Dir:  filepath.Join(dir, "control"), Raft: o.tcp(portRaft), Cluster: o.tcp(portCluster), API: o.tcp(portHTTP),
		Gossip: o.gossip(), Log: log.With("node", "control-1"),
		Notifications: control.Notifications{Allow: []netip.Prefix{partners}, Dial: o.Dial, Roots: n.roots},
	}
	n.must(o.err)
	var err error
	n.Control, err = node.StartControl(ctx, options)
	n.must(err)
	_, err = n.Control.Node.EnsureDev(ctx)
	n.must(err)
}

func (n *Network) startEdge(ctx context.Context, pop, dir string, log *slog.Logger) {
	n.t.Helper()
	ip := n.edgeIP(pop)
	o := opener{Host: n.Host(ip)}
	id := pop + "-1"
	options := node.EdgeOptions{
		Self: geo.Node{
			ID: geo.NodeID(id), POP: geo.POP(pop), Region: pop, Role: geo.RoleEdge,
			URL: "http://" + ip, Relay: fmt.Sprintf("%s:%d", ip, portRelay),
		},
		Dir: filepath.Join(dir, id), Control: []string{fmt.Sprintf("%s:%d", controlIP, portCluster)},
		JoinSecret: n.Control.Node.JoinSecret(), Dial: o.Dial,
		Partners: edge.Partners{Guard: &guard.Guard{Allow: []netip.Prefix{partners}, Dial: o.Dial, Roots: n.roots}},
		HTTP:     o.tcp(portHTTP),
		Media:    o.udp(portMedia), MediaAnnounce: []netip.AddrPort{netip.AddrPortFrom(o.Addr(), portMedia)},
		TURNUDP: o.udp(portTURN), TURNTCP: o.tcp(portTURN), Realm: "meridian",
		TURNAnnounce: []string{fmt.Sprintf("turn:%s:%d?transport=udp", ip, portTURN)},
		Relay:        o.udp(portRelay), Gossip: o.gossip(), Log: log.With("node", id),
	}
	if n.trying {
		n.media[pop] = &deafened{PacketConn: options.Media}
		options.Media = n.media[pop]
		options.Caller = func() (net.PacketConn, error) { return o.ListenPacket(0) }
	}
	options.Gossip.Seeds = []string{n.Control.Members.Addr()}
	n.must(o.err)
	e, err := node.StartEdge(ctx, options)
	n.must(err)
	n.Edges[pop] = e
}

// deafened is a media port that can be made to swallow everything, as a firewall
// does.
type deafened struct {
	net.PacketConn
	deaf atomic.Bool
}

func (h *deafened) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := h.PacketConn.ReadFrom(b)
		if err != nil || !h.deaf.Load() {
			return n, from, err
		}
	}
}

// Deafen makes a POP's media port swallow everything, or heals it; its HTTP,
// gossip and relay go on.
func (n *Network) Deafen(pop string, deaf bool) { n.media[pop].deaf.Store(deaf) }

func (n *Network) ready() error {
	for _, pop := range POPs {
		e := n.Edges[pop]
		if err := e.Node.Ready(); err != nil {
			return fmt.Errorf("%s: %w", pop, err)
		}
		if seen := len(e.Members.Nodes()); seen != len(POPs)+1 {
			return fmt.Errorf("%s sees %d nodes", pop, seen)
		}
	}
	return nil
}

// close stops every node and lets the last packets arrive.
func (n *Network) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var wg sync.WaitGroup
	for pop, e := range n.Edges {
		wg.Go(func() {
			if err := e.Close(ctx); err != nil {
				n.t.Errorf("close %s: %v", pop, err)
			}
		})
	}
	wg.Wait()
	if n.Control != nil {
		if err := n.Control.Close(ctx); err != nil {
			n.t.Errorf("close control: %v", err)
		}
	}
	time.Sleep(time.Second)
}

// clientHost makes a machine near a POP.
func (n *Network) clientHost(pop string) *simnet.Host {
	n.mu.Lock()
	n.clients[pop]++
	ip := fmt.Sprintf("%s.%d", sites[pop], 10+n.clients[pop])
	n.mu.Unlock()
	for _, other := range POPs {
		n.SetLink(ip, n.edgeIP(other), simnet.Link{Delay: access + between(pop, other)})
	}
	return n.Host(ip)
}

// Join brings a client near a POP into a room through a POP, the same or another;
// it leaves when the test ends.
func (n *Network) Join(near, pop string, o client.Options) *client.Client {
	n.t.Helper()
	c, err := n.TryJoin(near, pop, o)
	if err != nil {
		n.t.Fatalf("join %s at %s: %v", o.Name, pop, err)
	}
	return c
}

// TryJoin is Join for joins that may be refused.
func (n *Network) TryJoin(near, pop string, o client.Options) (*client.Client, error) {
	return n.knock(near, pop, o, patience)
}

// knock is TryJoin for those who may wait to be admitted for longer.
func (n *Network) knock(near, pop string, o client.Options, limit time.Duration) (*client.Client, error) {
	return n.by(n.clientHost(near), pop, o, limit)
}

// by joins from a computer, as one may again and again.
func (n *Network) by(host *simnet.Host, pop string, o client.Options, limit time.Duration) (*client.Client, error) {
	transport := &http.Transport{DialContext: host.Dial}
	n.t.Cleanup(transport.CloseIdleConnections)
	o.WS = "ws://" + n.edgeIP(pop) + "/ws"
	o.HTTP = &http.Client{Transport: transport}
	o.Engine.SetNet(pionnet.New(host))
	o.Engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	ctx, cancel := context.WithTimeout(n.t.Context(), limit)
	defer cancel()
	c, err := client.Join(ctx, o)
	if err != nil {
		return nil, err
	}
	n.t.Cleanup(c.Close)
	return c, nil
}

// Send lets a client send until the test ends.
func (n *Network) Send(c *client.Client, v client.Video) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { c.Send(ctx, v) })
	n.t.Cleanup(func() { cancel(); wg.Wait() })
}

// Attach returns the POPs that a POP tells clients, best first.
func (n *Network) Attach(pop string) ([]string, error) {
	transport := &http.Transport{DialContext: n.Host(n.edgeIP(pop)).Dial, DisableKeepAlives: true}
	res, err := (&http.Client{Transport: transport, Timeout: 2 * time.Second}).Get("http://" + n.edgeIP(pop) + "/api/v1/attach?room=demo")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var answer struct{ Nodes []struct{ POP string } }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	var out []string
	for _, k := range answer.Nodes {
		out = append(out, k.POP)
	}
	return out, nil
}

// Wait polls a condition until it gives no error and returns how long that took
// in simulated time; the test fails when patience is over.
func (n *Network) Wait(what string, f func() error) time.Duration {
	n.t.Helper()
	start := time.Now()
	for {
		err := f()
		if err == nil {
			return time.Since(start)
		}
		if time.Since(start) > patience {
			n.t.Fatalf("waited %v until %s: %v", patience, what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
