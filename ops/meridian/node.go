package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/meridian-video/meridian/edge"
	"github.com/meridian-video/meridian/ops/catalog"
	"github.com/meridian-video/meridian/ops/dev"
	"github.com/meridian-video/meridian/ops/node"
)

// nodeCommand groups what concerns the edges as machines.
type nodeCommand struct {
	List    nodeListCommand    `cmd:"" help:"List the nodes of the network: where, how full, whether they drain."`
	Drain   nodeDrainCommand   `cmd:"" help:"Move everybody from an edge to other nodes, so that it can be stopped."`
	Undrain nodeUndrainCommand `cmd:"" help:"Let an edge take joins again."`
}

const defaultOperator = "http://127.0.0.1:9090"

// operator is the flag of commands that ask an edge itself. They need neither
// control nor a key: who reaches the operator's port may.
type operator struct {
	Operator string `placeholder:"URL" help:"The edge's operator port (MERIDIAN_OPERATOR, else a running meridian dev's, else http://127.0.0.1:9090)."`
}

// at is the base URL of the port.
func (o operator) at(p *process) string {
	if named := cmp.Or(o.Operator, p.getenv("MERIDIAN_OPERATOR")); named != "" {
		return strings.TrimSuffix(named, "/")
	}
	return cmp.Or(remote{}.developed(p, dev.FileOperator), defaultOperator)
}

// answerLimit bounds an answer, in bytes: a picture of a hundred nodes takes some MB.
const answerLimit = 32 << 20

// answerWithin is how long an answer may take: a port that swallows packets is said so.
const answerWithin = 10 * time.Second

// ask makes a request; what the edge says against it is an error.
func (o operator) ask(ctx context.Context, p *process, method, path string, into any) error {
	base := o.at(p)
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, base+path, nil)
	if err != nil {
		return refuse(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("ask %s: %w\nis it the edge's operator.listen? name it with --operator", base, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	switch {
	case res.StatusCode == http.StatusBadRequest:
		return refuse(errors.New(catalog.Visible(strings.TrimSpace(string(b)))))
	case res.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s is no operator port of an edge", base)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s: %s", base, res.Status, catalog.Visible(strings.TrimSpace(string(b))))
	case err != nil:
		return fmt.Errorf("read the answer of %s: %w", base, err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("unreadable answer of %s: %w", base, err)
	}
	return nil
}

// of asks how far the drain of a node is, and refuses another node's port.
func (o operator) of(ctx context.Context, p *process, name string) (d edge.Drained, err error) {
	if err := o.ask(ctx, p, http.MethodGet, "/drain", &d); err != nil {
		return d, err
	}
	if d.Node != name {
		return d, refuse(fmt.Errorf("this is the operator port of %s, not of %s", catalog.Visible(d.Node), catalog.Visible(name)))
	}
	return d, nil
}

type nodeListCommand struct {
	operator
	JSON bool `help:"Print JSON instead of the table."`
}

// Run prints the network as the edge sees it.
func (c *nodeListCommand) Run(ctx context.Context, p *process) error {
	var nodes []node.Listed
	if err := c.ask(ctx, p, http.MethodGet, "/nodes", &nodes); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(p.stdout, nodes)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NODE\tPOP\tROLE\tLOAD\tSTATE\tURL")
	for _, n := range nodes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.0f %%\t%s\t%s\n", n.Node, n.POP, n.Role, 100*n.Load, serving(n), cmp.Or(n.URL, "-"))
	}
	return w.Flush()
}

func serving(n node.Listed) string {
	switch {
	case n.Draining:
		return "draining"
	case n.Full:
		return "full"
	}
	return "ok"
}

type nodeDrainCommand struct {
	operator
	Node     string        `arg:"" help:"The edge's name, as node list has it."`
	Deadline time.Duration `default:"2m" help:"After which who is still there is ended, 1s to 1h (2m). They resume elsewhere."`
}

// Run drains and says how far it is. The drain goes on without it.
func (c *nodeDrainCommand) Run(ctx context.Context, p *process) error {
	before, err := c.of(ctx, p, c.Node)
	if err != nil {
		return err
	}
	var d edge.Drained
	if err := c.ask(ctx, p, http.MethodPost, "/drain?"+url.Values{"deadline": {c.Deadline.String()}}.Encode(), &d); err != nil {
		return err
	}
	if before.Draining {
		fmt.Fprintf(p.stdout, "%s drains already; who is there at %s will be ended.\n", c.Node, d.Deadline.Local().Format(time.TimeOnly))
	} else {
		fmt.Fprintf(p.stdout, "%s takes no joins any more; %d people are asked to go on elsewhere.\n", c.Node, d.People)
	}
	return c.watch(ctx, p, d)
}

// drainPoll is how often the edge is asked how far it is.
const drainPoll = 250 * time.Millisecond

func (c *nodeDrainCommand) watch(ctx context.Context, p *process, d edge.Drained) error {
	ticker := time.NewTicker(drainPoll)
	defer ticker.Stop()
	said := -1
	for {
		if d.Left != said {
			said = d.Left
			fmt.Fprintf(p.stdout, "left %d, moved %d, gone %d\n", d.Left, d.Moved, d.Gone)
		}
		switch {
		case !d.Draining:
			return fmt.Errorf("the drain of %s was called off", c.Node)
		case d.Done:
			return c.finish(p, d)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the drain goes on; meridian node undrain %s calls it off", c.Node)
		case <-ticker.C:
		}
		if err := c.ask(ctx, p, http.MethodGet, "/drain", &d); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (c *nodeDrainCommand) finish(p *process, d edge.Drained) error {
	if d.Stayed > 0 {
		return fmt.Errorf("%s is drained, but %d of %d people did not go in time and were ended", c.Node, d.Stayed, d.People)
	}
	_, err := fmt.Fprintf(p.stdout, "%s is drained. Stop it, or let it take joins again: meridian node undrain %s\n", c.Node, c.Node)
	return err
}

type nodeUndrainCommand struct {
	operator
	Node string `arg:"" help:"The edge's name, as node list has it."`
}

// Run calls a drain off, or ends it.
func (c *nodeUndrainCommand) Run(ctx context.Context, p *process) error {
	before, err := c.of(ctx, p, c.Node)
	if err != nil {
		return err
	}
	var d edge.Drained
	if err := c.ask(ctx, p, http.MethodDelete, "/drain", &d); err != nil {
		return err
	}
	if !before.Draining {
		_, err = fmt.Fprintf(p.stdout, "%s was not draining.\n", c.Node)
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s takes joins again.\n", c.Node)
	return err
}
