package control_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/geo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// until polls a condition; it fails the test after ten seconds.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

func openNode(t *testing.T, dir, cluster string) *control.Node {
	t.Helper()
	n, err := control.Open(t.Context(), control.Config{
		Dir: dir, NodeID: "control-1", Cluster: listen(t, cluster), Raft: listen(t, "127.0.0.1:0"),
		ElectionTimeout: 50 * time.Millisecond, Seeds: func() []string { return []string{"127.0.0.1:7946"} },
		Fatal: func(err error) { t.Errorf("fatal: %v", err) }, Log: logger(t), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNode(t, n) })
	return n
}

func closeNode(t *testing.T, n *control.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := n.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// edge is a client with its running goroutine.
type edge struct {
	*client.Client
	stop func()
}

func openEdge(t *testing.T, cfg client.Config) *edge {
	t.Helper()
	cfg.Log = logger(t)
	id, err := client.Enroll(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Open(cfg, id)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := c.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	})
	e := &edge{c, sync.OnceFunc(func() { cancel(); wg.Wait() })}
	t.Cleanup(e.stop)
	return e
}

// caller calls the API.
type caller struct {
	t       *testing.T
	handler http.Handler
	key     string
}

func (c caller) do(method, path string, body, out any) *httptest.ResponseRecorder {
	c.t.Helper()
	var in io.Reader = http.NoBody
	if s, ok := body.(string); ok {
		in = strings.NewReader(s)
	} else if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, in)
	r.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			c.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	return w
}

func (c caller) want(status int, method, path string, body, out any) {
	c.t.Helper()
	if w := c.do(method, path, body, out); w.Code != status {
		c.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
}

func publicPEM(t *testing.T, bits int) string {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestRevokedKeyLeavesEveryEdgeAndEdgesStartWithoutControl(t *testing.T) {
	dir := t.TempDir()
	n := openNode(t, filepath.Join(dir, "control"), "127.0.0.1:0")
	addr := clusterAddr(t, n)
	key, err := n.EnsureDev(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	api := caller{t, n.Handler(), key}
	edges := make([]*edge, 2)
	cfgs := make([]client.Config, 2)
	for i, id := range []geo.NodeID{"fra-1", "iad-1"} {
		cfgs[i] = client.Config{Dir: filepath.Join(dir, string(id)), Control: []string{addr}, JoinSecret: n.JoinSecret(), NodeID: id}
		edges[i] = openEdge(t, cfgs[i])
	}
	var k struct{ ID string }
	api.want(201, "POST", "/api/v1/companies/dev/keys", map[string]string{"name": "k", "pem": publicPEM(t, 2048)}, &k)
	for _, e := range edges {
		until(t, "key at the edge", func() bool { return e.View().Usable("dev", k.ID) && e.Connected() })
		if c, ok := e.View().CompanyByHost("anything.example:8080"); !ok || c.ID != "dev" || !state.On(c.Settings.OpenRooms) {
			t.Fatalf("default company: %+v %v", c, ok)
		}
		if ring := e.View().Keyring("dev"); len(ring.Partner) != 1 || len(ring.Native) != 1 {
			t.Fatal("keys of the copy")
		}
	}
	revoked := time.Now()
	api.want(204, "DELETE", "/api/v1/companies/dev/keys/"+k.ID, nil, nil)
	for _, e := range edges {
		until(t, "key gone", func() bool { return !e.View().Usable("dev", k.ID) })
	}
	t.Logf("revoked at both edges after %s", time.Since(revoked))
	api.want(201, "POST", "/api/v1/companies/dev/rooms", map[string]any{"public_id": "standup", "open": true}, nil)
	api.want(201, "POST", "/api/v1/companies/dev/domains", map[string]any{"fqdn": "Meet.Example.com"}, nil)
	for _, e := range edges {
		until(t, "domain at the edge", func() bool { // by name: any host leads to the default company
			_, ok := state.Find[state.RoomDomain](e.View().State(), "fqdn", "meet.example.com")
			return ok
		})
		e.stop()
	}

	closeNode(t, n) // control is down: an edge starts from its disk, identity and copy
	e := openEdge(t, cfgs[0])
	if !e.Ready() || e.Connected() {
		t.Fatalf("ready %v connected %v", e.Ready(), e.Connected())
	}
	if _, ok := e.View().Room("dev", "standup"); !ok {
		t.Fatal("the room is not in the copy")
	}
	if e.View().Usable("dev", k.ID) {
		t.Fatal("the revoked key is back")
	}

	n = openNode(t, filepath.Join(dir, "control"), addr) // control is back: the edge goes on by index
	until(t, "reconnected", e.Connected)
	again, err := n.EnsureDev(t.Context())
	if err != nil || again != key {
		t.Fatalf("the API key changed over the restart: %v", err)
	}
	api = caller{t, n.Handler(), key}
	api.want(204, "DELETE", "/api/v1/companies/dev/rooms/standup", nil, nil)
	until(t, "room gone", func() bool { _, ok := e.View().Room("dev", "standup"); return !ok })
}

func clusterAddr(t *testing.T, n *control.Node) string {
	t.Helper()
	return n.ClusterAddr().String()
}

func TestEnrolmentWithAWrongSecretIsRefused(t *testing.T) {
	dir := t.TempDir()
	n := openNode(t, filepath.Join(dir, "a"), "127.0.0.1:0")
	other := openNode(t, filepath.Join(dir, "b"), "127.0.0.1:0")
	parts := strings.Split(n.JoinSecret(), ".")
	foreign := strings.Split(other.JoinSecret(), ".")
	for _, c := range []struct {
		name, secret string
		want         error
	}{
		{"other random part", parts[0] + "." + parts[1] + "." + foreign[2], client.ErrRefused},
		{"other cluster", other.JoinSecret(), client.ErrWrongCluster},
		{"malformed", "mrd1.x.y", client.ErrJoinSecret},
		{"empty", "", client.ErrJoinSecret},
	} {
		t.Run(c.name, func(t *testing.T) {
			edgeDir := t.TempDir()
			_, err := client.Enroll(t.Context(), client.Config{
				Dir: edgeDir, Control: []string{clusterAddr(t, n)}, JoinSecret: c.secret, NodeID: "fra-1", Log: logger(t),
			})
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(edgeDir, "identity.json")); !errors.Is(err, os.ErrNotExist) {
				t.Fatal("an identity was kept")
			}
		})
	}
}

func TestMintedTokenVerifiesByTheEdgesCopy(t *testing.T) {
	dir := t.TempDir()
	n := openNode(t, filepath.Join(dir, "control"), "127.0.0.1:0")
	key, err := n.EnsureDev(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := openEdge(t, client.Config{Dir: filepath.Join(dir, "fra"), Control: []string{clusterAddr(t, n)}, JoinSecret: n.JoinSecret(), NodeID: "fra-1"})
	until(t, "copy", e.Connected)
	api := caller{t, n.Handler(), key}
	api.want(201, "POST", "/api/v1/companies/dev/rooms", map[string]any{"public_id": "r1"}, nil)
	var minted struct {
		Token, Room string
		ExpiresAt   time.Time `json:"expires_at"`
	}
	api.want(201, "POST", "/api/v1/companies/dev/rooms/r1/tokens", map[string]any{"name": "Ada", "peer": "p1"}, &minted)
	ring := e.View().Keyring("dev")
	claims, err := token.Verify(minted.Token, ring, time.Now())
	if err != nil || claims.Room != "r1" || claims.Name != "Ada" || claims.Company != "dev" {
		t.Fatalf("%+v %v", claims, err)
	}
}

// What a development version left is refused before anything is written beside it.
func TestOldControlDataIsRefusedWithWhatToDo(t *testing.T) {
	dir := t.TempDir()
	raft := filepath.Join(dir, "raft")
	s, err := store.Open(store.Config{Dir: raft, ID: "control-1", OnFatal: func(err error) { t.Errorf("fatal: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _ = s.ProposeEntry(t.Context(), []byte(`{"v":1,"n":"platform.init","at":1763640000000,"d":{"epoch":"e"}}`))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = control.Open(t.Context(), control.Config{Dir: dir, NodeID: "control-1", Cluster: listen(t, "127.0.0.1:0"), Log: logger(t)})
	if !errors.Is(err, state.ErrOldFormat) || !strings.Contains(err.Error(), raft) || !strings.Contains(err.Error(), "empty one") {
		t.Errorf("%v", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("beside it were written %v, %v", files, err)
	}
}
