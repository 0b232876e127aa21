package ca

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/geo"
)

// fixed is a voter secret of a constant, for what must never change.
func fixed(t testing.TB) VoterSecret {
	t.Helper()
	s, err := ParseVoterSecret("mrv1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNodesWithOneVoterSecretHaveOneAuthority(t *testing.T) {
	a, err := Open(t.TempDir(), fixed(t))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.TempDir(), fixed(t))
	if err != nil {
		t.Fatal(err)
	}
	if !a.Certificate().Equal(b.Certificate()) || a.JoinSecret() != b.JoinSecret() ||
		!bytes.Equal(a.GossipKey(), b.GossipKey()) || !bytes.Equal(a.SealKey(), b.SealKey()) {
		t.Fatal("two authorities")
	}
	if bytes.Equal(a.GossipKey(), a.SealKey()) || len(a.SealKey()) != 32 {
		t.Fatal("two purposes, one key")
	}
	one, err := a.Self("control-1")
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Self("control-2")
	if err != nil {
		t.Fatal(err)
	}
	if err := handshake(t, one.VoterServerTLS(), two.ControlClientTLS()); err != nil {
		t.Fatalf("two voters do not trust each other: %v", err)
	}
	other, err := Open(t.TempDir(), NewVoterSecret())
	if err != nil {
		t.Fatal(err)
	}
	three, err := other.Self("control-3")
	if err != nil {
		t.Fatal(err)
	}
	if handshake(t, one.VoterServerTLS(), three.ControlClientTLS()) == nil {
		t.Fatal("another secret's node is trusted")
	}
}

// handshake connects two configurations over a pipe.
func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			served <- err
			return
		}
		defer c.Close()
		served <- c.(*tls.Conn).Handshake()
	}()
	c, err := tls.Dial("tcp", l.Addr().String(), client)
	if err != nil {
		<-served
		return err
	}
	defer c.Close()
	return <-served
}

// The fingerprint stands in every edge's join secret: a library that encodes certificates otherwise would lock
// them out of nodes that derive it anew.
func TestDerivedAuthorityNeverChanges(t *testing.T) {
	a, err := fixed(t).authority()
	if err != nil {
		t.Fatal(err)
	}
	const join = "mrd1.duNf3VAdJLsGPAvdj6OVa04aN5VXMHwCzxrd1OxerXE.a6-ZK9er9jbBZRk8Xvokb1Ux2XNg_nnJduaI7j66gls"
	if got := a.JoinSecret().Text(); got != join {
		t.Errorf("join secret %s, want %s", got, join)
	}
	if got := fmt.Sprintf("%x", a.SealKey()); got != "3b4e849c5abe14760efeccae0f097c71bf99bf46a3567af305b8a4357e05a4b9" {
		t.Errorf("seal key %s", got)
	}
}

func TestADirectoryKeepsItsVoterSecret(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(dir, VoterSecret{})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(dir, fileVoters))
	if err != nil || strings.TrimSpace(string(kept)) != a.VoterSecret().Text() {
		t.Fatalf("not kept: %v", err)
	}
	if _, err := Open(dir, a.VoterSecret()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, NewVoterSecret()); !errors.Is(err, ErrVoterSecret) {
		t.Fatalf("another secret: %v", err)
	}
	for _, name := range []string{fileSeal, fileGossip, fileSecret} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, VoterSecret{}); !errors.Is(err, ErrFiles) {
			t.Errorf("without %s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A directory from before there were voter secrets works on alone, and is given a seal key.
func TestAnOlderDirectoryGoesOn(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(dir, VoterSecret{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fileVoters, fileSeal} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Open(dir, VoterSecret{})
	if err != nil || !b.VoterSecret().IsZero() || !b.Certificate().Equal(a.Certificate()) || len(b.SealKey()) != 32 {
		t.Fatalf("%v", err)
	}
	c, err := Open(dir, VoterSecret{})
	if err != nil || !bytes.Equal(b.SealKey(), c.SealKey()) {
		t.Fatalf("the seal key changes: %v", err)
	}
	if _, err := Open(dir, a.VoterSecret()); !errors.Is(err, ErrVoterSecret) {
		t.Fatalf("a secret for a directory without one: %v", err)
	}
}

func TestVoterSecretPrintsMasked(t *testing.T) {
	s := NewVoterSecret()
	for _, text := range []string{s.String(), fmt.Sprintf("%v %+v %#v", s, s, s)} {
		if strings.Contains(text, strings.TrimPrefix(s.Text(), "mrv1.")) {
			t.Fatal(text)
		}
	}
}

// The join secret makes edges: it is no voter secret, and what an edge is given holds none.
func TestAnEdgeHasNoVoterSecret(t *testing.T) {
	a := authority(t)
	if _, err := ParseVoterSecret(a.JoinSecret().Text()); !errors.Is(err, ErrVoterSecret) {
		t.Fatalf("the join secret is a voter secret: %v", err)
	}
	file := filepath.Join(t.TempDir(), "identity.json")
	id, err := Enrol(t.Context(), a.JoinSecret(), "fra-1", serve(t, a), file, dialer)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(id.SealKey(), a.SealKey()) {
		t.Fatal("no seal key")
	}
	c, err := id.Certificate()
	if err != nil || RoleOf(c.Leaf) != geo.RoleEdge {
		t.Fatalf("role %s, %v", RoleOf(c.Leaf), err)
	}
}

func FuzzParseVoterSecret(f *testing.F) {
	f.Add("mrv1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
	f.Add("mrv1.")
	f.Add("mrd1.x.y")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseVoterSecret(text); err == nil && s.Text() != strings.TrimSpace(text) {
			t.Fatalf("%q reads as %q", text, s.Text())
		}
	})
}
