package voters

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/api"
)

// Status asks a node for the cluster as its leader sees it.
func (c *Cluster) Status(ctx context.Context, by *Node) (api.ClusterStatus, error) {
	var s api.ClusterStatus
	status, body, err := c.Call(ctx, by, http.MethodGet, "/api/v1/cluster", "")
	if err != nil {
		return s, err
	}
	if status != http.StatusOK {
		return s, fmt.Errorf("status by %s: %d %s", by.Name, status, body)
	}
	return s, json.Unmarshal([]byte(body), &s)
}

// Leader is the node that leads, as a running one knows.
func (c *Cluster) Leader(ctx context.Context) (leader *Node, err error) {
	err = Wait(ctx, 30*time.Second, func() error {
		for _, by := range c.Nodes {
			if !by.Running() {
				continue
			}
			s, err := c.Status(ctx, by)
			if err != nil {
				return err
			}
			for _, n := range c.Nodes {
				if n.Name == s.Leader && n.Running() {
					leader = n
					return nil
				}
			}
		}
		return errNotYet
	})
	return leader, err
}

// WaitWhole waits until all nodes are voters, reachable, and have what the leader has.
func (c *Cluster) WaitWhole(ctx context.Context) error {
	return Wait(ctx, 60*time.Second, func() error {
		s, err := c.Status(ctx, c.Nodes[0])
		if err != nil {
			return err
		}
		whole := 0
		for _, n := range s.Nodes {
			if n.Voter && n.Reachable && n.Index >= s.Index {
				whole++
			}
		}
		if whole != len(c.Nodes) || len(s.Nodes) != len(c.Nodes) {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
}

// Others are all nodes but one.
func (c *Cluster) Others(but *Node) (out []*Node) {
	for _, n := range c.Nodes {
		if n != but {
			out = append(out, n)
		}
	}
	return out
}
