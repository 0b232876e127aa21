package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/meridian-video/meridian/control/ca"
)

// open starts a node alone, with a port for other voters.
func open(t *testing.T) *Node {
	t.Helper()
	var listeners [2]net.Listener
	for i := range listeners {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners[i] = l
	}
	n, err := Open(t.Context(), Config{
		Dir: t.TempDir(), NodeID: "control-1", Cluster: listeners[0], Raft: listeners[1], Fatal: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

// ask makes a request under a TLS configuration; 0 when there is no connection.
func ask(t *testing.T, config *tls.Config, addr net.Addr, method, path, body string) int {
	t.Helper()
	tr := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&tls.Dialer{Config: config}).DialContext(ctx, network, addr.String())
	}}
	r, err := http.NewRequestWithContext(t.Context(), method, "http://control"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	res, err := tr.RoundTrip(r)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// Only a control node's certificate opens what makes voters, and only in its own name.
func TestAnEdgeCannotBecomeAVoter(t *testing.T) {
	n := open(t)
	edge, err := ca.Enrol(t.Context(), n.authority.JoinSecret(), "fra-1", n.ClusterAddr().String(), filepath.Join(t.TempDir(), "i"), (&net.Dialer{}).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	two, err := n.authority.Self("control-2")
	if err != nil {
		t.Fatal(err)
	}
	nobody := edge.ControlClientTLS()
	nobody.GetClientCertificate = nil
	const own, others = `{"id":"fra-1","addr":"127.0.0.1:1"}`, `{"id":"control-3","addr":"127.0.0.1:1"}`
	for _, c := range []struct {
		who          string
		config       *tls.Config
		method, path string
		body         string
		want         int
	}{
		{"an edge", edge.ControlClientTLS(), "GET", pathPeer, "", 403},
		{"an edge", edge.ControlClientTLS(), "POST", pathJoin, own, 403},
		{"an edge", edge.ControlClientTLS(), "POST", pathPromote, own, 403},
		{"an edge", edge.ControlClientTLS(), "POST", pathPropose, "{}", 404},
		{"an edge", edge.ControlClientTLS(), "GET", "/api/v1/companies", "", 401},
		{"nobody", nobody, "GET", pathPeer, "", 403},
		{"nobody", nobody, "POST", pathJoin, own, 403},
		{"nobody", nobody, "GET", "/api/v1/companies", "", 401},
		{"a control node", two.ControlClientTLS(), "GET", pathPeer, "", 200},
		{"a control node", two.ControlClientTLS(), "POST", pathJoin, others, 403},
		{"a control node", two.ControlClientTLS(), "POST", pathJoin, "nonsense", 403},
		{"a control node", two.ControlClientTLS(), "POST", pathPropose, "{}", 404},
	} {
		if got := ask(t, c.config, n.ClusterAddr(), c.method, c.path, c.body); got != c.want {
			t.Errorf("%s: %s %s %s: %d, want %d", c.who, c.method, c.path, c.body, got, c.want)
		}
	}
	for who, config := range map[string]*tls.Config{"an edge": edge.ControlClientTLS(), "nobody": nobody} {
		config.NextProtos = []string{protocolHTTP}
		if got := ask(t, config, n.cfg.Raft.Addr(), "POST", pathPropose, "{}"); got != 0 {
			t.Errorf("%s on the port of voters: %d", who, got)
		}
	}
}

// Nodes that edges vouch for are known by their own addresses, others by what the socket says.
func TestWhoseRequestItIs(t *testing.T) {
	n := open(t)
	edge, err := n.authority.Self("control-2")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := edge.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	verified := &tls.ConnectionState{}
	verified.PeerCertificates = append(verified.PeerCertificates, cert.Leaf)
	verified.VerifiedChains = append(verified.VerifiedChains, verified.PeerCertificates)
	for header, want := range map[string]string{
		"203.0.113.7": "203.0.113.7:0", "2001:db8::7": "[2001:db8::7]:0", "": "10.0.0.9:5", "forged, list": "10.0.0.9:5",
	} {
		var got string
		h := nodesOnly(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		h.ServeHTTP(nil, &http.Request{TLS: verified, RemoteAddr: "10.0.0.9:5", Header: http.Header{"X-Forwarded-For": {header}}})
		if got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func FuzzParseMember(f *testing.F) {
	f.Add([]byte(`{"id":"control-2","addr":"10.0.0.2:7901"}`))
	f.Add([]byte(`{"id":"../x","addr":":"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := parseMember(b); err == nil && (m.ID == "" || m.Addr == "") {
			t.Fatalf("%+v", m)
		}
	})
}
