package edge

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/edge/ask"
	"github.com/meridian-video/meridian/edge/photo"
	"github.com/meridian-video/meridian/edge/placing"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/edge/tracks"
	"github.com/meridian-video/meridian/edge/uses"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/place"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/turn"
)

// ErrDraining is returned for a join while the node drains.
var ErrDraining = errors.New("node is draining")

// Members is the living network as gossip sees it.
type Members interface {
	Nodes() []geo.Node
	Lookup(geo.NodeID) (geo.Node, bool)
	OnChange(func())
	SetLoad(load float64, full bool)
	SetDraining(bool)
	SetGray(bool)
	RTT(from, to geo.NodeID) (time.Duration, bool)
}

// Configuration is this node's copy of the control plane's state.
type Configuration interface {
	View() *client.View
	Ready() bool
	// Connected says whether the copy has all that control has.
	Connected() bool
	// Age is the time since control was last heard.
	Age() time.Duration
	// OnTokens is given what hears that keys or revocations may have changed.
	OnTokens(func(*client.View))
}

// Control is what this node has decided by the control plane.
type Control interface {
	placing.Control
	uses.Control
	Exchange(ctx context.Context, r client.ExchangeRequest) (client.ExchangeAnswer, error)
	Header(ctx context.Context, r client.HeaderRequest) (string, error)
}

// Config is what a Node is made of. Sockets are opened by the caller and closed
// by the Node.
type Config struct {
	Self          geo.Node
	Members       Members
	Configuration Configuration
	API           http.Handler // answers /api/v1; nil: nothing does
	Web           fs.FS        // the built page

	Relay    net.PacketConn
	RelayTLS *tls.Config

	Media         net.PacketConn
	MediaBeside   []net.PacketConn // further sockets on Media's port (see rtc.Listen)
	MediaAnnounce []netip.AddrPort // empty: the socket's own address
	MediaTCP      net.Listener     // nil: no media over TCP
	TCPAnnounce   []netip.AddrPort // empty: the listener's own address

	TURNUDP      net.PacketConn // either may be nil
	TURNTCP      net.Listener
	TURNAnnounce []string // turn: URLs without credentials; empty: none offered
	Realm        string

	Photos   Photos
	Partners Partners
	Secrets  Secrets // nil: what people type cannot be compared

	Recorder room.Recorder // of history; nil: none is kept
	Control  Control       // nil: it is never asked, nor told where rooms have their home

	Placement geo.Placement                        // what nodes are near to that clients are told; empty: the client
	Where     func(netip.Addr) (place.Point, bool) // where addresses are; must not block. nil: nobody knows

	Caller func() (net.PacketConn, error) // opens a socket to call other nodes with, see edge/trial; nil: no node is called

	MaxParticipants int // 0: unlimited
	Log             *slog.Logger
	Registerer      prometheus.Registerer
}

// Node is an edge node.
type Node struct {
	cfg    Config
	log    *slog.Logger
	start  time.Time
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	ready  chan struct{} // closed when everything is wired

	bridge      *turn.Bridge
	turn        *turn.Server
	secret      []byte // of TURN names
	engine      *rtc.Engine
	mesh        *relay.Mesh
	tracks      *tracks.Table
	routes      routes
	plane       *room.Plane
	speakers    *speakers
	ears        *ears
	subscribers subscribers
	grades      gradeMetrics
	pages       *pages
	askers      *askers
	tries       *tries
	trials      *trials
	album       *photo.Album
	asker       *ask.Asker
	headers     *headers
	bearers     *bearers
	uses        *uses.Uses
	placer      *placing.Placer // nil: control is not told
	sockets     *signal.Sockets
	streams     *signal.Streams
	checks      checks
	ahead       atomic.Int32 // clients that connect before they have a place
	quorum      quorum
	glances     glances

	changed   chan struct{} // members came or went
	withdrawn chan struct{} // keys or revocations may have changed
	draining  atomic.Bool
	drain     drain
	mu        sync.Mutex
	attached  map[*attachment]bool
}

// New starts a node. It serves media and the room plane at once; people reach
// it when the caller serves Handler.
func New(cfg Config) (*Node, error) {
	n := &Node{
		cfg: cfg, log: cfg.Log, start: time.Now(), ready: make(chan struct{}),
		secret: make([]byte, 32), album: newAlbum(cfg.Photos), asker: newAsker(cfg.Partners), headers: newHeaders(cfg.Control), speakers: newSpeakers(cfg.Self.ID), ears: newEars(), attached: map[*attachment]bool{},
		bearers: newBearers(), askers: newAskers(), tries: newTries(), trials: newTrials(cfg.Caller), changed: make(chan struct{}, 1), withdrawn: make(chan struct{}, 1),
	}
	_, _ = rand.Read(n.secret) // never fails (crypto/rand)
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if err := n.build(); err != nil {
		n.cancel()
		return nil, errors.Join(err, n.closeParts())
	}
	n.registerMetrics()
	close(n.ready)
	cfg.Members.OnChange(n.membersChanged)
	n.wg.Go(n.detect)
	n.wg.Go(n.keepEars)
	n.wg.Go(n.reportLoad)
	n.wg.Go(n.keepLinks)
	n.wg.Go(n.adapt)
	if cfg.Caller != nil {
		n.wg.Go(n.keepTrying)
	}
	cfg.Configuration.OnTokens(n.tokensChanged)
	n.wg.Go(n.watchBearers)
	n.followControl()
	return n, nil
}

func (n *Node) build() (err error) {
	cfg := n.cfg
	if n.pages, err = newPages(cfg.Web, cfg.Configuration.View); err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	metrics := sfu.NewMetrics(cfg.Registerer)
	n.bridge = turn.NewBridge(cfg.Media, n.mediaAddresses())
	var beside []net.PacketConn
	for _, s := range cfg.MediaBeside {
		beside = append(beside, n.bridge.Beside(s))
	}
	n.engine, err = rtc.New(rtc.Config{
		Media: n.bridge, Beside: beside, Relayed: n.bridge.Relayed, Announce: cfg.MediaAnnounce,
		Streams: cfg.MediaTCP, AnnounceStreams: cfg.TCPAnnounce, Log: n.log.With("part", "rtc"),
		Registerer: cfg.Registerer, Now: n.now, SFU: metrics,
	})
	if err != nil {
		return fmt.Errorf("start media: %w", err)
	}
	if cfg.TURNUDP != nil || cfg.TURNTCP != nil {
		n.turn, err = turn.New(turn.Config{
			UDP: cfg.TURNUDP, TCP: cfg.TURNTCP, Bridge: n.bridge, Realm: cfg.Realm,
			Secret: n.secret, Log: n.log.With("part", "turn"), Registerer: cfg.Registerer,
		})
		if err != nil {
			return fmt.Errorf("start TURN: %w", err)
		}
	}
	n.tracks = tracks.New(tracks.Config{Self: cfg.Self.ID, Now: n.now, Batch: n.engine.NewBatch, Pace: n.engine.Pace, Wanted: (*sfu.UpTrack).Wanted, Screen: isScreen, Metrics: metrics, Log: n.log.With("part", "tracks")})
	n.mesh, err = relay.New(relay.Config{
		Self: cfg.Self.ID, Conn: cfg.Relay, TLS: cfg.RelayTLS, Peer: n.peer, Tracks: n.tracks, Route: n.route,
		Handle: n.handle, Answer: n.answer, LinkChanged: n.linkChanged,
		Log: n.log.With("part", "relay"), Registerer: cfg.Registerer,
	})
	if err != nil {
		return fmt.Errorf("start relay: %w", err)
	}
	n.tracks.Use(n.mesh)
	n.askControl()
	n.plane = room.New(room.Config{
		Self: cfg.Self.ID, POP: string(cfg.Self.POP), Peers: n.mesh, Nodes: n.edges, Prefers: n.prefers, Drains: n.drains,
		Recorder: cfg.Recorder, Placer: n.roomPlacer(), Standing: n.standing, Kind: n.kind,
		Now: time.Now, Rand: rand.Reader, Log: n.log.With("part", "room"), Registerer: cfg.Registerer,
	})
	n.sockets = signal.NewSockets(n, n.log.With("part", "signal"))
	n.streams = signal.NewStreams(n, n.log.With("part", "signal"))
	return nil
}

// now is the node's monotonic clock.
func (n *Node) now() time.Duration { return time.Since(n.start) }

// mediaAddresses are the addresses of our own media that TURN may lead to.
func (n *Node) mediaAddresses() []netip.AddrPort {
	out := append([]netip.AddrPort(nil), n.cfg.MediaAnnounce...)
	if a, err := netip.ParseAddrPort(n.cfg.Media.LocalAddr().String()); err == nil && !a.Addr().IsUnspecified() {
		out = append(out, a)
	}
	return out
}

// edges lists the living edge nodes.
func (n *Node) edges() []geo.NodeID {
	var out []geo.NodeID
	for _, m := range n.cfg.Members.Nodes() {
		if m.Role == geo.RoleEdge {
			out = append(out, m.ID)
		}
	}
	return out
}

// prefers says whether a room has its home at a node's POP rather than elsewhere:
// as it is configured, or as its id asks for.
func (n *Node) prefers(k room.Key, id geo.NodeID) bool {
	m, ok := n.cfg.Members.Lookup(id)
	if !ok {
		return false
	}
	v := n.cfg.Configuration.View()
	if r, _ := v.Room(k.Company, k.Room); r.HomePOP != "" {
		return goesBy(v, m, r.HomePOP)
	}
	return slices.Contains(v.HomePOPs(k.Room), string(m.POP))
}

// drains says whether a node is to be left.
func (n *Node) drains(id geo.NodeID) bool {
	if id == n.cfg.Self.ID {
		return n.draining.Load()
	}
	m, ok := n.cfg.Members.Lookup(id)
	return ok && m.Draining
}

// kind is what a room is configured as; one that is not configured is a call.
func (n *Node) kind(k room.Key) record.RoomKind {
	if r, ok := n.cfg.Configuration.View().Room(k.Company, k.Room); ok && entry.Kind(r.Kind) == entry.Webinar {
		return record.Webinar
	}
	return record.Call
}

// peer says where a member's relay listens.
func (n *Node) peer(id geo.NodeID) (string, bool) {
	m, ok := n.cfg.Members.Lookup(id)
	return m.Relay, ok && m.Relay != ""
}

func (n *Node) handle(from geo.NodeID, topic string, body []byte) {
	<-n.ready
	switch topic {
	case topicHello: // a link is all it was for
	case topicSpeaking:
		n.hearVoices(from, body)
	default:
		n.plane.Handle(from, topic, body)
	}
}

func (n *Node) answer(ctx context.Context, from geo.NodeID, topic string, body []byte) ([]byte, error) {
	<-n.ready
	switch topic {
	case uses.Topic:
		return n.uses.Answer(body)
	case topicGlance:
		return n.answerGlance(body)
	case topicTrial:
		return n.callFor(ctx, from)
	case topicTrialOffer:
		answer, err := n.answerTrial(body)
		return []byte(answer), err
	}
	return n.plane.Answer(ctx, from, topic, body)
}

func (n *Node) linkChanged(peer geo.NodeID, up bool) {
	<-n.ready
	n.plane.LinkChanged(peer, up)
}

// loadInterval is how often a node tells the network its load.
const loadInterval = time.Second

// reportLoad gossips how full the node is.
func (n *Node) reportLoad() {
	ticker := time.NewTicker(loadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-ticker.C:
			n.cfg.Members.SetLoad(n.load(), n.full())
			n.quorum.note(n.cfg.Configuration.Connected(), len(n.edges()))
		}
	}
}

// load is the share of the node's places that are taken.
func (n *Node) load() float64 {
	if n.cfg.MaxParticipants == 0 {
		return float64(n.engine.Transports()) / 1000
	}
	return float64(n.engine.Transports()) / float64(n.cfg.MaxParticipants)
}

func (n *Node) full() bool {
	return n.cfg.MaxParticipants > 0 && n.engine.Transports() >= n.cfg.MaxParticipants
}

// Ready says why the node does not take new joins; nil means that it does.
func (n *Node) Ready() error {
	switch {
	case n.draining.Load():
		return ErrDraining
	case !n.cfg.Configuration.Ready():
		return errors.New("no copy of the control plane's state yet")
	case n.full():
		return errors.New("node is full")
	case n.gray():
		return errors.Join(errGray, n.MediaCheck())
	}
	return nil
}

// Close ends every attachment and stops the node.
func (n *Node) Close() error {
	n.draining.Store(true)
	for _, a := range n.attachmentList() {
		a.end(&signal.Error{Kind: signal.Ended, Code: signal.NodeDraining, Message: "This server is stopping."}, room.Lost)
	}
	n.cancel()
	if n.engine != nil {
		_ = n.engine.Close()
	}
	if n.sockets != nil {
		n.sockets.Close()
		n.streams.Close()
	}
	n.wg.Wait()
	return n.closeParts()
}

func (n *Node) closeParts() error {
	var errs []error
	if n.plane != nil {
		n.plane.Close()
	}
	if n.mesh != nil {
		errs = append(errs, n.mesh.Close())
	}
	if n.tracks != nil {
		n.tracks.Close()
	}
	if n.turn != nil {
		errs = append(errs, n.turn.Close())
	}
	if n.engine != nil {
		errs = append(errs, n.engine.Close())
	}
	return errors.Join(errs...)
}
