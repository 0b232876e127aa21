package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/cluster"
	"github.com/meridian-video/meridian/control/store"
)

// Paths of what control nodes ask each other.
const (
	pathPeer    = "/cluster/v1/peer"
	pathJoin    = "/cluster/v1/join"
	pathPromote = "/cluster/v1/promote"
	pathPropose = "/cluster/v1/propose"

	protocolHTTP = "http/1.1"
	maxAnswer    = 64 << 10 // bytes of an answer that is read
)

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// dialCluster opens TLS to a cluster listener, dialVoter to a Raft listener, for HTTP.
func (n *Node) dialCluster(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.dial(ctx, network, addr, n.identity.ControlClientTLS())
}

func (n *Node) dialVoter(ctx context.Context, network, addr string) (net.Conn, error) {
	c := n.identity.ControlClientTLS()
	c.NextProtos = []string{protocolHTTP}
	return n.dial(ctx, network, addr, c)
}

// dialTimeout bounds dialling with its handshake: a node that starts has its port open and answers nothing.
const dialTimeout = 5 * time.Second

func (n *Node) dial(ctx context.Context, network, addr string, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	raw, err := n.cfg.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, config)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return c, nil
}

// ask asks a node who it is.
func (n *Node) ask(ctx context.Context, dial dialer, addr string) (cluster.Peer, error) {
	var p cluster.Peer
	return p, n.exchange(ctx, dial, http.MethodGet, addr, pathPeer, nil, &p)
}

// askToJoin asks a node to have this one admitted by its leader.
func (n *Node) askToJoin(ctx context.Context, addr string) error {
	m := store.Member{ID: string(n.cfg.NodeID), Addr: n.raftAddr()}
	return n.exchange(ctx, n.dialCluster, http.MethodPost, addr, pathJoin, m, nil)
}

// exchange sends one request over a connection of its own.
func (n *Node) exchange(ctx context.Context, dial dialer, method, addr, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	t := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	res, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	return read(res, out)
}

// read decodes a good answer, or makes an error of another.
func read(res *http.Response, out any) error {
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %s", res.Status, strings.TrimSpace(string(b)))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("unreadable answer: %w", err)
	}
	return nil
}

// controlOnly lets control nodes pass.
func controlOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ca.FromControl(r.TLS) {
			http.Error(w, "for control nodes", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// nodesOnly lets the cluster's nodes pass, whose word for whose request it is counts.
func nodesOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			http.Error(w, "a node certificate is required", http.StatusUnauthorized)
			return
		}
		if client := net.ParseIP(r.Header.Get("X-Forwarded-For")); client != nil {
			r.RemoteAddr = net.JoinHostPort(client.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

func (n *Node) servePeer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(n.self()) // the other end is gone: it asks again
}
