package dev

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/node"
)

// sites are the POPs of a development network in the order in which --pops
// adds them.
var sites = []struct {
	pop    geo.POP
	region string
	city   string
}{
	{"fra", "eu", "Frankfurt"}, {"iad", "us", "Washington"}, {"syd", "ap", "Sydney"}, {"gru", "sa", "São Paulo"},
	{"nrt", "ap", "Tokyo"}, {"sin", "ap", "Singapore"}, {"lhr", "eu", "London"}, {"sfo", "us", "San Francisco"},
	{"bom", "ap", "Mumbai"}, {"jnb", "af", "Johannesburg"}, {"yyz", "us", "Toronto"}, {"dxb", "me", "Dubai"},
}

// How long the network may take to find itself and to stop.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 4 * time.Second
)

// Network is a running development network.
type Network struct {
	Control *node.Control
	Edges   []*node.Edge
	APIKey  string

	opts  Options
	addr  addresses
	api   string
	media []string

	operators []string // base URLs of the POPs' operator ports
}

// Run starts a network, says so on w, and stops it when the context ends.
func Run(ctx context.Context, o Options, w io.Writer) (err error) {
	started := time.Now()
	if o.Data, err = o.Dir(); err != nil {
		return err
	}
	if err := prepare(o.Data); err != nil {
		return err
	}
	file, err := openLog(filepath.Join(o.Data, logFile))
	if err != nil {
		return err
	}
	defer file.Close()
	n, err := Start(ctx, o, slog.New(slog.NewJSONHandler(file, nil)))
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	for name, url := range map[string]string{FileAPI: n.api, FileOperator: n.operators[0]} {
		if err := os.WriteFile(filepath.Join(o.Data, name), []byte(url+"\n"), 0o600); err != nil {
			return errors.Join(err, n.Close())
		}
	}
	if o.JSON {
		err = n.writeJSON(w)
	} else {
		err = n.writeTable(w, time.Since(started))
	}
	if err != nil {
		return errors.Join(err, n.Close())
	}
	<-ctx.Done()
	_ = os.Remove(filepath.Join(o.Data, FileOperator)) // nobody listens there any more
	if !o.JSON {
		fmt.Fprintln(w, "\n  Stopping …")
	}
	return n.Close()
}

// logFile is where the nodes log, below the data directory.
const logFile = "meridian.log"

// What the command line finds a network by, below the data directory.
const (
	FileAPI      = "api-url"         // base URL of the API
	FileAPIKey   = "control/api-key" // the platform's first key
	FileOperator = "operator-url"    // base URL of the first POP's operator port
)

// logLimit is the size above which a run begins its log anew. It otherwise goes
// on where the last one ended: another network may be writing to it, since who
// has the directory is only known when control opens it.
const logLimit = 8 << 20

func openLog(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.Size() > logLimit {
		err = file.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open log: %w", err), file.Close())
	}
	return file, nil
}

// Start starts a network in an existing data directory and returns when every POP takes joins.
func Start(ctx context.Context, o Options, log *slog.Logger) (_ *Network, err error) {
	n := &Network{opts: o}
	if n.addr, err = resolve(o.Listen); err != nil {
		return nil, err
	}
	var s node.Sockets
	defer func() {
		if err != nil {
			_ = n.Close()
			_ = s.Close()
		}
	}()
	plan := n.open(&s)
	if s.Err != nil {
		return nil, s.Err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("the network did not become ready in time"))
	defer cancel()
	if err := n.start(ctx, plan, log); err != nil {
		return nil, err
	}
	return n, n.waitReady(ctx)
}

// prepare makes the data directory and says clearly when it cannot be used.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("--data %s cannot be made: %w", dir, reason(err))
	}
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return fmt.Errorf("--data %s is not writable: %w", dir, reason(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// plan is every socket of the network.
type plan struct {
	api, raft, cluster net.Listener
	pops               []popPlan
}

type popPlan struct {
	http     net.Listener
	operator net.Listener
	media    net.PacketConn
	beside   []net.PacketConn // further sockets on media's port
	turnUDP  net.PacketConn
	turnTCP  net.Listener
	relay    net.PacketConn
}

// anyPort is where gossip listens: the system chooses, since nobody types it.
const anyPort = "127.0.0.1:0"

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// open opens what people type first, so that a port in use is said at once.
func (n *Network) open(s *node.Sockets) plan {
	p := plan{api: s.TCP(join(loopback, n.opts.Port-1)), pops: make([]popPlan, n.opts.POPs)}
	for i := range p.pops {
		p.pops[i].http = s.TCP(join(n.addr.bind, n.opts.Port+i))
	}
	p.raft, p.cluster = s.TCP(join(loopback, 0)), s.TCP(join(loopback, 0))
	for i := range p.pops {
		pop := &p.pops[i]
		pop.operator = s.TCP(join(loopback, 0))
		pop.media, pop.beside = s.Media(join(n.addr.bind, 0), n.opts.Readers)
		pop.turnUDP, pop.turnTCP = s.UDP(join(n.addr.bind, 0)), s.TCP(join(n.addr.bind, 0))
		pop.relay = s.UDP(join(loopback, 0))
	}
	if s.Err == nil && n.opts.WAN {
		delays := map[netip.AddrPort]int{}
		for i, pop := range p.pops {
			delays[portOf(pop.relay.LocalAddr())] = i
		}
		for i := range p.pops {
			p.pops[i].relay = newWAN(p.pops[i].relay, func(at netip.AddrPort) time.Duration {
				to, known := delays[at]
				if !known {
					return 0
				}
				return wanDelay(i, to)
			})
		}
	}
	return p
}

func portOf(a net.Addr) netip.AddrPort {
	p, _ := netip.ParseAddrPort(a.String())
	return p
}

// public is an address of a socket as others reach it.
func (n *Network) public(a net.Addr) netip.AddrPort {
	return netip.AddrPortFrom(n.addr.public, portOf(a).Port())
}

func (n *Network) start(ctx context.Context, p plan, log *slog.Logger) (err error) {
	n.api = "http://" + p.api.Addr().String()
	cluster := p.cluster.Addr().String()
	n.Control, err = node.StartControl(ctx, node.ControlOptions{
		Self: geo.Node{ID: "control-1", POP: "ctl", Role: geo.RoleControl, URL: n.api, Cluster: cluster, Version: node.Build()},
		Dir:  filepath.Join(n.opts.Data, "control"), Raft: p.raft, Cluster: p.cluster, API: p.api,
		Gossip: node.Gossip{Bind: anyPort}, Log: log.With("self", "control-1"),
	})
	if err != nil {
		return err
	}
	if n.APIKey, err = n.Control.Node.EnsureDev(ctx); err != nil {
		return fmt.Errorf("make the development company: %w", err)
	}
	var page tls.Certificate
	if n.addr.secure {
		if page, err = certificate(n.opts.Data, n.addr.public); err != nil {
			return fmt.Errorf("make the page's certificate: %w", err)
		}
	}
	api, err := url.Parse(n.api)
	if err != nil {
		return err
	}
	n.Edges, n.media, n.operators = make([]*node.Edge, len(p.pops)), make([]string, len(p.pops)), make([]string, len(p.pops))
	errs := make([]error, len(p.pops))
	var wg sync.WaitGroup
	for i := range p.pops {
		wg.Go(func() { n.Edges[i], errs[i] = n.startEdge(ctx, i, p, cluster, api, page, log) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (n *Network) startEdge(ctx context.Context, i int, p plan, cluster string, api *url.URL, page tls.Certificate, log *slog.Logger) (*node.Edge, error) {
	site, pop := sites[i], p.pops[i]
	id := geo.NodeID(site.pop + "-1")
	media, turn := n.public(pop.media.LocalAddr()), n.public(pop.turnUDP.LocalAddr())
	turnTCP := n.public(pop.turnTCP.Addr())
	n.media[i], n.operators[i] = media.String(), "http://"+pop.operator.Addr().String()
	l, mediaTCP := node.Share(pop.http)
	if n.addr.secure {
		l = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{page}})
	}
	e, err := node.StartEdge(ctx, node.EdgeOptions{
		Self: geo.Node{
			ID: id, POP: site.pop, Region: site.region, Role: geo.RoleEdge,
			URL: n.addr.url(n.opts.Port + i), Relay: pop.relay.LocalAddr().String(), Version: node.Build(),
		},
		Dir: filepath.Join(n.opts.Data, string(id)), Control: []string{cluster}, JoinSecret: n.Control.Node.JoinSecret(),
		API: api, HTTP: l, Operator: pop.operator, PublicProbes: true, Media: pop.media, MediaBeside: pop.beside, MediaAnnounce: []netip.AddrPort{media},
		MediaTCP: mediaTCP, TCPAnnounce: []netip.AddrPort{n.public(mediaTCP.Addr())},
		TURNUDP: pop.turnUDP, TURNTCP: pop.turnTCP, Realm: "turn",
		TURNAnnounce: []string{"turn:" + turn.String() + "?transport=udp", "turn:" + turnTCP.String() + "?transport=tcp"},
		Relay:        pop.relay, Gossip: node.Gossip{Bind: anyPort, Seeds: []string{n.Control.Members.Addr()}},
		Log: log.With("self", string(id)),
	})
	if err != nil {
		return nil, fmt.Errorf("start POP %s: %w", site.pop, err)
	}
	return e, nil
}

// waitReady returns when every POP takes joins and sees every other.
func (n *Network) waitReady(ctx context.Context) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		var waiting error
		for i, e := range n.Edges {
			if err := e.Node.Ready(); err != nil {
				waiting = fmt.Errorf("POP %s: %w", sites[i].pop, err)
			} else if seen := len(e.Members.Nodes()); seen != len(n.Edges)+1 {
				waiting = fmt.Errorf("POP %s sees %d of %d nodes", sites[i].pop, seen, len(n.Edges)+1)
			}
		}
		if waiting == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), waiting)
		case <-ticker.C:
		}
	}
}

// Close tells everyone that the network stops and stops every node, within
// about stopTimeout. Nobody is asked to move: all POPs end together.
func (n *Network) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(n.Edges)+1)
	for i, e := range n.Edges {
		if e != nil {
			wg.Go(func() { errs[i] = e.Close(ctx) })
		}
	}
	wg.Wait()
	if n.Control != nil {
		errs[len(n.Edges)] = n.Control.Close(ctx)
	}
	return errors.Join(errs...)
}

// ready is what --json prints.
type ready struct {
	Ready   bool       `json:"ready"`
	Control string     `json:"control"`
	APIKey  string     `json:"api_key"`
	POPs    []readyPOP `json:"pops"`
}

type readyPOP struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	Media    string `json:"media"`
	Operator string `json:"operator"`
}

func (n *Network) ready() ready {
	r := ready{Ready: true, Control: n.api, APIKey: n.APIKey}
	for i := range n.Edges {
		r.POPs = append(r.POPs, readyPOP{Name: string(sites[i].pop), URL: n.addr.url(n.opts.Port + i), Media: n.media[i], Operator: n.operators[i]})
	}
	return r
}

func (n *Network) writeJSON(w io.Writer) error { return json.NewEncoder(w).Encode(n.ready()) }

// netCommand is what prints the network on a terminal; commands find one in the default
// directory by themselves.
func (n *Network) netCommand() string {
	if dir, err := (Options{}).Dir(); err == nil && dir == n.opts.Data {
		return "meridian net"
	}
	return "meridian net --operator " + n.operators[0]
}

// writeTable tells a person what to open.
func (n *Network) writeTable(w io.Writer, took time.Duration) error {
	r := n.ready()
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Meridian is ready: %d POPs and a control node, in %.1f s.\n", len(r.POPs), took.Seconds())
	b.WriteString("  Open two of these links: one meeting, carried between the POPs over QUIC.\n\n")
	for i, p := range r.POPs {
		fmt.Fprintf(&b, "    %-4s %-14s %s/m/demo\n", p.Name, sites[i].city, p.URL)
	}
	fmt.Fprintf(&b, "\n    Admin %s/admin    (sign in with the key)\n    API   %s/api/v1   (any POP answers both)\n    Key   %s\n", r.Control, r.Control, r.APIKey)
	fmt.Fprintf(&b, "    Map   %s/ops/    (the network, live; also: %s)\n", n.operators[0], n.netCommand())
	fmt.Fprintf(&b, "    Data  %s   (log: %s)\n", n.opts.Data, logFile)
	if n.opts.WAN {
		b.WriteString("    WAN   45, 85 and 140 ms one way between the POPs\n")
	}
	if n.addr.secure {
		b.WriteString("\n  The certificate is generated: the browser asks once per POP whether to trust it.\n")
	}
	b.WriteString("\n  Ctrl-C stops everything.\n\n")
	_, err := io.WriteString(w, b.String())
	return err
}
