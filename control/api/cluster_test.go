package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/control/token"
)

// nodes is a cluster of two.
type nodes struct{ removed []string }

func (n *nodes) Status(context.Context) api.ClusterStatus {
	return api.ClusterStatus{Cluster: "c", Leader: "control-1", Nodes: []api.ClusterNode{{Node: "control-1", Voter: true, Leader: true}}}
}

func (n *nodes) Remove(_ context.Context, node string) error {
	if node != "control-2" {
		return store.ErrNotMember
	}
	n.removed = append(n.removed, node)
	return nil
}

func (n *nodes) Save(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "snapshot\n")
	return err
}

func TestOnlyThePlatformOperatesTheCluster(t *testing.T) {
	p := newPlatform(t)
	acme := p.company("acme")
	n := &nodes{}
	var err error
	if p.handler, err = api.New(api.Config{Store: p.store, Tokens: token.NewSigner("kid1", p.signer), Seal: sealer(t), Cluster: n}); err != nil {
		t.Fatal(err)
	}
	var s api.ClusterStatus
	p.root.want(200, "GET", "/api/v1/cluster", nil, &s)
	if s.Leader != "control-1" || len(s.Nodes) != 1 {
		t.Errorf("%+v", s)
	}
	if w := p.root.want(200, "GET", "/api/v1/cluster/snapshot", nil, nil); w.Body.String() != "snapshot\n" ||
		w.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	p.root.want(204, "DELETE", "/api/v1/cluster/nodes/control-2", nil, nil)
	p.root.refused(404, "not_found", "", "DELETE", "/api/v1/cluster/nodes/control-9", nil)
	for path, method := range map[string]string{
		"/api/v1/cluster": "GET", "/api/v1/cluster/snapshot": "GET", "/api/v1/cluster/nodes/control-2": "DELETE",
	} {
		acme.refused(403, "forbidden", "", method, path, nil)
		caller{p: p}.refused(401, "unauthorized", "", method, path, nil)
	}
	if got := strings.Join(n.removed, " "); got != "control-2" {
		t.Errorf("removed %s", got)
	}
	if w := p.root.do("GET", "/api/v1/openapi.json", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "save-snapshot") {
		t.Errorf("the description lacks it: %d", w.Code)
	}
}
