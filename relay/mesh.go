package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"golang.org/x/time/rate"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// Mesh owns the relay socket and the links of this node. Its methods may be called from
// any goroutine.
type Mesh struct {
	cfg       Config
	tuning    *tuning
	metrics   *metrics
	socket    socket
	transport *quic.Transport
	listener  *quic.Listener
	tunnel    *tunnel
	tunnels   *quic.Transport // of links over third nodes
	inner     *quic.Listener
	started   time.Time

	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup // everything but the notifier

	courses     courses
	notices     *notices
	pending     atomic.Int64 // handshakes under way
	lastRefused atomic.Int64 // UnixNano of the last logged refusal
	closing     sync.Once
	closeErr    error

	mu     sync.Mutex
	closed bool
	peers  map[geo.NodeID]*peer
}

// Bounds of the listener. Handshakes cost CPU before the peer is known: above
// retryAbove new ones a second addresses are validated first (RFC 9000 section 8.1.2),
// above maxPending under way at once further ones are refused.
const (
	retryAbove = 20
	maxPending = 128
)

// New starts to listen on cfg.Conn.
func New(cfg Config) (*Mesh, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	m := &Mesh{
		cfg: cfg, tuning: cfg.tuning,
		notices: newNotices(cfg.LinkChanged),
		peers:   make(map[geo.NodeID]*peer),
		started: cfg.Now(),
	}
	m.ctx, m.cancel = context.WithCancelCause(context.Background())
	m.metrics = newMetrics(m)
	m.socket = newSocket(cfg.Conn, m.metrics)
	limiter := rate.NewLimiter(retryAbove, retryAbove)
	m.transport = &quic.Transport{
		Conn:                m.socket,
		VerifySourceAddress: func(net.Addr) bool { return !limiter.Allow() },
		ConnContext: func(ctx context.Context, _ *quic.ClientInfo) (context.Context, error) {
			if m.pending.Load() >= maxPending {
				return nil, ErrBusy
			}
			m.pending.Add(1)
			return context.WithValue(ctx, pendingKey{}, m.admission(ctx)), nil
		},
	}
	listener, err := m.transport.Listen(m.serverTLS(), m.quicConfig())
	if err != nil {
		m.cancel(err)
		m.notices.close()
		return nil, errors.Join(fmt.Errorf("listen for relay links: %w", err), m.transport.Close())
	}
	m.listener = listener
	m.tunnel = newTunnel(m)
	m.tunnels = &quic.Transport{Conn: m.tunnel, ConnContext: m.transport.ConnContext}
	if m.inner, err = m.tunnels.Listen(m.serverTLS(), m.quicConfig()); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for links over others: %w", err), m.Close())
	}
	if err := cfg.Registerer.Register(m.metrics); err != nil {
		err = fmt.Errorf("register relay metrics: %w", err)
		return nil, errors.Join(err, m.Close())
	}
	m.wg.Go(func() { m.accept(m.listener) })
	m.wg.Go(func() { m.accept(m.inner) })
	return m, nil
}

type pendingKey struct{}

// admission gives back a place among the pending handshakes once, when called or when
// the connection ends, whichever is first.
func (m *Mesh) admission(ctx context.Context) func() {
	var once sync.Once
	release := func() { once.Do(func() { m.pending.Add(-1) }) }
	context.AfterFunc(ctx, release)
	return release
}

// quicConfig bounds what a connection may hold here. Streams are opened by members only,
// since there is no 0-RTT; the windows bound what an unread stream can hold.
func (m *Mesh) quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: m.tuning.handshake / 2,
		// The probes come first: they tell the peer, an idle timeout does not.
		MaxIdleTimeout:                 m.tuning.silence + 2*m.tuning.probe,
		KeepAlivePeriod:                m.tuning.silence / 3,
		InitialStreamReceiveWindow:     256 << 10,
		MaxStreamReceiveWindow:         1 << 20,
		InitialConnectionReceiveWindow: 1 << 20,
		MaxConnectionReceiveWindow:     6 << 20,
		MaxIncomingStreams:             1024,
		MaxIncomingUniStreams:          1024,
		Tracer:                         m.tuning.tracer,
	}
}

// accept takes connections until the listener closes.
func (m *Mesh) accept(from *quic.Listener) {
	for {
		conn, err := from.Accept(m.ctx)
		if err != nil {
			return
		}
		m.wg.Go(func() { m.welcome(conn) })
	}
}

// Close ends all links, waits for what this Mesh started and closes the socket.
func (m *Mesh) Close() error {
	m.closing.Do(func() {
		m.mu.Lock()
		m.closed = true
		m.mu.Unlock()
		m.cancel(ErrClosed)
		m.wg.Wait()
		m.notices.close()
		m.cfg.Registerer.Unregister(m.metrics)
		if m.inner != nil {
			m.closeErr = m.inner.Close()
		}
		m.closeErr = errors.Join(m.closeErr, m.tunnels.Close(), m.tunnel.Close(), m.listener.Close(), m.transport.Close(), closeSocket(m.cfg.Conn))
	})
	return m.closeErr
}

func closeSocket(conn net.PacketConn) error {
	if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Send queues a one-way message. Messages arrive in the order of sending while the link
// lives; when it dies, what had not arrived is lost and LinkChanged says so. It returns
// ErrQueueFull, ErrTooLarge, ErrNotMember, or ErrLinkDown while a failed dial is backed
// off; without a link it dials and returns nil. body is copied.
func (m *Mesh) Send(to geo.NodeID, topic string, body []byte) error {
	if len(topic) > wire.MaxTopic || len(body) > wire.MaxBody {
		return fmt.Errorf("send %q to %q: %w", topic, to, ErrTooLarge)
	}
	p, err := m.peer(to)
	if err != nil {
		return err
	}
	frame := wire.AppendMessage(make([]byte, 0, len(body)+len(topic)+16), wire.Message{Topic: topic, Body: body})
	return p.send(frame)
}

// Links lists the peers with a link, by id.
func (m *Mesh) Links() []LinkStats {
	var list []LinkStats
	for _, p := range m.allPeers() {
		if l := p.current(); l != nil {
			list = append(list, l.stats())
		}
	}
	slices.SortFunc(list, func(a, b LinkStats) int { return strings.Compare(string(a.Peer), string(b.Peer)) })
	return list
}

// Unreached lists the members that this node tries to reach, or has just tried, and has no
// link to, by id.
func (m *Mesh) Unreached() []geo.NodeID {
	var list []geo.NodeID
	now := m.cfg.Now()
	for _, p := range m.allPeers() {
		if _, member := m.cfg.Peer(p.id); member && p.missed(now) {
			list = append(list, p.id)
		}
	}
	slices.Sort(list)
	return list
}

func (m *Mesh) allPeers() []*peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*peer, 0, len(m.peers))
	for _, p := range m.peers {
		list = append(list, p)
	}
	return list
}

// peer is the state kept for a member; it stays for the life of the Mesh.
func (m *Mesh) peer(id geo.NodeID) (*peer, error) {
	if _, ok := m.cfg.Peer(id); !ok || id == m.cfg.Self {
		return nil, fmt.Errorf("peer %q: %w", id, ErrNotMember)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	p := m.peers[id]
	if p == nil {
		p = &peer{mesh: m, id: id}
		m.peers[id] = p
	}
	return p, nil
}

// start runs f as part of the Mesh unless it is closing.
func (m *Mesh) start(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.wg.Go(f)
	return true
}

// clock is the sender's clock of bundles, in microseconds.
func (m *Mesh) clock(now time.Time) uint32 { return uint32(now.Sub(m.started).Microseconds()) }
