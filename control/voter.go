package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/edgeapi"
	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/partner/gcore"
	"github.com/meridian-video/meridian/control/port"
	"github.com/meridian-video/meridian/control/proxy"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/geo"
)

// freshness is how long a follower may not have heard from its leader and still feed edges.
const freshness = 2 * time.Second

// serve answers on the cluster listener: who this node is and enrolments at once, the rest once the node is in
// a cluster.
func (n *Node) serve(hub *feed.Hub) {
	n.proxy = proxy.New(proxy.Config{Route: leaderRoute{n}, Dial: n.dialVoter, Local: http.HandlerFunc(n.serveLocal), Log: n.log})
	mux := http.NewServeMux()
	mux.Handle("POST "+ca.EnrolPath, n.authority.EnrolHandler(n.cfg.Seeds, n.log))
	mux.Handle("GET "+feed.Path, &feed.Handler{
		Hub: hub, Fresh: func() bool { return n.serving.Load() && n.store.Fresh(freshness) }, Context: n.ctx, Log: n.log,
	})
	mux.Handle("GET "+pathPeer, controlOnly(http.HandlerFunc(n.servePeer)))
	mux.Handle("POST "+pathJoin, controlOnly(inOwnName(n.proxy)))
	mux.Handle("POST "+pathPromote, controlOnly(inOwnName(n.proxy)))
	mux.Handle("/api/v1/", nodesOnly(n.proxy))
	mux.Handle(gcore.Path, nodesOnly(n.proxy))
	mux.Handle("POST "+edgeapi.PathPlace, nodesOnly(ofOwnHomes(n.proxy)))
	mux.Handle("POST "+edgeapi.PathUse, nodesOnly(n.proxy))
	mux.Handle("POST "+edgeapi.PathExchange, nodesOnly(n.proxy))
	mux.Handle("POST "+edgeapi.PathHeader, nodesOnly(n.proxy))
	mux.Handle("POST "+record.Path, n.takeHistory())
	n.server = n.newServer(mux)
	listener := tls.NewListener(n.cfg.Cluster, n.identity.ControlServerTLS())
	n.wg.Go(func() {
		if err := n.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			n.log.Error("the cluster listener ended", "err", err)
		}
	})
}

func (n *Node) newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug), // handshakes of port scanners
	}
}

// openStore starts Raft, as the founder or the newcomer that the record makes of this node.
func (n *Node) openStore(machine *state.State, hub *feed.Hub) (err error) {
	b := n.birth.Load()
	cfg := store.Config{
		Dir: n.raftDir(), ID: string(n.cfg.NodeID), State: machine, Cluster: b.Record.ID,
		Join: !b.Record.Names(string(n.cfg.NodeID), b.Born), Advertise: n.cfg.RaftAdvertise, Dial: n.cfg.Dial,
		ClientTLS: n.identity.ControlClientTLS(), ElectionTimeout: n.cfg.ElectionTimeout, OnFatal: n.cfg.Fatal,
		OnApply: hub.Publish, OnRestore: hub.Reset, Log: n.log, Registerer: n.cfg.Registerer,
	}
	if n.cfg.Raft != nil {
		n.port = port.Split(n.cfg.Raft, n.identity.VoterServerTLS(), store.Protocol(b.Record.ID), protocolHTTP)
		cfg.Listener = n.port.Listener(store.Protocol(b.Record.ID))
		for _, f := range b.Record.Founders {
			cfg.Founders = append(cfg.Founders, store.Member{ID: f.Node, Addr: f.Raft})
		}
	}
	if n.store, err = store.Open(cfg); err == nil {
		close(n.opened)
	}
	return err
}

// serveVoters answers other control nodes on the Raft listener: what only the leader decides.
func (n *Node) serveVoters() {
	if n.port == nil {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathPeer, n.servePeer)
	mux.Handle("/", nodesOnly(http.HandlerFunc(n.serveLocal)))
	n.voters = n.newServer(mux)
	n.wg.Go(func() { _ = n.voters.Serve(n.port.Listener(protocolHTTP)) })
}

// serveLocal answers as the leader, or refuses so that the sender may look for another.
func (n *Node) serveLocal(w http.ResponseWriter, r *http.Request) {
	if err := n.store.Ready(); err != nil {
		refuse(w, err)
		return
	}
	switch r.URL.Path {
	case pathPropose:
		n.servePropose(w, r)
	case pathJoin:
		n.serveMember(w, r, n.store.Admit)
	case pathPromote:
		n.serveMember(w, r, func(ctx context.Context, m store.Member) error { return n.store.Promote(ctx, m.ID) })
	default:
		if !n.serving.Load() {
			refuse(w, errForming)
			return
		}
		n.serveDecided(w, r)
	}
}

// serveDecided answers calls of tenants and of edges.
func (n *Node) serveDecided(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case edgeapi.PathPlace, edgeapi.PathUse, edgeapi.PathExchange, edgeapi.PathHeader:
		n.edges.ServeHTTP(w, r)
	default:
		if strings.HasPrefix(r.URL.Path, gcore.Path) {
			n.gcore.ServeHTTP(w, r)
			return
		}
		n.api.ServeHTTP(w, r)
	}
}

// refuse says that a request had no effect for want of a leader.
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set(proxy.RefusedHeader, proxy.RefusedNoLeader)
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}

// changeTimeout bounds a change of the members.
const changeTimeout = 10 * time.Second

func (n *Node) serveMember(w http.ResponseWriter, r *http.Request, change func(context.Context, store.Member) error) {
	m, err := readMember(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), changeTimeout)
	defer cancel()
	err = change(ctx, m)
	n.log.Info("members of the cluster", "call", r.URL.Path, "node", m.ID, "addr", m.Addr, "err", err)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, store.ErrNotLeader):
		refuse(w, err)
	case errors.Is(err, store.ErrMemberLives), errors.Is(err, store.ErrNotMember):
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		http.Error(w, err.Error(), http.StatusGatewayTimeout)
	}
}

func readMember(r *http.Request) (store.Member, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		return store.Member{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(b)) // for who reads it next
	return parseMember(b)
}

// parseMember reads the word of another node.
func parseMember(b []byte) (store.Member, error) {
	var m store.Member
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("unreadable member: %w", err)
	}
	if err := geo.ValidNodeID(m.ID); err != nil {
		return m, err
	}
	if _, _, err := net.SplitHostPort(m.Addr); err != nil || len(m.Addr) > 300 {
		return m, errors.New("the address is not host:port")
	}
	return m, nil
}

// inOwnName lets a node speak for itself alone.
func inOwnName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := geo.NodeIDOf(r.TLS.PeerCertificates[0])
		m, merr := readMember(r)
		if err != nil || merr != nil || m.ID != string(id) {
			http.Error(w, "a node joins in its own name", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// leaderRoute leads to the leader.
type leaderRoute struct{ n *Node }

// Pick implements proxy.Route.
func (l leaderRoute) Pick() (addr string, local bool) {
	select {
	case <-l.n.opened:
	default:
		return "", false
	}
	if l.n.store.Ready() == nil {
		return "", true
	}
	id, addr := l.n.store.Leader()
	if id == string(l.n.cfg.NodeID) {
		return "", false // it has yet to apply what earlier leaders left
	}
	return addr, false
}

// Failed implements proxy.Route: Raft will see by itself.
func (leaderRoute) Failed(string) {}

// Changed implements proxy.Route.
func (l leaderRoute) Changed() <-chan struct{} {
	select {
	case <-l.n.opened:
		return l.n.store.Changed()
	default:
		return l.n.opened
	}
}
