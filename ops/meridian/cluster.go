package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/ca"
)

// clusterCommand groups what concerns the control nodes as a whole.
type clusterCommand struct {
	Secret clusterSecretCommand `cmd:"" help:"Print a new voter secret, for control nodes that are to found a cluster together."`
	Status clusterStatusCommand `cmd:"" help:"List the control nodes: who leads, who votes, who is reachable."`
	Remove clusterRemoveCommand `cmd:"" help:"Remove a control node that will not come back."`
}

type clusterSecretCommand struct{}

// Run prints a secret and keeps none.
func (clusterSecretCommand) Run(p *process) error {
	_, err := fmt.Fprintln(p.stdout, ca.NewVoterSecret().Text())
	return err
}

type clusterStatusCommand struct {
	remote
	JSON bool `help:"Print JSON instead of the table."`
}

// Run prints the cluster as its leader sees it.
func (c *clusterStatusCommand) Run(ctx context.Context, p *process) error {
	var s api.ClusterStatus
	if err := c.get(ctx, p, "/cluster", &s); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(p.stdout, s)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "cluster %s, term %d, index %d\n\n", s.Cluster, s.Term, s.Index)
	fmt.Fprintln(w, "NODE\tADDRESS\tROLE\tINDEX\tSTATE")
	for _, n := range s.Nodes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", n.Node, n.Address, roleOf(n), indexOf(n), stateOf(n, s.Index))
	}
	return w.Flush()
}

func roleOf(n api.ClusterNode) string {
	switch {
	case n.Leader:
		return "leader"
	case n.Voter:
		return "voter"
	}
	return "joining"
}

func indexOf(n api.ClusterNode) string {
	if !n.Reachable {
		return "-"
	}
	return fmt.Sprint(n.Index)
}

func stateOf(n api.ClusterNode, newest uint64) string {
	switch {
	case !n.Reachable:
		return "unreachable"
	case n.Index < newest:
		return fmt.Sprintf("%d behind", newest-n.Index)
	}
	return "ok"
}

type clusterRemoveCommand struct {
	remote
	Node string `arg:"" help:"The node's name, as cluster status lists it."`
}

// Run removes a node. One that runs on is in no cluster any more: stop it, and wipe its data before it joins
// again.
func (c *clusterRemoveCommand) Run(ctx context.Context, p *process) error {
	body, err := c.call(ctx, p, request{method: http.MethodDelete, path: "/cluster/nodes/" + url.PathEscape(c.Node)})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s is removed. Stop it, and wipe its data directory before it joins again.\n", c.Node)
	return joinClose(err, body)
}
