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
func (a *api) registerCluster(c Cluster) {
	register(a, operation(http.MethodGet, "/cluster", "get-cluster", "List the control nodes", "cluster", 0),
		func(ctx context.Context, _ *struct{}) (*clusterOut, error) {
			if err := platformOnly(ctx); err != nil {
				return nil, err
			}
			return &clusterOut{c.Status(ctx)}, nil
		})
	register(a, operation(http.MethodDelete, "/cluster/nodes/{node}", "remove-cluster-node", "Remove a control node", "cluster", 204),
		func(ctx context.Context, in *clusterPath) (*empty, error) {
			if err := platformOnly(ctx); err != nil {
				return nil, err
			}
			return nil, c.Remove(ctx, in.Node)
		})
	save := operation(http.MethodGet, "/cluster/snapshot", "save-snapshot", "Save a snapshot of everything", "cluster", 0)
	save.Responses = map[string]*huma.Response{"200": {
		Description: "The snapshot file.", Content: map[string]*huma.MediaType{"application/octet-stream": {}},
	}}
	register(a, save, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		if err := platformOnly(ctx); err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(w huma.Context) {
			w.SetHeader("Content-Type", "application/octet-stream")
			if err := c.Save(ctx, w.BodyWriter()); err != nil { // the file lacks its last line: its reader sees it
				a.log.Warn("snapshot not saved", "request_id", requestID(ctx), "err", err)
			}
		}}, nil
	})
}
