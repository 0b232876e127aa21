package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/certs"
	"github.com/meridian-video/meridian/ops/config"
)

// RunControl runs a control node until the context ends.
func RunControl(ctx context.Context, c config.Config, log *slog.Logger) error {
	var s Sockets
	api, raft, cluster := s.TCP(c.Control.API.Listen), s.TCP(c.Control.Raft.Listen), s.TCP(c.Control.Cluster.Listen)
	if s.Err != nil {
		return s.Close()
	}
	api, err := secured(ctx, api, c.Control.API.TLS, log)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	n, err := StartControl(ctx, ControlOptions{
		Self: geo.Node{
			ID: geo.NodeID(c.Node), POP: geo.POP(c.POP), Region: region(c), Role: geo.RoleControl,
			Cluster: reachable(c.Control.Cluster, cluster.Addr()),
		},
		Dir: c.Data, RaftAdvertise: c.Control.Raft.Announce, Raft: raft, Cluster: cluster, API: api,
		Gossip: gossip(c), Log: log,
	})
	if err != nil {
		return errors.Join(err, s.Close())
	}
	log.Info("control node runs", "api", api.Addr().String(), "cluster", cluster.Addr().String(),
		"join_secret_file", filepath.Join(c.Data, "join-secret"), "api_key_file", filepath.Join(c.Data, "api-key"))
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Drain)
	defer cancel()
	return n.Close(stop)
}

// RunEdge runs an edge node until the context ends, then drains it.
func RunEdge(ctx context.Context, c config.Config, log *slog.Logger) error {
	o, s, err := edgeOptions(ctx, c, log)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	e, err := StartEdge(ctx, o)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	log.Info("edge node runs", "http", o.HTTP.Addr().String(), "media", o.Media.LocalAddr().String(), "relay", o.Relay.LocalAddr().String())
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Drain)
	defer cancel()
	if err := e.Drain(stop); err != nil {
		log.Warn("drain", "err", err)
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return e.Close(closing)
}

func edgeOptions(ctx context.Context, c config.Config, log *slog.Logger) (EdgeOptions, *Sockets, error) {
	s := &Sockets{}
	o := EdgeOptions{
		Dir: c.Data, Control: c.Edge.Control, JoinSecret: c.Edge.JoinSecret.Reveal(), Realm: c.Edge.TURN.Realm,
		HTTP: s.TCP(c.Edge.HTTP.Listen), Operator: s.optionalTCP(c.Operator.Listen),
		Media: s.UDP(c.Edge.Media.Listen), TURNUDP: s.optionalUDP(c.Edge.TURN.UDP), TURNTCP: s.optionalTCP(c.Edge.TURN.TCP),
		Relay: s.UDP(c.Edge.Relay.Listen), Gossip: gossip(c), MaxParticipants: c.Edge.Limits.Participants, Log: log,
	}
	if s.Err != nil {
		return o, s, s.Err
	}
	var err error
	if c.Edge.API != "" {
		if o.API, err = url.Parse(c.Edge.API); err != nil {
			return o, s, fmt.Errorf("edge.api: %w", err)
		}
	}
	if o.MediaAnnounce, err = announced(c.Edge.Media.Announce, o.Media.LocalAddr()); err != nil {
		return o, s, fmt.Errorf("edge.media.announce: %w", err)
	}
	o.TURNAnnounce = turnURLs(c.Edge.TURN.Announce, o)
	if o.HTTP, err = secured(ctx, o.HTTP, c.Edge.HTTP.TLS, log); err != nil {
		return o, s, err
	}
	o.Self = geo.Node{
		ID: geo.NodeID(c.Node), POP: geo.POP(c.POP), Region: region(c), Role: geo.RoleEdge,
		URL: c.Edge.HTTP.URL, Relay: reachable(c.Edge.Relay, o.Relay.LocalAddr()),
	}
	return o, s, nil
}

func region(c config.Config) string {
	if c.Region != "" {
		return c.Region
	}
	return c.POP
}

func gossip(c config.Config) Gossip {
	return Gossip{Bind: c.Gossip.Listen, Advertise: c.Gossip.Announce, Seeds: c.Gossip.Seeds}
}

// reachable is where others find a socket: what is announced, or the address
// it is bound to, or one of the machine's where it is bound to all.
func reachable(e config.Endpoint, bound net.Addr) string {
	if e.Announce != "" {
		return e.Announce
	}
	addrs, err := announced(nil, bound)
	if err != nil || len(addrs) == 0 {
		return bound.String()
	}
	return addrs[0].String()
}

// announced reads addresses with an optional port; none means the bound one,
// or the machine's addresses where it is bound to all.
func announced(list []string, bound net.Addr) ([]netip.AddrPort, error) {
	at, err := netip.ParseAddrPort(bound.String())
	if err != nil {
		return nil, err
	}
	var out []netip.AddrPort
	for _, s := range list {
		if p, err := netip.ParseAddrPort(s); err == nil {
			out = append(out, p)
			continue
		}
		ip, err := netip.ParseAddr(s)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an IP address nor one with a port", s)
		}
		out = append(out, netip.AddrPortFrom(ip, at.Port()))
	}
	if len(out) > 0 {
		return out, nil
	}
	if !at.Addr().IsUnspecified() {
		return []netip.AddrPort{at}, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !p.Addr().IsLinkLocalUnicast() && !p.Addr().IsLoopback() {
			out = append(out, netip.AddrPortFrom(p.Addr(), at.Port()))
		}
	}
	if len(out) == 0 {
		out = append(out, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()))
	}
	return out, nil
}

// turnURLs are the addresses of TURN that browsers are told (RFC 7065).
func turnURLs(hosts []string, o EdgeOptions) []string {
	if len(hosts) == 0 {
		for _, a := range o.MediaAnnounce {
			hosts = append(hosts, a.Addr().String())
		}
	}
	var out []string
	add := func(host string, bound net.Addr, transport string) {
		port := strconv.Itoa(int(portOf(bound)))
		if h, p, err := net.SplitHostPort(host); err == nil {
			host, port = h, p
		}
		out = append(out, "turn:"+net.JoinHostPort(host, port)+"?transport="+transport)
	}
	for _, h := range hosts {
		if o.TURNUDP != nil {
			add(h, o.TURNUDP.LocalAddr(), "udp")
		}
		if o.TURNTCP != nil {
			add(h, o.TURNTCP.Addr(), "tcp")
		}
	}
	return out
}

func portOf(a net.Addr) uint16 {
	p, _ := netip.ParseAddrPort(a.String())
	return p.Port()
}

// secured puts TLS with reloaded certificates on a listener where configured.
func secured(ctx context.Context, l net.Listener, files config.TLS, log *slog.Logger) (net.Listener, error) {
	if !files.Enabled() {
		return l, nil
	}
	pair, err := certs.Load(files.Cert, files.Key, log)
	if err != nil {
		return nil, err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hup)
		pair.Run(ctx, hup)
	}()
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.GetCertificate}), nil
}
