package ca

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

func authority(t testing.TB) *Authority {
	t.Helper()
	a, err := Open(t.TempDir(), VoterSecret{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve runs the enrolment handler as a control node does.
func serve(t *testing.T, a *Authority) string {
	t.Helper()
	id, err := a.Self("control-1")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(a.EnrolHandler(func() []string { return []string{"10.0.0.1:7946"} }, slog.New(slog.DiscardHandler)))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.Listener = tls.NewListener(s.Listener, id.ControlServerTLS())
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

var dialer DialFunc = (&net.Dialer{}).DialContext

func TestAuthorityIsKept(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(dir, VoterSecret{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir, VoterSecret{})
	if err != nil {
		t.Fatal(err)
	}
	if !a.Certificate().Equal(b.Certificate()) || a.JoinSecret() != b.JoinSecret() || !bytes.Equal(a.GossipKey(), b.GossipKey()) {
		t.Fatal("a second authority was made")
	}
	for _, name := range []string{fileVoters, fileKey, fileSecret, fileGossip, fileSeal, fileCert} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if err := os.Remove(filepath.Join(dir, fileKey)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, VoterSecret{}); !errors.Is(err, ErrFiles) {
		t.Fatalf("without its key: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, fileKey)); err == nil {
		t.Fatal("a new key was made beside the old certificate")
	}
}

func TestEnrolledIdentity(t *testing.T) {
	a := authority(t)
	addr := serve(t, a)
	file := filepath.Join(t.TempDir(), "identity.json")
	id, err := Enrol(t.Context(), a.JoinSecret(), "fra-1", addr, file, dialer)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadIdentity(file, "fra-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []*Identity{id, loaded} {
		c, err := i.Certificate()
		if err != nil {
			t.Fatal(err)
		}
		node, err := geo.NodeIDOf(c.Leaf)
		if err != nil || node != "fra-1" || RoleOf(c.Leaf) != geo.RoleEdge || len(c.Leaf.DNSNames) != 0 {
			t.Fatalf("%s %s %v %v", node, RoleOf(c.Leaf), c.Leaf.DNSNames, err)
		}
		if !bytes.Equal(i.GossipKey(), a.GossipKey()) || len(i.Seeds()) != 1 || !i.RenewAt().Before(i.Expires()) {
			t.Fatal("gossip key, seeds or times")
		}
	}
	if _, err := LoadIdentity(file, "fra-2"); !errors.Is(err, ErrIdentity) {
		t.Fatalf("another node's identity: %v", err)
	}
	before := id.Expires()
	if err := id.Enrol(t.Context(), a.JoinSecret(), addr, file, dialer); err != nil || id.Expires().Before(before) {
		t.Fatalf("renewal: %v", err)
	}
}

func TestAnEdgeCannotPoseAsControl(t *testing.T) {
	a := authority(t)
	addr := serve(t, a)
	edge, err := Enrol(t.Context(), a.JoinSecret(), "evil-1", addr, filepath.Join(t.TempDir(), "i"), dialer)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Enrol(t.Context(), a.JoinSecret(), "fra-1", addr, filepath.Join(t.TempDir(), "i"), dialer)
	if err != nil {
		t.Fatal(err)
	}
	control, err := a.Self("control-1")
	if err != nil {
		t.Fatal(err)
	}
	handshake := func(server, client *tls.Config) error {
		c, s := net.Pipe()
		defer c.Close()
		defer s.Close()
		done := make(chan error, 1)
		go func() {
			err := tls.Server(s, server).Handshake()
			_ = s.Close()
			done <- err
		}()
		conn := tls.Client(c, client)
		cerr := conn.Handshake()
		if cerr == nil {
			_, _ = conn.Read(make([]byte, 1)) // TLS 1.3: the server's refusal comes after our side is done
		}
		_ = c.Close()
		return errors.Join(cerr, <-done)
	}
	if err := handshake(edge.ControlServerTLS(), other.ControlClientTLS()); err == nil {
		t.Error("an edge was taken for control")
	}
	if err := handshake(control.VoterServerTLS(), edge.ControlClientTLS()); !errors.Is(err, ErrIdentity) {
		t.Errorf("an edge opened a Raft stream: %v", err)
	}
	if err := handshake(control.VoterServerTLS(), control.ControlClientTLS()); err != nil {
		t.Errorf("two voters: %v", err)
	}
	stranger, err := authority(t).Self("control-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := handshake(control.VoterServerTLS(), stranger.ControlClientTLS()); err == nil {
		t.Error("a control node of another cluster opened a Raft stream")
	}
}

// post sends an enrolment that the client would not send.
func post(t *testing.T, addr string, s JoinSecret, change func(*enrolRequest, *tls.ConnectionState)) int {
	t.Helper()
	conn, err := dialPinned(t.Context(), s, addr, dialer)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, csr, err := newKey("fra-1")
	if err != nil {
		t.Fatal(err)
	}
	r := enrolRequest{Node: "fra-1", Role: geo.RoleEdge, CSR: csr}
	cs := conn.ConnectionState()
	if r.Proof, err = s.Prove(&cs, r.Node, r.Role, r.CSR); err != nil {
		t.Fatal(err)
	}
	change(&r, &cs)
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://x"+EnrolPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := roundTrip(conn, req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestProofIsBoundToConnectionNodeRoleAndKey(t *testing.T) {
	a := authority(t)
	s := a.JoinSecret()
	var recorded []byte
	for _, c := range []struct {
		name   string
		change func(*enrolRequest, *tls.ConnectionState)
		want   int
	}{
		{"as it should be", func(r *enrolRequest, _ *tls.ConnectionState) { recorded = r.Proof }, 200},
		{"replayed on another connection", func(r *enrolRequest, _ *tls.ConnectionState) { r.Proof = recorded }, 403},
		{"other node", func(r *enrolRequest, _ *tls.ConnectionState) { r.Node = "iad-1" }, 403},
		{"other key", func(r *enrolRequest, _ *tls.ConnectionState) { _, r.CSR, _ = newKey("fra-1") }, 403},
		{"control, with a good proof", func(r *enrolRequest, cs *tls.ConnectionState) {
			r.Role = geo.RoleControl
			r.Proof, _ = s.Prove(cs, r.Node, r.Role, r.CSR)
		}, 403},
		{"empty proof", func(r *enrolRequest, _ *tls.ConnectionState) { r.Proof = nil }, 400},
		{"bad node id", func(r *enrolRequest, _ *tls.ConnectionState) { r.Node = "../x" }, 400},
		{"not a request", func(r *enrolRequest, _ *tls.ConnectionState) { r.CSR = []byte("x") }, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := post(t, serve(t, a), s, c.change); got != c.want {
				t.Fatalf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestFailedAttemptsAreLimited(t *testing.T) {
	a := authority(t)
	addr := serve(t, a)
	bad := func(r *enrolRequest, _ *tls.ConnectionState) { r.Proof[0] ^= 1 }
	for range 10 {
		if got := post(t, addr, a.JoinSecret(), bad); got != 403 {
			t.Fatalf("%d", got)
		}
	}
	if got := post(t, addr, a.JoinSecret(), bad); got != 429 {
		t.Fatalf("the eleventh: %d", got)
	}
	b := newBudget(1, time.Minute)
	now := time.Unix(1000, 0)
	b.allow("x", now)
	b.spend("x", now)
	if b.allow("x", now) || !b.allow("y", now) || !b.allow("x", now.Add(time.Minute)) {
		t.Fatal("budget per address and window")
	}
}

func TestIssueWantsP256AndAGoodName(t *testing.T) {
	a := authority(t)
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Issue("fra-1", geo.RoleEdge, k.Public()); !errors.Is(err, ErrRequest) {
		t.Fatalf("P-384: %v", err)
	}
	if _, err := a.Issue("Fra 1", geo.RoleEdge, k.Public()); !errors.Is(err, geo.ErrInvalidNodeID) {
		t.Fatalf("name: %v", err)
	}
}

func TestJoinSecretDoesNotPrintItself(t *testing.T) {
	s := authority(t).JoinSecret()
	secret := strings.Split(s.Text(), ".")[2]
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s)
	fmt.Fprintf(&log, "%v %+v %#v %s", s, s, s, s)
	if strings.Contains(log.String(), secret) {
		t.Fatalf("printed: %s", log.String())
	}
	again, err := ParseJoinSecret(" " + s.Text() + "\n")
	if err != nil || again != s {
		t.Fatalf("%v", err)
	}
}

func TestCancelledEnrolmentEnds(t *testing.T) {
	a := authority(t)
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Enrol(ctx, a.JoinSecret(), "fra-1", l.Addr().String(), filepath.Join(t.TempDir(), "i"), dialer); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func FuzzParseEnrol(f *testing.F) {
	_, csr, err := newKey("fra-1")
	if err != nil {
		f.Fatal(err)
	}
	b, err := json.Marshal(enrolRequest{Node: "fra-1", Role: geo.RoleEdge, CSR: csr, Proof: make([]byte, proofSize)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"node":"x","role":"edge","csr":"","proof":""}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, csr, err := parseEnrol(body)
		if err != nil {
			if !errors.Is(err, ErrRequest) {
				t.Fatalf("untyped error: %v", err)
			}
			return
		}
		if csr == nil || geo.ValidNodeID(string(r.Node)) != nil || len(r.Proof) != proofSize {
			t.Fatal("a bad request was accepted")
		}
	})
}

func FuzzParseJoinSecret(f *testing.F) {
	f.Add(authority(f).JoinSecret().Text())
	f.Add("mrd1..")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseJoinSecret(text); err == nil && s.Text() != strings.TrimSpace(text) {
			t.Fatal("two texts of one secret")
		}
	})
}
