package relay

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// authority is a CA made for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cluster"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(100, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key, pool}
}

// issue gives a node certificate for id.
func (a *authority) issue(t testing.TB, id geo.NodeID) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(100, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{{Scheme: "meridian", Host: "node", Path: "/" + string(id)}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// network is a set of nodes that know each other.
type network struct {
	t  testing.TB
	ca *authority

	mu    sync.Mutex
	addrs map[geo.NodeID]string
}

func newNetwork(t testing.TB) *network {
	return &network{t: t, ca: newAuthority(t), addrs: make(map[geo.NodeID]string)}
}

func (n *network) peer(id geo.NodeID) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr, ok := n.addrs[id]
	return addr, ok
}

func (n *network) place(id geo.NodeID, addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addrs[id] = addr
}

// node is a Mesh with a record of what it was told.
type node struct {
	*Mesh
	conn *cutConn

	mu       sync.Mutex
	messages []string
	changes  []bool
}

func (n *node) heard() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.messages)
}

func (n *node) seen() []bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.changes)
}

// start adds a node on loopback.
func (n *network) start(id geo.NodeID, options ...func(*Config)) *node {
	n.t.Helper()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		n.t.Fatal(err)
	}
	n.place(id, udp.LocalAddr().String())
	return n.startOn(id, udp, options...)
}

func (n *network) startOn(id geo.NodeID, conn net.PacketConn, options ...func(*Config)) *node {
	n.t.Helper()
	made := &node{conn: &cutConn{PacketConn: conn}}
	cfg := Config{
		Self: id, Build: "test", Conn: made.conn, Peer: n.peer,
		TLS:        &tls.Config{GetCertificate: n.certificate(id), RootCAs: n.ca.pool},
		Registerer: prometheus.NewRegistry(),
		Handle: func(_ geo.NodeID, topic string, body []byte) {
			made.mu.Lock()
			defer made.mu.Unlock()
			made.messages = append(made.messages, topic+":"+string(body))
		},
		LinkChanged: func(_ geo.NodeID, up bool) {
			made.mu.Lock()
			defer made.mu.Unlock()
			made.changes = append(made.changes, up)
		},
	}
	for _, option := range options {
		option(&cfg)
	}
	mesh, err := New(cfg)
	if err != nil {
		n.t.Fatal(err)
	}
	made.Mesh = mesh
	n.t.Cleanup(func() {
		if err := mesh.Close(); err != nil {
			n.t.Errorf("close %s: %v", id, err)
		}
	})
	return made
}

// certificate is how a node with reloadable files gives its certificate.
func (n *network) certificate(id geo.NodeID) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	cert := n.ca.issue(n.t, id)
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &cert, nil }
}

// cutConn is a socket that can be made to lose everything, in silence.
type cutConn struct {
	net.PacketConn
	mu    sync.Mutex
	cut   bool
	muted bool
}

func (c *cutConn) setCut(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
}

// setMuted loses what is sent, but not what comes.
func (c *cutConn) setMuted(muted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.muted = muted
}

func (c *cutConn) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

func (c *cutConn) isMuted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut || c.muted
}

func (c *cutConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || !c.isCut() {
			return n, from, err
		}
	}
}

func (c *cutConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.isMuted() {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

// studio is a Tracks that has every track and keeps what was attached.
type studio struct {
	kind uint8

	mu        sync.Mutex
	outlets   []*Outlet
	requests  []wire.Subscribe
	keyframes []uint8
	layers    []wire.Layers
	closed    int
	err       error
}

func (s *studio) Attach(_ context.Context, _ geo.NodeID, req wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return wire.TrackInfo{}, nil, s.err
	}
	s.outlets = append(s.outlets, out)
	s.requests = append(s.requests, req)
	kind := s.kind
	if kind == 0 {
		kind = wire.KindVideo
	}
	return wire.TrackInfo{Kind: kind, Codec: "VP8", ClockRate: 90000}, s, nil
}

func (s *studio) RequestKeyframe(layer uint8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyframes = append(s.keyframes, layer)
}

func (s *studio) SetLayers(spatial, temporal int8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.layers = append(s.layers, wire.Layers{Spatial: spatial, Temporal: temporal})
}

func (s *studio) wanted() []wire.Layers {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.layers)
}

func (s *studio) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
}

func (s *studio) attached() []*Outlet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.outlets)
}

func (s *studio) asked() []wire.Subscribe {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *studio) wished() []uint8 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keyframes)
}

func (s *studio) count() (attached, closed, keyframes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.outlets), s.closed, len(s.keyframes)
}

func withTracks(tracks Tracks) func(*Config) { return func(c *Config) { c.Tracks = tracks } }

// viewer is a Receiver that keeps what it got.
type viewer struct {
	mu      sync.Mutex
	packets []wire.Media
	reports []wire.Report
	causes  []error
}

func (v *viewer) Media(p *wire.Media) {
	v.mu.Lock()
	defer v.mu.Unlock()
	kept := *p
	kept.Payload, kept.Descriptor = slices.Clone(p.Payload), slices.Clone(p.Descriptor)
	v.packets = append(v.packets, kept)
}

func (v *viewer) Report(r wire.Report) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reports = append(v.reports, r)
}

func (v *viewer) Closed(cause error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.causes = append(v.causes, cause)
}

func (v *viewer) got() (packets []wire.Media, reports []wire.Report, causes []error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.packets), slices.Clone(v.reports), slices.Clone(v.causes)
}

// eventually waits for a condition, with a bound far above what it should take.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("never happened: %s", what)
		}
	}
}

func track(name string) wire.Subscribe {
	return wire.Subscribe{Company: "acme", Room: "daily", Track: name, Epoch: 1, Trace: "t1"}
}
