package tracks

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; none of them comes near it.
const patience = 20 * time.Second

var (
	opus = sfu.Opus
	mic  = Key{"acme", "demo", "k1.mic"}
)

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}

// network is nodes over loopback with certificates of one authority.
type network struct {
	t    *testing.T
	ca   *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool

	mu    sync.Mutex
	addrs map[geo.NodeID]string
}

func newNetwork(t *testing.T) *network {
	n := &network{t: t, pool: x509.NewCertPool(), addrs: map[geo.NodeID]string{}}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cluster"}, NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	n.ca = template
	n.ca, n.key = n.issue(template)
	n.pool.AddCert(n.ca)
	return n
}

func (n *network) issue(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	n.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		n.t.Fatal(err)
	}
	signer := n.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, n.ca, &key.PublicKey, signer)
	if err != nil {
		n.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		n.t.Fatal(err)
	}
	return cert, key
}

func (n *network) peer(id geo.NodeID) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.addrs[id]
	return a, ok
}

// listen takes an address for a node; "" is any.
func (n *network) listen(id geo.NodeID, addr string) net.PacketConn {
	n.t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	var conn net.PacketConn
	until(n.t, "the address is free", func() (ok bool) {
		var err error
		conn, err = net.ListenPacket("udp4", addr)
		return err == nil
	})
	n.mu.Lock()
	n.addrs[id] = conn.LocalAddr().String()
	n.mu.Unlock()
	return conn
}

// link gives a table a mesh.
func (n *network) link(id geo.NodeID, table *Table, addr string) *relay.Mesh {
	n.t.Helper()
	return n.serve(id, table, table, addr)
}

// serve gives a table a mesh, whose peers get their tracks from what is given.
func (n *network) serve(id geo.NodeID, table *Table, tracks relay.Tracks, addr string) *relay.Mesh {
	n.t.Helper()
	cert, key := n.issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{{Scheme: "meridian", Host: "node", Path: "/" + string(id)}},
	})
	mesh, err := relay.New(relay.Config{
		Self: id, Conn: n.listen(id, addr), Peer: n.peer, Tracks: tracks, Registerer: prometheus.NewRegistry(),
		TLS: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}, RootCAs: n.pool},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	table.Use(mesh)
	n.t.Cleanup(func() { _ = mesh.Close() })
	return mesh
}

func (n *network) table(id geo.NodeID) *Table {
	start := time.Now()
	t := New(Config{Self: id, Now: func() time.Duration { return time.Since(start) }, Log: slog.New(slog.DiscardHandler)})
	n.t.Cleanup(t.Close)
	return t
}

// speaker writes a packet every few milliseconds until the test ends.
func speaker(t *testing.T, table *Table, k Key) *sfu.UpTrack {
	up := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Audio, Codec: opus})
	unpublish := table.Publish(k, up)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := uint16(0); ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				up.Write(&sfu.Packet{SequenceNumber: i, Timestamp: uint32(i) * 240, Payload: []byte("opus"), AudioLevel: 30})
			}
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait(); unpublish(); up.Close() })
	return up
}

// ear is a sink that counts.
type ear struct{ packets atomic.Int64 }

func (e *ear) Send(*sfu.Packet, sfu.Batch) { e.packets.Add(1) }
func (e *ear) SendReport(sfu.Report)       {}

// listener switches a DownTrack to a lease.
func listener(t *testing.T, l *Lease) *ear {
	e := &ear{}
	d := sfu.NewDownTrack(sfu.DownConfig{Kind: sfu.Audio, Sink: e})
	d.Switch(l.Up())
	t.Cleanup(d.Close)
	return e
}

func (e *ear) hears(t *testing.T) {
	t.Helper()
	before := e.packets.Load()
	until(t, "packets arrive", func() bool { return e.packets.Load() >= before+10 })
}

func acquire(t *testing.T, table *Table, origin geo.NodeID) *Lease {
	t.Helper()
	l, ok := table.Acquire(mic, origin, opus, sfu.Audio, "trace")
	if !ok {
		t.Fatal("no lease")
	}
	return l
}

// subscribed counts what a node asks of others, and others of it.
func subscribed(m *relay.Mesh) (in, out int) {
	for _, l := range m.Links() {
		in, out = in+l.TracksIn, out+l.TracksOut
	}
	return in, out
}

// TestLeasesShareOneSubscription: it begins with the first lease, is one for
// all, and ends with the last.
func TestLeasesShareOneSubscription(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.table("fra-1"), n.table("iad-1")
	mesh := n.link("fra-1", fra, "")
	n.link("iad-1", iad, "")
	speaker(t, fra, mic)

	first, second := acquire(t, iad, "fra-1"), acquire(t, iad, "fra-1")
	if first.Up() != second.Up() {
		t.Error("two leases of a track have two UpTracks")
	}
	one, two := listener(t, first), listener(t, second)
	one.hears(t)
	two.hears(t)
	if _, out := subscribed(mesh); out != 1 {
		t.Errorf("%d copies cross the link", out)
	}
	first.Release()
	first.Release() // once counts
	if _, remote := iad.Counts(); remote != 1 {
		t.Errorf("%d remote tracks while one lease is left", remote)
	}
	two.hears(t)
	second.Release()
	if _, remote := iad.Counts(); remote != 0 {
		t.Errorf("%d remote tracks after the last lease", remote)
	}
	until(t, "nothing crosses the link", func() bool { _, out := subscribed(mesh); return out == 0 })

	// And again.
	third := acquire(t, iad, "fra-1")
	defer third.Release()
	if third.Up() == first.Up() {
		t.Error("a new lease has the UpTrack of one that is closed")
	}
	listener(t, third).hears(t)
}

// TestLeaseOutlivesItsLink: the subscription comes back with the link, and with
// a publication that comes after the lease.
func TestLeaseOutlivesItsLink(t *testing.T) {
	n := newNetwork(t)
	fra, iad := n.table("fra-1"), n.table("iad-1")
	mesh := n.link("fra-1", fra, "")
	n.link("iad-1", iad, "")
	lease := acquire(t, iad, "fra-1")
	defer lease.Release()
	e := listener(t, lease)
	until(t, "the link is up", func() bool { return len(mesh.Links()) == 1 })
	speaker(t, fra, mic)
	e.hears(t)

	addr, _ := n.peer("fra-1")
	if err := mesh.Close(); err != nil {
		t.Fatal(err)
	}
	n.link("fra-1", fra, addr)
	e.hears(t)
}

// TestLocalTracksNeedNoLink: a track published here is that UpTrack, and one
// that should be here but is not is not looked for elsewhere.
func TestLocalTracksNeedNoLink(t *testing.T) {
	n := newNetwork(t)
	fra := n.table("fra-1")
	if _, ok := fra.Acquire(mic, "iad-1", opus, sfu.Audio, ""); ok {
		t.Error("leased a remote track without links")
	}
	up := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Audio, Codec: opus})
	defer up.Close()
	unpublish := fra.Publish(mic, up)
	l := acquire(t, fra, "fra-1")
	if l.Up() != up {
		t.Error("leased another UpTrack than the one published")
	}
	again := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Audio, Codec: opus})
	defer again.Close()
	defer fra.Publish(mic, again)()
	unpublish() // of the earlier publication; the later one stays
	if local, _ := fra.Counts(); local != 1 {
		t.Errorf("%d tracks published", local)
	}
	l.Release()
	if _, ok := fra.Acquire(Key{"acme", "demo", "gone.mic"}, "fra-1", opus, sfu.Audio, ""); ok {
		t.Error("leased a track of this node that nobody publishes")
	}
	if _, _, err := fra.Attach(t.Context(), "iad-1", wire.Subscribe{Track: "gone.mic"}, nil); err != relay.ErrNoTrack {
		t.Errorf("attached to no track: %v", err)
	}
}

// slow are links whose answer comes when the test says so.
type slow struct {
	asked  chan struct{}
	answer chan error
	calls  atomic.Int64
}

func (s *slow) Subscribe(ctx context.Context, _ geo.NodeID, _ wire.Subscribe, _ relay.Receiver) (*relay.Subscription, error) {
	s.calls.Add(1)
	select {
	case s.asked <- struct{}{}:
	default:
	}
	select {
	case err := <-s.answer:
		return nil, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// TestReleaseWhileSubscribing: nobody waits for the answer, and the next lease
// asks again at once.
func TestReleaseWhileSubscribing(t *testing.T) {
	table := newNetwork(t).table("iad-1")
	links := &slow{asked: make(chan struct{}, 1), answer: make(chan error)}
	table.Use(links)
	for range 3 {
		l := acquire(t, table, "fra-1")
		<-links.asked
		l.Release()
		if _, remote := table.Counts(); remote != 0 {
			t.Errorf("%d remote tracks after the last lease", remote)
		}
	}
	l := acquire(t, table, "fra-1")
	defer l.Release()
	for range 3 { // refused: it goes on asking
		<-links.asked
		links.answer <- relay.ErrNoTrack
	}
	<-links.asked
	table.Close() // ends the one under way
	table.Close()
}

// TestLeasesOfManyAtOnce: leases taken and given back from many goroutines,
// while the table closes, leave nothing behind (goleak, race detector).
func TestLeasesOfManyAtOnce(t *testing.T) {
	table := newNetwork(t).table("iad-1")
	table.Use(&slow{asked: make(chan struct{}), answer: make(chan error)})
	var wg sync.WaitGroup
	taken := make(chan struct{}, 8)
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				if l, ok := table.Acquire(mic, "fra-1", opus, sfu.Audio, ""); ok {
					l.Release()
				}
				if i == 100 {
					taken <- struct{}{}
				}
			}
		})
	}
	<-taken
	table.Close()
	wg.Wait()
	if _, remote := table.Counts(); remote != 0 {
		t.Errorf("%d remote tracks are left", remote)
	}
	if _, ok := table.Acquire(mic, "fra-1", opus, sfu.Audio, ""); ok {
		t.Error("leased after Close")
	}
}
