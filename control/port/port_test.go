package port

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// split divides a port among protocols, each of which answers with its name, once a line.
func split(t *testing.T, protocols ...string) (*Port, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := Split(l, &tls.Config{Certificates: []tls.Certificate{certificate(t)}}, protocols...)
	var wg sync.WaitGroup
	for _, name := range protocols {
		wg.Go(func() {
			for {
				c, err := p.Listener(name).Accept()
				if err != nil {
					return
				}
				wg.Go(func() {
					defer c.Close()
					for r := bufio.NewReader(c); ; {
						if _, err := r.ReadString('\n'); err != nil {
							return
						}
						fmt.Fprintln(c, name)
					}
				})
			}
		})
	}
	t.Cleanup(func() { _ = p.Close(); wg.Wait() })
	return p, l.Addr().String()
}

func dial(t *testing.T, addr string, protocols ...string) (*tls.Conn, error) {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

func says(c *tls.Conn) (string, error) {
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, "?\n"); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

func TestEachProtocolHasItsConnections(t *testing.T) {
	p, addr := split(t, "raft/one", "http/1.1")
	if p.Listener("smtp") != nil {
		t.Error("a listener for a protocol that was not named")
	}
	for _, name := range []string{"http/1.1", "raft/one", "http/1.1"} {
		c, err := dial(t, addr, name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := says(c); err != nil || got != name+"\n" {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestOtherProtocolsAreTurnedAway(t *testing.T) {
	_, addr := split(t, "raft/one", "http/1.1")
	if c, err := dial(t, addr, "raft/two"); err == nil {
		if _, err := says(c); err == nil {
			t.Error("another cluster's stream is taken")
		}
	}
	c, err := dial(t, addr) // none at all
	if err != nil {
		t.Fatal(err)
	}
	if _, err := says(c); err == nil {
		t.Error("a stream without a name is taken")
	}
}

// Who connects and says nothing holds up nobody, and not the end either.
func TestASilentConnectionHoldsUpNobody(t *testing.T) {
	p, addr := split(t, "http/1.1")
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, err := dial(t, addr, "http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := says(c); err != nil || got != "http/1.1\n" {
		t.Fatalf("%q %v", got, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := says(c); err == nil {
		t.Error("a connection outlives its port")
	}
	if _, err := p.Listener("http/1.1").Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after the end: %v", err)
	}
}

func TestOneProtocolMayEndBeforeTheOthers(t *testing.T) {
	p, addr := split(t, "raft/one", "http/1.1")
	if err := p.Listener("raft/one").Close(); err != nil {
		t.Fatal(err)
	}
	if c, err := dial(t, addr, "raft/one"); err == nil {
		if _, err := says(c); err == nil {
			t.Error("a closed protocol is served")
		}
	}
	c, err := dial(t, addr, "http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := says(c); err != nil || got != "http/1.1\n" {
		t.Fatalf("%q %v", got, err)
	}
}
