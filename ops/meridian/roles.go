package main

import (
	"context"

	"github.com/meridian-video/meridian/ops/config"
	"github.com/meridian-video/meridian/ops/node"
)

type controlCommand struct{ file }

// Run runs a control node until it is told to stop.
func (c *controlCommand) Run(ctx context.Context, p *process) error {
	loaded, err := c.load(p, config.RoleControl)
	if err != nil {
		return err
	}
	return node.RunControl(ctx, loaded, newLog(p.stdout, loaded.Log).With("self", loaded.Node))
}

type edgeCommand struct{ file }

// Run runs an edge node until it is told to stop, then drains it.
func (c *edgeCommand) Run(ctx context.Context, p *process) error {
	loaded, err := c.load(p, config.RoleEdge)
	if err != nil {
		return err
	}
	return node.RunEdge(ctx, loaded, newLog(p.stdout, loaded.Log).With("self", loaded.Node))
}
