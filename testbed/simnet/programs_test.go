package simnet_test

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/testbed/simnet"
)

// certificate signs itself for b, within the bubble's time.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"fra.example"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}, roots
}

func TestQUICRunsOverTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{Seed: 5})
		n.SetLink(a, b, simnet.Link{Delay: 45 * time.Millisecond, Loss: 0.02, Rate: 50e6})
		cert, roots := certificate(t)
		near, far := packets(t, n)

		server := &quic.Transport{Conn: far}
		defer server.Close()
		l, err := server.Listen(&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"echo"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			s, err := c.AcceptStream(context.Background())
			if err != nil {
				return
			}
			_, _ = io.Copy(s, s)
			_ = s.Close()
		}()

		client := &quic.Transport{Conn: near}
		defer client.Close()
		c, err := client.Dial(t.Context(), far.LocalAddr(), &tls.Config{RootCAs: roots, ServerName: "fra.example", NextProtos: []string{"echo"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.CloseWithError(0, "done") }()
		s, err := c.OpenStreamSync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sent := strings.Repeat("meridian", 50_000)
		go func() {
			_, _ = io.WriteString(s, sent)
			_ = s.Close()
		}()
		got, err := io.ReadAll(s)
		if err != nil || string(got) != sent {
			t.Errorf("%d of %d bytes back, %v", len(got), len(sent), err)
		}
		if n.LinkStats(a, b).Lost == 0 {
			t.Error("nothing was lost at 2 %")
		}
	})
}

func TestHTTPAndWebSocketRunOverTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{Link: simnet.Link{Delay: 20 * time.Millisecond}})
		n.Host(b).Name("fra.example")
		l, err := n.Host(b).Listen(443)
		if err != nil {
			t.Fatal(err)
		}
		cert, roots := certificate(t)
		mux := http.NewServeMux()
		mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hello")
		})
		mux.HandleFunc("GET /ws", func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			kind, message, err := c.Read(r.Context())
			if err == nil {
				_ = c.Write(r.Context(), kind, append([]byte("echo "), message...))
			}
			_ = c.Close(websocket.StatusNormalClosure, "")
		})
		server := &http.Server{Handler: mux}
		go func() { _ = server.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})) }()
		defer server.Close()

		transport := &http.Transport{
			DialContext:     n.Host(a).Dial,
			TLSClientConfig: &tls.Config{RootCAs: roots},
		}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		start := time.Now()
		r, err := client.Get("https://fra.example/hello")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || string(body) != "hello" {
			t.Fatalf("%q, %v", body, err)
		}
		// SYN, TLS 1.3 and the request: three round trips.
		if took := time.Since(start); took != 120*time.Millisecond {
			t.Errorf("took %v, want 120ms", took)
		}

		c, _, err := websocket.Dial(t.Context(), "wss://fra.example/ws", &websocket.DialOptions{HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), websocket.MessageText, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		if _, message, err := c.Read(t.Context()); err != nil || string(message) != "echo hi" {
			t.Errorf("%q, %v", message, err)
		}
		_ = c.Close(websocket.StatusNormalClosure, "")
		time.Sleep(time.Second) // a bubble's clock stops when the test returns; the server has yet to see the end
	})
}
