package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/place"
	"github.com/meridian-video/meridian/ops/config"
)

// RunControl runs a control node until the context ends.
func RunControl(ctx context.Context, c config.Config, log *slog.Logger) error {
	voters, err := voterSecret(c.Control)
	if err != nil {
		return err
	}
	var s Sockets
	api, raft, cluster := s.TCP(c.Control.API.Listen), s.TCP(c.Control.Raft.Listen), s.TCP(c.Control.Cluster.Listen)
	operator := s.optionalTCP(c.Operator.Listen)
	if s.Err != nil {
		return s.Close()
	}
	page, err := secure(api, c.Control.API.TLS, log)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	defer page.stop()
	n, err := StartControl(ctx, ControlOptions{
		Self: geo.Node{
			ID: geo.NodeID(c.Node), POP: site(c), Region: region(c), Role: geo.RoleControl, Place: location(c), Version: Build(),
			Cluster: Reachable(c.Control.Cluster, cluster.Addr()),
		},
		VoterSecret: voters, BootstrapExpect: c.Control.BootstrapExpect, Join: c.Control.Join,
		Dir: c.Data, RaftAdvertise: Reachable(c.Control.Raft, raft.Addr()), Raft: raft, Cluster: cluster,
		Notifications: notifications(c.Control, api, operator),
		History:       c.Control.History.Reveal(), API: page.listener, Operator: operator, Certificate: page.check, Gossip: gossip(c), Log: log,
	})
	if err != nil {
		return unlessEnded(ctx, errors.Join(err, s.Close()))
	}
	log.Info("control node runs", "api", api.Addr().String(), "cluster", cluster.Addr().String(),
		"join_secret_file", filepath.Join(c.Data, "join-secret"), "api_key_file", filepath.Join(c.Data, "api-key"))
	<-ctx.Done()
	log.Info("control node stops")
	closing, cancel := abandon(ctx)
	defer cancel()
	return n.Close(closing)
}

// voterSecret is the configured one; zero for none.
func voterSecret(c config.Control) (ca.VoterSecret, error) {
	if c.VoterSecret == "" {
		return ca.VoterSecret{}, nil
	}
	s, err := ca.ParseVoterSecret(c.VoterSecret.Reveal())
	if err != nil {
		return s, fmt.Errorf("control.voter_secret: %w", err)
	}
	return s, nil
}

// RunEdge runs an edge node until the context ends, then drains it.
func RunEdge(ctx context.Context, c config.Config, log *slog.Logger) error {
	var s Sockets
	o, err := edgeOptions(&s, c, log)
	if err != nil {
		_ = s.Close()
		return err
	}
	page, err := secure(o.HTTP, c.Edge.HTTP.TLS, log)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	defer page.stop()
	o.HTTP, o.Certificate = page.listener, page.check
	e, err := StartEdge(ctx, o)
	if err != nil {
		return unlessEnded(ctx, errors.Join(err, s.Close()))
	}
	log.Info("edge node runs", "http", o.HTTP.Addr().String(), "media", o.Media.LocalAddr().String(), "readers", 1+len(o.MediaBeside), "media_tcp", len(o.TCPAnnounce) > 0, "relay", o.Relay.LocalAddr().String())
	<-ctx.Done()
	log.Info("edge node drains", "at_most", c.Drain)
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Drain)
	defer cancel()
	if err := e.Drain(draining); err != nil {
		log.Warn("drain", "err", err)
	}
	closing, cancel := abandon(ctx)
	defer cancel()
	return e.Close(closing)
}

// unlessEnded drops the error of a start that was told to end.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// edgeOptions opens the sockets of a configuration and says where they are reached.
func edgeOptions(s *Sockets, c config.Config, log *slog.Logger) (EdgeOptions, error) {
	o := EdgeOptions{
		Dir: c.Data, Control: c.Edge.Control, JoinSecret: c.Edge.JoinSecret.Reveal(), Realm: c.Edge.TURN.Realm,
		HTTP: s.TCP(c.Edge.HTTP.Listen), Operator: s.optionalTCP(c.Operator.Listen),
		TURNUDP: s.optionalUDP(c.Edge.TURN.UDP), TURNTCP: s.optionalTCP(c.Edge.TURN.TCP),
		Relay: s.UDP(c.Edge.Relay.Listen), Gossip: gossip(c), MaxParticipants: c.Edge.Limits.Participants, Log: log,
		OutboxDir: cmp.Or(c.Edge.Outbox.Dir, filepath.Join(c.Data, "outbox")), OutboxLimit: int64(c.Edge.Outbox.MiB) << 20,
	}
	o.Caller = func() (net.PacketConn, error) { return net.ListenPacket("udp", ":0") }
	o.Photos = photos(c.Edge.Photos)
	o.Partners = partners(c.Edge.Webhooks)
	o.Media, o.MediaBeside = s.Media(c.Edge.Media.Listen, c.Edge.Media.Readers)
	if s.Err != nil {
		return o, s.Err
	}
	var err error
	if c.Edge.API != "" {
		if o.API, err = url.Parse(c.Edge.API); err != nil {
			return o, fmt.Errorf("edge.api: %w", err)
		}
	}
	if o.MediaAnnounce, err = announced(c.Edge.Media.Announce, o.Media.LocalAddr()); err != nil {
		return o, fmt.Errorf("edge.media.announce: %w", err)
	}
	if err := shareMedia(s, &o, c.Edge.Media); err != nil {
		return o, err
	}
	o.TURNAnnounce = turnURLs(c.Edge.TURN.Announce, o)
	o.Placement, o.GeoIP, o.Proxies = geo.Placement(c.Edge.Placement), c.Edge.GeoIP, c.Edge.HTTP.Trusted()
	o.Self = geo.Node{
		ID: geo.NodeID(c.Node), POP: site(c), Region: region(c), Role: geo.RoleEdge, Place: location(c), Handicap: c.Edge.Handicap, Version: Build(),
		URL: c.Edge.HTTP.URL, Relay: Reachable(c.Edge.Relay, o.Relay.LocalAddr()),
	}
	return o, nil
}

// shareMedia opens what takes media over TCP: HTTP's port or one of its own.
func shareMedia(s *Sockets, o *EdgeOptions, m config.Media) (err error) {
	l := o.HTTP
	if m.TCP != config.WithHTTP {
		l = s.optionalTCP(m.TCP)
	}
	if s.Err != nil || l == nil {
		return s.Err
	}
	if o.TCPAnnounce, err = announcedTCP(m.AnnounceTCP, o.MediaAnnounce, l.Addr()); err != nil {
		return fmt.Errorf("edge.media.announce_tcp: %w", err)
	}
	switch {
	case len(o.TCPAnnounce) == 0: // only a proxy comes to this port
	case m.TCP == config.WithHTTP:
		o.HTTP, o.MediaTCP = Share(l)
	default:
		o.MediaTCP = l
	}
	return nil
}

// site is the POP a node stands in; a control node without one stands alone.
func site(c config.Config) geo.POP { return geo.POP(cmp.Or(c.POP, c.Node)) }

func region(c config.Config) string { return cmp.Or(c.Region, string(site(c))) }

// location is where a node stands; nil where nobody said.
func location(c config.Config) *place.Point {
	at, err := place.Parse(c.Location)
	if err != nil {
		return nil // config has checked what is said
	}
	return &at
}
