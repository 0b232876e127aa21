package api

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Cluster is the control nodes themselves.
type Cluster interface {
	Status(ctx context.Context) ClusterStatus
	// Remove takes a node out; store.ErrNotMember when it is none.
	Remove(ctx context.Context, node string) error
	// Save writes a snapshot file that holds every acknowledged write.
	Save(ctx context.Context, w io.Writer) error
}

// ClusterStatus is the cluster as its leader sees it.
type ClusterStatus struct {
	Cluster string        `json:"cluster" doc:"The cluster's name, new with each founding or restore."`
	Leader  string        `json:"leader"`
	Term    uint64        `json:"term" doc:"Grows with every election."`
	Index   uint64        `json:"index" doc:"Index of the newest command."`
	Nodes   []ClusterNode `json:"nodes"`
}

// ClusterNode is one control node.
type ClusterNode struct {
	Node      string `json:"node"`
	Address   string `json:"address" doc:"Where other control nodes reach it."`
	Voter     bool   `json:"voter" doc:"False while it catches up."`
	Leader    bool   `json:"leader"`
	Reachable bool   `json:"reachable" doc:"Whether it answered the leader now."`
	Index     uint64 `json:"index" doc:"Index of the newest command that it has applied, when reachable."`
}

type clusterOut struct{ Body ClusterStatus }

type clusterPath struct {
	Node string `path:"node" maxLength:"64" doc:"The control node's name."`
}

// registerCluster adds what operators ask of the cluster; only keys of the platform may.
func (a *API) registerCluster(c Cluster) {
	register(a, operation{
		method: http.MethodGet, path: "/cluster", id: "get-cluster", summary: "List the control nodes", tag: "cluster", scope: "cluster:read", least: reachPlatform,
		status: http.StatusOK, answer: ClusterStatus{Cluster: exampleID("request"), Leader: "control-1", Term: 3, Index: 4711, Nodes: []ClusterNode{
			{Node: "control-1", Address: "192.0.2.10:7901", Voter: true, Leader: true, Reachable: true, Index: 4711},
		}},
	}, func(ctx context.Context, _ *struct{}) (*clusterOut, error) {
		if err := platformOnly(ctx); err != nil {
			return nil, err
		}
		return &clusterOut{c.Status(ctx)}, nil
	})
	register(a, operation{
		method: http.MethodDelete, path: "/cluster/nodes/{node}", id: "remove-cluster-node", summary: "Remove a control node", tag: "cluster",
		scope: "cluster:write", least: reachPlatform, status: http.StatusNoContent,
	}, func(ctx context.Context, in *clusterPath) (*struct{}, error) {
		if err := platformOnly(ctx); err != nil {
			return nil, err
		}
		return nil, c.Remove(ctx, in.Node)
	})
	register(a, operation{
		method: http.MethodGet, path: "/cluster/snapshot", id: "save-snapshot", summary: "Save a snapshot of everything", tag: "cluster",
		scope: "snapshots:read", least: reachPlatform, status: http.StatusOK, binary: true,
	}, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		if err := platformOnly(ctx); err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(w huma.Context) {
			w.SetHeader("Content-Type", typeBinary)
			if err := c.Save(ctx, w.BodyWriter()); err != nil { // the file lacks its last line: its reader sees it
				a.log.Warn("snapshot not saved", "request_id", requestID(ctx), "err", err)
			}
		}}, nil
	})
}

// platformOnly refuses who does not reach the platform.
func platformOnly(ctx context.Context) error {
	if callOf(ctx).reach < reachPlatform {
		return forbidden(ctx, "This needs a key of the platform.")
	}
	return nil
}
